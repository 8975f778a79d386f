//! What customers need of the keys that have signed. It outlives the time of those keys, and another server on the same
//! database may have added to it.

use std::sync::Arc;

use aegis_core::{Key, Keyring, TrustContent, open};
use aegis_issuer::certificate_for;
use aegis_storage::Store;

/// What is known of the keys with which this issuer has signed.
pub(crate) struct Known {
    /// What wheels trust, with all certificates.
    pub(crate) trust: Keyring,
    /// What the certificates say.
    pub(crate) certified: Vec<Key>,
    certificates: Vec<String>,
    roots: Arc<Keyring>,
}

impl Known {
    pub(crate) fn new(roots: Arc<Keyring>, certificates: Vec<String>) -> Self {
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
    pub(crate) async fn read(store: &Store, issuer: &str, roots: Arc<Keyring>) -> Result<Self, aegis_storage::Error> {
        let keys = store.signing_keys(issuer).await?;
        let certificates = keys.iter().flat_map(|key| key.certificates().map(str::to_owned)).collect();
        Ok(Self::new(roots, certificates))
    }

    /// Whether a license can be read with it.
    pub(crate) fn reads(&self, license: &str) -> bool {
        open(license, &self.trust).is_ok()
    }

    /// The certificate with which a license or a list of a certified key is read; none where it is not known.
    pub(crate) fn certificate(&self, token: &str) -> Option<String> {
        certificate_for(token, &self.certificates, &self.roots).map(str::to_owned)
    }
}
