//! Certificates and revocation lists of a verified text, for people and as JSON.

use aegis_core::{Certificate, Kind, RevocationList, TrustContent, TrustToken};
use serde_json::{Value, json};

use crate::output::{Facts, instant};

/// What became of a certificate or a list.
pub(super) fn to_text(found: &TrustToken) -> String {
    match &found.content {
        Ok(TrustContent::Certificate(certificate)) => {
            format!("Certificate of the key {}\n{}", certificate.name, of_certificate(certificate).to_text())
        }
        Ok(TrustContent::List(list)) => {
            format!("Revocation list {}\n{}", list.seq, of_list(list, found.in_force).to_text())
        }
        Err(refusal) => {
            let mut facts = Facts::default();
            facts.add("refused", format!("{}: {}", refusal.error.code(), refusal.error));
            format!("{}\n{}", title(found.kind), facts.to_text())
        }
    }
}

/// The facts of a verified certificate.
fn of_certificate(certificate: &Certificate) -> Facts {
    let parts = certificate.key.parts();
    let uses: Vec<&str> = parts.uses.iter().map(|key_use| key_use.as_str()).collect();
    let mut facts = Facts::default();
    facts.add("key", parts.kid.clone());
    facts.add("signs", uses.join(", "));
    facts.add("modules", parts.modules.as_ref().map_or_else(|| "all".to_owned(), |modules| joined(modules)));
    facts.add_some("from", parts.not_before.map(instant));
    facts.add_some("until", parts.not_after.map(instant));
    facts.add("certified by", format!("root {} of {}", certificate.root, certificate.iss));
    facts
}

fn of_list(list: &RevocationList, in_force: bool) -> Facts {
    let mut facts = Facts::default();
    facts.add("issued", instant(list.iat));
    facts.add("licenses", list.len().to_string());
    facts.add("keys", if list.revoked_keys.is_empty() { "none".to_owned() } else { list.revoked_keys.join(", ") });
    facts.add("in force", if in_force { "yes" } else { "no: a newer list is there" });
    facts.add("signed by", format!("key {} of {}", list.kid, list.iss));
    facts
}

pub(super) fn to_json(found: &TrustToken) -> Value {
    let kind = if found.kind == Kind::RevocationList { "revocation_list" } else { "key_certificate" };
    match &found.content {
        Ok(TrustContent::Certificate(certificate)) => {
            let parts = certificate.key.parts();
            json!({
                "kind": kind, "code": "valid", "in_force": found.in_force, "kid": parts.kid, "name": certificate.name,
                "root": certificate.root, "not_before": parts.not_before, "not_after": parts.not_after,
            })
        }
        Ok(TrustContent::List(list)) => json!({
            "kind": kind, "code": "valid", "in_force": found.in_force, "kid": list.kid, "seq": list.seq,
            "count": list.len(), "revoked_keys": list.revoked_keys,
        }),
        Err(refusal) => json!({
            "kind": kind, "code": refusal.error.code().as_str(), "in_force": false,
            "message": refusal.error.to_string(),
        }),
    }
}

fn title(kind: Kind) -> &'static str {
    if kind == Kind::RevocationList { "Revocation list" } else { "Key certificate" }
}

fn joined(modules: &[aegis_core::ModulePattern]) -> String {
    modules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
