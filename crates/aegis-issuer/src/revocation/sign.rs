//! Signing a revocation list.

use std::sync::Arc;

use aegis_core::{KeyUse, RevocationList, TrustContent};
use serde::Serialize;

use super::ListPlan;
use crate::certificate::ROOT_USES;
use crate::{Error, IssueContext, Signer, jws};

/// `typ` of a revocation list.
pub const LIST_TYP: &str = "aegis-revocation+jwt";

/// Most licenses that a list names.
const MAX_REVOKED: usize = 20_000;

/// A list that was signed and read back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignedList {
    /// The token.
    pub token: String,
    /// What it names, and what it does not.
    pub plan: ListPlan,
    /// The same, as the verifier reads it.
    pub list: Arc<RevocationList>,
}

/// The claims of a list, in the order in which they are written.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
    seq: i64,
    revoked: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revoked_keys: Vec<&'a String>,
}

/// Signs a list with the number `seq`, and verifies what was signed before handing it out.
///
/// # Errors
/// [`Error::ListTooLong`], [`Error::BadIssuer`], [`Error::Sign`]; [`Error::VerifierRefuses`] and [`Error::NotAsAsked`]
/// when the verifier does not read back what was asked for.
pub fn sign_list(
    plan: &ListPlan,
    seq: i64,
    signer: &dyn Signer,
    context: &IssueContext<'_>,
) -> Result<SignedList, Error> {
    crate::keyfile::check_issuer(context.issuer)?;
    if plan.revoked.len() > MAX_REVOKED {
        return Err(Error::ListTooLong(plan.revoked.len()));
    }
    let revoked = plan.revoked.iter().map(ToString::to_string).collect();
    let revoked_keys = plan.revoked_keys.iter().collect();
    let claims = Claims { iss: context.issuer, iat: context.now, seq, revoked, revoked_keys };
    let token = jws::sign(LIST_TYP, &claims, signer)?;
    let list = read_back(&token, plan, signer, context)?;
    let same = [
        ("iss", list.iss == context.issuer),
        ("iat", list.iat == context.now),
        ("seq", list.seq == seq),
        ("revoked", list.len() == plan.revoked.len() && plan.revoked.iter().all(|id| list.contains(id))),
        ("revoked_keys", list.revoked_keys.iter().eq(&plan.revoked_keys)),
    ];
    match same.into_iter().find(|(_, equal)| !equal) {
        Some((claim, _)) => Err(Error::NotAsAsked(claim)),
        None => Ok(SignedList { token, plan: plan.clone(), list }),
    }
}

fn read_back(
    token: &str,
    plan: &ListPlan,
    signer: &dyn Signer,
    context: &IssueContext<'_>,
) -> Result<Arc<RevocationList>, Error> {
    let uses = if plan.revoked_keys.is_empty() { &[KeyUse::Revocation][..] } else { &ROOT_USES };
    let keyring = context.keyring_or(signer, uses)?;
    let (_, trust) = keyring.with_trust(token);
    match trust.into_iter().next() {
        Some(found) if !found.in_force && found.content.is_ok() => Err(Error::NotAsAsked("seq")),
        Some(found) => match found.content {
            Ok(TrustContent::List(list)) => Ok(list),
            Ok(TrustContent::Certificate(_)) => Err(Error::NotAsAsked("kind")),
            Err(refusal) => Err(Error::VerifierRefuses(refusal.error.to_string())),
        },
        None => Err(Error::NotAsAsked("kind")),
    }
}
