//! `aegis license issue`

use std::path::PathBuf;

use aegis_core::KeyUse;
use aegis_issuer::ledger::{LEDGER_FILE, Ledger, LedgerEntry};
use aegis_issuer::revocation::RevocationBook;
use aegis_issuer::{Bind, IssueContext, Issued, certificate_for, issue};
use clap::Args;
use serde_json::json;

use super::request::RequestArgs;
use super::summary;
use crate::companions;
use crate::failure::Failure;
use crate::keyrings::folder_of;
use crate::output::{Outcome, note, now, warn};
use crate::signing_key::{NamedKeyArgs, SigningKey};

/// `aegis license issue …`
#[derive(Debug, Args)]
pub(crate) struct IssueArgs {
    #[command(flatten)]
    key: NamedKeyArgs,
    /// The ledger file (default: licenses.jsonl beside the key)
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Who issues it, for the ledger
    #[arg(long, value_name = "NAME")]
    issued_by: Option<String>,
    /// Answer with one JSON object instead of the license and a summary
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    request: RequestArgs,
}

pub(crate) fn run(arguments: &IssueArgs) -> Result<Outcome, Failure> {
    let request = arguments.request.request()?;
    let key_args = arguments.key.get();
    let ledger = Ledger::at(arguments.ledger.clone().unwrap_or_else(|| key_args.folder().join(LEDGER_FILE)));
    let key = key_args.open(KeyUse::License)?;
    key.check_not_revoked(&RevocationBook::in_folder(folder_of(ledger.path())))?;
    let context = IssueContext { issuer: &key.issuer, now: now(), keyring: key.keyring.as_ref() };
    let issued = issue(&request, &key.signer, &context)?;
    warn_of_upper_case(request.bind.as_ref());
    if key.keyring.is_none() {
        note("note: the key's limits were not checked, as no keyring.toml has it; name the folder with --keyring");
    }
    // The ledger first: a license that is not in it must not leave the house.
    let entry = LedgerEntry::from_token(&issued.token, arguments.issued_by.clone())?;
    ledger.append(&entry)?;
    answer(arguments.json, &issued, &entry, &key, &ledger)
}

/// Odoo has both in lower case, and a binding holds for what is equal letter by letter.
fn warn_of_upper_case(bind: Option<&Bind>) {
    for value in bind.iter().flat_map(|bind| [&bind.database_uuid, &bind.domain]) {
        if value.chars().any(char::is_uppercase) {
            warn(format!(
                "the license is bound to {value:?}, which has upper-case letters: Odoo stores lower case, and would not match"
            ));
        }
    }
}

fn answer(
    json: bool,
    issued: &Issued,
    entry: &LedgerEntry,
    key: &SigningKey,
    ledger: &Ledger,
) -> Result<Outcome, Failure> {
    let for_customer = for_customer(entry, key)?;
    if json {
        let (kid, claims) = (&issued.license.kid, &issued.claims);
        let object = json!({
            "token": issued.token, "kid": kid, "claims": claims, "ledger": ledger.path(), "for_customer": for_customer,
        });
        return Outcome::json(&object);
    }
    let mut facts = summary::of_license(&issued.license, &issued.token);
    facts.add("ledger", ledger.path().display().to_string());
    note(&format!("License {} is issued, verified and in the ledger.\n{}", issued.license.jti, facts.to_text()));
    Ok(Outcome::text(for_customer))
}

/// The license, and under headings the certificate too where its key needs one.
pub(super) fn for_customer(entry: &LedgerEntry, key: &SigningKey) -> Result<String, Failure> {
    let certificate = key.roots.as_ref().and_then(|roots| certificate_for(&entry.token, &key.certificates, roots));
    match certificate {
        Some(certificate) => companions::text(&[companions::license(entry), companions::certificate(certificate)]),
        None => Ok(entry.token.clone()),
    }
}
