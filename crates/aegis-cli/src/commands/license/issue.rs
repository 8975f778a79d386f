//! `aegis license issue`

use std::path::PathBuf;

use aegis_issuer::ledger::{LEDGER_FILE, Ledger, LedgerEntry};
use aegis_issuer::{Bind, IssueContext, Issued, issue};
use clap::Args;
use serde_json::json;

use super::request::RequestArgs;
use super::signing_key::SigningKeyArgs;
use super::summary;
use crate::failure::Failure;
use crate::output::{Outcome, note, now, warn};

/// `aegis license issue …`
#[derive(Debug, Args)]
pub(crate) struct IssueArgs {
    #[command(flatten)]
    key: SigningKeyArgs,
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
    let key = arguments.key.open()?;
    let context = IssueContext { issuer: &key.issuer, now: now(), keyring: key.keyring.as_ref() };
    let issued = issue(&request, &key.signer, &context)?;
    warn_of_upper_case(request.bind.as_ref());
    if key.keyring.is_none() {
        note("note: the key's limits were not checked, as no keyring.toml has it; name the folder with --keyring");
    }
    // The ledger first: a license that is not in it must not leave the house.
    let ledger = Ledger::at(arguments.ledger.clone().unwrap_or_else(|| arguments.key.folder().join(LEDGER_FILE)));
    ledger.append(&LedgerEntry::from_token(&issued.token, arguments.issued_by.clone())?)?;
    answer(arguments.json, &issued, &ledger)
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

fn answer(json: bool, issued: &Issued, ledger: &Ledger) -> Result<Outcome, Failure> {
    if json {
        let (kid, claims) = (&issued.license.kid, &issued.claims);
        let object = json!({ "token": issued.token, "kid": kid, "claims": claims, "ledger": ledger.path() });
        return Outcome::json(&object);
    }
    let mut facts = summary::of_license(&issued.license);
    facts.add("ledger", ledger.path().display().to_string());
    note(&format!("License {} is issued, verified and in the ledger.\n{}", issued.license.jti, facts.to_text()));
    Ok(Outcome::text(&issued.token))
}
