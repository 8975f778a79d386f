//! Licenses as the command line names them: by their id in the ledger, or by a file that holds them.

use std::path::Path;

use aegis_core::{Keyring, split_bundle};
use aegis_issuer::ledger::{LedgerContent, LedgerEntry};
use aegis_issuer::revocation::{RevocationBook, Revoked};
use aegis_issuer::{InstanceClaim, UnverifiedToken};

use crate::failure::Failure;
use crate::input::read_text;

/// The licenses that an argument means.
pub(crate) fn named(argument: &str, ledger: &LedgerContent) -> Result<Vec<LedgerEntry>, Failure> {
    if let Some(entry) = ledger.find(argument) {
        return Ok(vec![entry.clone()]);
    }
    let path = Path::new(argument);
    if looks_like_id(argument) && !path.exists() {
        return Err(Failure::new(
            format!("there is no license with the id {argument} in the ledger"),
            "`aegis license list` shows the ids; name another ledger with --ledger, or give a file with the license itself",
        ));
    }
    let found = of_text(&read_text(path)?)?;
    if found.is_empty() {
        return Err(Failure::new(format!("there is no license in {argument}"), "give the whole text of the license"));
    }
    Ok(found)
}

/// The licenses of a text; certificates and revocation lists among them are passed over.
pub(crate) fn of_text(text: &str) -> Result<Vec<LedgerEntry>, Failure> {
    let cut = |error: aegis_core::Error| Failure::new(error.to_string(), "give the whole text of the license");
    let mut found = Vec::new();
    for token in split_bundle(text).map_err(cut)? {
        let token = token.map_err(cut)?;
        if is_license(&token)? {
            found.push(LedgerEntry::from_token(&token, None)?);
        }
    }
    Ok(found)
}

fn is_license(token: &str) -> Result<bool, Failure> {
    let header = UnverifiedToken::decode(token)?.header;
    Ok(matches!(header.get("typ").and_then(|typ| typ.as_str()), Some("aegis-license+jwt" | "JWT")))
}

/// Whether two licenses are bound to the same instance in the same way.
pub(crate) fn are_bound_alike(one: &LedgerEntry, other: &LedgerEntry) -> Result<bool, Failure> {
    let same_claim = InstanceClaim::of_token(&one.token)? == InstanceClaim::of_token(&other.token)?;
    Ok(same_claim && one.instance_fingerprint == other.instance_fingerprint)
}

/// 8-4-4-4-12 hexadecimal digits.
fn looks_like_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Whether a license, or the key that signed it, was revoked.
pub(crate) fn is_revoked(entry: &LedgerEntry, folder: &Path) -> Result<bool, Failure> {
    let book = RevocationBook::in_folder(folder);
    let names = |what: &Revoked| match what {
        Revoked::License { jti, .. } => *jti == entry.jti,
        Revoked::Key { kid } => *kid == entry.kid,
    };
    Ok(book.journal.read_if_there()?.entries.iter().any(|revocation| names(&revocation.what)))
}

/// Makes sure that our own keys signed a license that the ledger does not have.
pub(crate) fn check_ours(entry: &LedgerEntry, trusted: Option<&Keyring>) -> Result<(), Failure> {
    let refused = match trusted {
        None => "there are no keys to verify it with".to_owned(),
        Some(keyring) => match aegis_core::open(&entry.token, keyring) {
            Ok(_) => return Ok(()),
            Err(refusal) => refusal.error.to_string(),
        },
    };
    Err(Failure::new(
        format!("license {} is not in the ledger, and it cannot be made sure that it is ours: {refused}", entry.jti),
        "name the folder with the key that signed it (and its certificate) with --keys; or bring the license into the ledger with `aegis license import`",
    ))
}
