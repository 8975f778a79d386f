//! The same license again, signed by another key: when its key was stolen or lost.

use aegis_core::{Keyring, License, open};
use serde::Deserialize;
use serde_json::Value;

use crate::issue::opened_by_customers;
use crate::{Error, IssueContext, Signer, claims, inspect, jws};

/// A license that was signed again and read back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reissued {
    /// The token: what the customer pastes.
    pub token: String,
    /// The license, as the verifier reads it.
    pub license: License,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
}

/// Issues a license once more: the same claims under a new id, issued now, signed by `signer`.
///
/// `trusted` has to know the key of the old license: what its key did not sign is never signed again.
///
/// # Errors
/// [`Error::NotAToken`], [`Error::NotOurs`], [`Error::Random`], [`Error::Sign`]; [`Error::VerifierRefuses`] and
/// [`Error::NotAsAsked`] when the verifier does not read back the same license.
pub fn reissue(
    token: &str,
    trusted: &Keyring,
    signer: &dyn Signer,
    context: &IssueContext<'_>,
) -> Result<Reissued, Error> {
    let mut expected = open(token, trusted).map_err(|refusal| Error::NotOurs(refusal.error.to_string()))?;
    let jti = claims::new_id()?;
    let token = signed_again(token, signer, &[("jti", Value::from(jti.as_str())), ("iat", Value::from(context.now))])?;
    let license = opened_by_customers(&token, signer, context)?;
    (expected.jti, expected.iat, expected.kid) = (jti, context.now, signer.kid().to_owned());
    if license == expected { Ok(Reissued { token, license }) } else { Err(Error::NotAsAsked("content")) }
}

/// The claims of a token with some replaced (by `null`: taken out), signed. Its kind stays, and so what it means.
pub(crate) fn signed_again(token: &str, signer: &dyn Signer, replaced: &[(&str, Value)]) -> Result<String, Error> {
    let (Header { typ }, mut claims): (Header, serde_json::Map<String, Value>) = inspect::parts(token)?;
    for (name, value) in replaced {
        match value {
            Value::Null => drop(claims.remove(*name)),
            value => drop(claims.insert((*name).to_owned(), value.clone())),
        }
    }
    jws::sign(&typ, &claims, signer)
}
