//! A license as it would be, without the vendor's key: to look into its future before it is issued.

use aegis_core::{KeyUse, Keyring};
use serde::Deserialize;
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
        let (_, claims): (Value, Claims) = inspect::parts(token)?;
        let signer = passing_key()?;
        let unbound = ["instance", "instance_fingerprint", "move_grace_days"].map(|claim| (claim, Value::Null));
        let token = signed_again(token, &signer, &unbound)?;
        let context = IssueContext { issuer: &claims.iss, now: claims.iat, keyring: None };
        let keyring = context.keyring_or(&signer, &[KeyUse::License])?.into_owned();
        Ok(Self { token, keyring })
    }
}

fn passing_key() -> Result<FileSigner, Error> {
    PrivateKey::generate().map(FileSigner::certified)
}
