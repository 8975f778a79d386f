//! What customers need of the keys that have signed. It outlives the time of those keys, and another server on the same
//! database may have added to it.

use aegis_core::{Key, Keyring, Kind, TrustContent, open};
use aegis_issuer::certificate_for;
use aegis_storage::Store;

use crate::Problem;

/// What is known of the keys with which this issuer has signed.
pub(crate) struct Known {
    /// What wheels trust, with all certificates.
    pub(crate) trust: Keyring,
    /// What the certificates say.
    pub(crate) certified: Vec<Key>,
    certificates: Vec<String>,
    roots: Keyring,
}

impl Known {
    pub(crate) fn new(roots: Keyring, certificates: Vec<String>) -> Self {
        let (trust, found) = roots.with_trust(&certificates.join("\n"));
        let certified = found.into_iter().filter_map(|found| match found.content {
            Ok(TrustContent::Certificate(certificate)) => Some(certificate.key.clone()),
            _ => None,
        });
        Self { certified: certified.collect(), trust, certificates, roots }
    }

    /// Reads what is stored.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn read(store: &Store, issuer: &str, roots: Keyring) -> Result<Self, aegis_storage::Error> {
        let keys = store.signing_keys(issuer).await?;
        let certificates = keys.iter().flat_map(|key| key.certificates().map(str::to_owned)).collect();
        Ok(Self::new(roots, certificates))
    }

    /// Whether a license or a list can be read with it.
    pub(crate) fn reads(&self, token: &str) -> bool {
        reads(&self.trust, token)
    }

    /// The certificate that customers need beside a license or a list of the key `kid`; none where wheels trust its key by itself.
    ///
    /// # Errors
    /// They could not read it.
    pub(crate) fn certificate(&self, kid: &str, token: &str) -> Result<Option<&str>, Problem> {
        if self.roots.get(kid).is_some() {
            return Ok(None);
        }
        let found = certificate_for(token, &self.certificates, &self.roots);
        found.map(Some).ok_or_else(Problem::internal)
    }
}

fn reads(keyring: &Keyring, token: &str) -> bool {
    let as_list = |found: aegis_core::TrustToken| found.kind == Kind::RevocationList && found.content.is_ok();
    open(token, keyring).is_ok() || keyring.with_trust(token).1.into_iter().any(as_list)
}
