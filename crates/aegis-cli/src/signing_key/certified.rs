//! What the certificates beside a key let it sign now.

use std::sync::Arc;

use aegis_core::{Certificate, KeyUse, Keyring, TrustContent};
use aegis_issuer::UnverifiedCertificate;

use crate::failure::Failure;
use crate::output::{instant, now};

/// The roots with the certificates of a key, one of which has to let it do this now.
pub(super) fn trusting(
    roots: &Keyring,
    certificates: &[String],
    kid: &str,
    name: &str,
    purpose: KeyUse,
) -> Result<Keyring, Failure> {
    let (keyring, trust) = roots.with_trust(&certificates.join("\n"));
    let mut refusal = None;
    let mut own: Vec<_> = Vec::new();
    for found in trust {
        match found.content {
            Ok(TrustContent::Certificate(certificate)) if certificate.key.kid() == kid => own.push(certificate),
            Ok(_) => {}
            Err(refused) => refusal = Some(refused.error),
        }
    }
    let serves = |certificate: &&Arc<Certificate>| serves(certificate, purpose, now());
    match (own.iter().find(serves), own.last(), refusal) {
        (Some(_), ..) => Ok(keyring),
        (None, Some(last), _) => Err(out_of_use(last, name, purpose)),
        (None, None, Some(error)) => Err(Failure::new(
            format!("the certificate of {name} does not verify: {error}"),
            root_is_missing(certificates),
        )),
        (None, None, None) => Err(Failure::new(
            format!("the file {name}.certificate holds the certificate of another key"),
            format!("move it away, and certify the key: `aegis keys certify {name} --root ROOT`"),
        )),
    }
}

fn serves(certificate: &Certificate, purpose: KeyUse, now: i64) -> bool {
    certificate.key.may(purpose) && certificate.key.was_in_use(now)
}

fn root_is_missing(certificates: &[String]) -> String {
    let root =
        certificates.last().and_then(|token| UnverifiedCertificate::decode(token).ok()).map(|stated| stated.root);
    let root = root.unwrap_or_else(|| "ROOT".to_owned());
    format!("put {root}.public.pem and {root}.json beside it, or name the folder of the keyring with --keyring")
}

fn out_of_use(certificate: &Certificate, name: &str, purpose: KeyUse) -> Failure {
    let parts = certificate.key.parts();
    if !certificate.key.may(purpose) {
        let uses: Vec<&str> = parts.uses.iter().map(|key_use| key_use.as_str()).collect();
        let what = format!("the certificate of {name} does not let it sign this; it is for {}", uses.join(", "));
        return Failure::new(
            what,
            format!("`aegis keys certify {name} --root ROOT --use license,revocation` adds one that does"),
        );
    }
    let remedy =
        format!("`aegis keys certify {name} --root ROOT` renews it; `aegis keys rotate {name}` makes a new key");
    match (parts.not_before, parts.not_after) {
        (Some(from), _) if now() < from => Failure::new(
            format!("the certificate of {name} begins at {}", instant(from)),
            "wait for it, or certify the key again",
        ),
        (_, Some(until)) => Failure::new(format!("the certificate of {name} ended at {}", instant(until)), remedy),
        _ => Failure::new(format!("the certificate of {name} is not in use"), remedy),
    }
}
