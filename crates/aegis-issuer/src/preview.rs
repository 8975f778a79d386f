//! A license as it would be, without the vendor's key: to look into its future before it is issued.

use aegis_core::{KeyUse, Keyring, License, open};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::keyfile::PrivateKey;
use crate::reissue::signed_again;
use crate::{Error, FileSigner, IssueContext, LicenseRequest, inspect, issue};

/// A license signed with a key that was made on the spot and is forgotten. It works nowhere but with this keyring.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Preview {
    /// The token, bound to no instance: where it works is not what a preview is about.
    pub token: String,
    /// A keyring that trusts it.
    pub keyring: Keyring,
}

#[derive(Deserialize)]
struct Header {
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    iat: i64,
}

impl Preview {
    /// What would be issued.
    ///
    /// # Errors
    /// Those of [`issue`].
    pub fn of_request(request: &LicenseRequest, issuer: &str, now: i64) -> Result<Self, Error> {
        let context = IssueContext { issuer, now, keyring: None };
        Self::of_token(&issue(request, &passing_key()?, &context)?.token)
    }

    /// What a license says, whoever signed it.
    ///
    /// # Errors
    /// [`Error::NotAToken`], [`Error::VerifierRefuses`].
    pub fn of_token(token: &str) -> Result<Self, Error> {
        let unbound = ["instance", "instance_fingerprint", "move_grace_days"].map(|claim| (claim, Value::Null));
        Self::signed_on_the_spot(token, &unbound)
    }

    fn signed_on_the_spot(token: &str, replaced: &[(&str, Value)]) -> Result<Self, Error> {
        let (_, claims): (IgnoredAny, Claims) = inspect::parts(token)?;
        let signer = passing_key()?;
        let token = signed_again(token, &signer, replaced)?;
        let context = IssueContext { issuer: &claims.iss, now: claims.iat, keyring: None };
        let keyring = context.keyring_or(&signer, &[KeyUse::License])?.into_owned();
        Ok(Self { token, keyring })
    }
}

/// What a license says, whoever signed it: nothing is verified.
///
/// # Errors
/// [`Error::NotAToken`]; [`Error::VerifierRefuses`] where it says something that customers would not read.
pub fn stated(token: &str) -> Result<License, Error> {
    let (Header { kid }, _): (Header, IgnoredAny) = inspect::parts(token)?;
    let Preview { token, keyring } = Preview::signed_on_the_spot(token, &[])?;
    let mut license = open(&token, &keyring).map_err(|refusal| Error::VerifierRefuses(refusal.error.to_string()))?;
    license.kid = kid;
    Ok(license)
}

fn passing_key() -> Result<FileSigner, Error> {
    PrivateKey::generate().map(FileSigner::certified)
}
