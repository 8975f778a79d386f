//! `aegis revoke sign`

use std::path::PathBuf;

use aegis_core::KeyUse;
use aegis_issuer::revocation::{ListPlan, RevocationBook, SignedList};
use aegis_issuer::{IssueContext, certificate_for};
use clap::Args;
use serde_json::json;

use crate::commands::ledger_args::{LedgerArgs, warn_of_damage};
use crate::companions;
use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::output::{Outcome, counted, note, now, printable, warn};
use crate::signing_key::{NamedKeyArgs, SigningKey};
use crate::write::{exists, write_new};

/// `aegis revoke sign …`
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    key: NamedKeyArgs,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Write the list into this new file instead of printing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &SignArgs) -> Result<Outcome, Failure> {
    let book = arguments.ledger.revocations();
    let ledger = arguments.ledger.read_if_there()?.entries;
    let key_args = arguments.key.get();
    let (issuer, is_root) = key_args.look()?;
    let content = book.journal.read_if_there()?;
    warn_of_damage(book.journal.path(), &content.damage);
    let plan = ListPlan::new(&issuer, is_root, &content.entries, &ledger, &book.lists.read()?, now());
    announce(&plan, &issuer, &KeyFolder::read(arguments.ledger.folder())?);
    if let Some(file) = arguments.out.as_ref().filter(|file| file.exists()) {
        return Err(exists(file));
    }
    let key = key_args.open(KeyUse::Revocation)?;
    key.check_not_revoked(&book)?;
    let context = IssueContext { issuer: &key.issuer, now: now(), keyring: key.keyring.as_ref() };
    let signed = book.sign(key.is_root, &ledger, &key.signer, &context)?;
    answer(arguments, &signed, &key, &book)
}

/// What the list will name, before anybody types a passphrase.
fn announce(plan: &ListPlan, issuer: &str, folder: &KeyFolder) {
    let (licenses, keys) = (counted(plan.revoked.len(), "license"), counted(plan.revoked_keys.len(), "key"));
    note(&format!("The list of {} names {licenses} and {keys}.", printable(issuer)));
    if !plan.ended.is_empty() {
        note(&format!("Dropped, as they have ended: {}", printable(&plan.ended.join(", "))));
    }
    if plan.carried > 0 {
        note(&format!(
            "Kept from the last list, though revocations.jsonl does not have them: {}",
            counted(plan.carried, "license")
        ));
    }
    for kid in &plan.keys_left_out {
        let name = printable(folder.name_of(kid));
        warn(format!("the key {name} is revoked, but not by this list: sign one with a root"));
    }
}

fn answer(
    arguments: &SignArgs,
    signed: &SignedList,
    key: &SigningKey,
    book: &RevocationBook,
) -> Result<Outcome, Failure> {
    let certificate = key.roots.as_ref().and_then(|roots| certificate_for(&signed.token, &key.certificates, roots));
    let list = companions::list(signed.list.iat, signed.list.seq, &signed.token);
    let parts: Vec<_> = certificate.map(companions::certificate).into_iter().chain([list]).collect();
    let text = companions::text(&parts)?;
    note(&format!("List {} is signed, verified and kept in {}.", signed.list.seq, book.lists.path().display()));
    if let Some(file) = &arguments.out {
        write_new(file, &text)?;
    }
    if arguments.json {
        let list = &signed.list;
        return Outcome::json(&json!({
            "token": signed.token, "iss": list.iss, "seq": list.seq, "iat": list.iat, "kid": list.kid,
            "revoked": list.len(), "revoked_keys": list.revoked_keys, "ended": signed.plan.ended, "for_customer": text,
        }));
    }
    Ok(match &arguments.out {
        Some(file) => Outcome::text(format!("wrote {}", file.display())),
        None => Outcome::text(text),
    })
}
