//! A license for people.

use aegis_core::{Binding, CoveredModule, License};
use aegis_issuer::{ComponentClaim, InstanceClaim, dates};

use crate::output::{Facts, counted, instant};

/// The facts of a license, and of its token what the verifier keeps to itself.
pub(super) fn of_license(license: &License, token: &str) -> Facts {
    let mut facts = Facts::default();
    facts.add("customer", format!("{} ({})", license.customer.name, license.customer.id));
    facts.add("type", license.license_type.as_str());
    for covered in &license.modules {
        facts.add("module", module(covered));
    }
    facts.add("issued", instant(license.iat));
    facts.add_some("begins", license.nbf.map(instant));
    facts.add("ends", license.exp.map_or_else(|| "never".to_owned(), instant));
    facts.add_some("grace until", license.grace_until.map(instant));
    facts.add_some("releases", license.updates_until.map(|until| format!("dated before {}", instant(until))));
    facts.add_some("admins warned", license.notice().map(|from| format!("from {}", instant(from))));
    facts.add_some("users warned", license.notify_users_from.map(|from| format!("from {}", instant(from))));
    if let Some(limits) = license.limits {
        facts.add_some("users", limits.users.map(|users| users.to_string()));
        facts.add_some("companies", limits.companies.map(|companies| companies.to_string()));
    }
    facts.add_some("bound to", license.binding.as_ref().map(|bound| binding(bound, token)));
    facts.add_some("after a move", license.binding.as_ref().map(|_| move_grace(license)));
    facts.add("signed by", format!("key {} of {}", license.kid, license.iss));
    facts
}

fn binding(binding: &Binding, token: &str) -> String {
    match (binding, InstanceClaim::of_token(token)) {
        (Binding::Exact(fingerprint), _) => fingerprint.to_string(),
        (Binding::Tolerant(_), Ok(Some(claim))) => components(&claim),
        (Binding::Tolerant(_), _) => "the instance of an activation request".to_owned(),
    }
}

/// By the words of `--require` and the number of `--need`.
fn components(claim: &InstanceClaim) -> String {
    let word = |one: &ComponentClaim| format!("{}{}", one.kind, if one.required { " (required)" } else { "" });
    let words: Vec<String> = claim.of.iter().map(word).collect();
    let verb = if claim.need == 1 { "has" } else { "have" };
    format!("{}: {} of these {} {verb} to match", words.join(", "), claim.need, claim.of.len())
}

fn move_grace(license: &License) -> String {
    let days = usize::try_from(license.move_grace / dates::DAY).unwrap_or_default();
    format!("works on for {}", counted(days, "day"))
}

fn module(covered: &CoveredModule) -> String {
    let versions: Vec<String> = covered.versions.iter().map(u16::to_string).collect();
    let features = covered.features.as_ref().map(|features| format!(", only {}", features.join(", ")));
    format!("{} on Odoo {}{}", covered.pattern, versions.join(", "), features.unwrap_or_default())
}
