//! The same license again, signed by another key: when its key was stolen or lost.

use aegis_core::{Binding, Fingerprint, Keyring, License, open};
use serde::Deserialize;
use serde_json::Value;

use crate::issue::opened_by_customers;
use crate::{Error, InstanceClaim, IssueContext, Signer, claims, inspect, jws};

/// A license that was signed again and read back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reissued {
    /// The token: what the customer pastes.
    pub token: String,
    /// The license, as the verifier reads it.
    pub license: License,
}

/// The instance to which a license is to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewInstance {
    /// By most of its components.
    Tolerant(InstanceClaim),
    /// By its fingerprint.
    Exact(Fingerprint),
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
    let expected = ours(token, trusted)?;
    let (reissued, expected) = again(token, expected, &[], signer, context)?;
    if reissued.license == expected { Ok(reissued) } else { Err(Error::NotAsAsked("content")) }
}

/// Issues a license once more for another instance: all other claims are the same.
///
/// # Errors
/// As [`reissue`], and [`Error::Encode`].
pub fn rebind(
    token: &str,
    instance: &NewInstance,
    trusted: &Keyring,
    signer: &dyn Signer,
    context: &IssueContext<'_>,
) -> Result<Reissued, Error> {
    let expected = ours(token, trusted)?;
    let binding = match instance {
        NewInstance::Tolerant(claim) => [
            ("instance", serde_json::to_value(claim).map_err(|_| Error::Encode)?),
            ("instance_fingerprint", Value::Null),
        ],
        NewInstance::Exact(fingerprint) => {
            [("instance", Value::Null), ("instance_fingerprint", fingerprint.to_string().into())]
        }
    };
    let (reissued, mut expected) = again(token, expected, &binding, signer, context)?;
    expected.binding.clone_from(&reissued.license.binding);
    let as_asked = match (instance, &reissued.license.binding) {
        (NewInstance::Tolerant(claim), _) => InstanceClaim::of_token(&reissued.token)?.as_ref() == Some(claim),
        (NewInstance::Exact(fingerprint), Some(Binding::Exact(read))) => fingerprint == read,
        (NewInstance::Exact(_), _) => false,
    };
    if !as_asked {
        return Err(Error::NotAsAsked("instance"));
    }
    if reissued.license == expected { Ok(reissued) } else { Err(Error::NotAsAsked("content")) }
}

pub(crate) fn ours(token: &str, trusted: &Keyring) -> Result<License, Error> {
    open(token, trusted).map_err(|refusal| Error::NotOurs(refusal.error.to_string()))
}

/// The license signed again with some claims replaced, and what the verifier should read of those that were not.
pub(crate) fn again(
    token: &str,
    mut old: License,
    replaced: &[(&str, Value)],
    signer: &dyn Signer,
    context: &IssueContext<'_>,
) -> Result<(Reissued, License), Error> {
    (old.jti, old.iat, old.kid) = (claims::new_id()?, context.now, signer.kid().to_owned());
    let own = [("jti", Value::from(old.jti.as_str())), ("iat", Value::from(old.iat))];
    let token = signed_again(token, signer, &[&own, replaced].concat())?;
    let license = opened_by_customers(&token, signer, context)?;
    Ok((Reissued { token, license }, old))
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
