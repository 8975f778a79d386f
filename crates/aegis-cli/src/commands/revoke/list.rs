//! `aegis revoke list`

use aegis_core::LicenseId;
use aegis_issuer::dates;
use aegis_issuer::revocation::{KeptList, Revocation, Revoked};
use clap::Args;
use serde_json::{Value, json};

use super::add::described;
use crate::commands::ledger_args::{LedgerAndKeysArgs, warn_of_damage};
use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::output::{Outcome, counted, instant, now, printable};

/// `aegis revoke list …`
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    from: LedgerAndKeysArgs,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &ListArgs) -> Result<Outcome, Failure> {
    let ledger = arguments.from.ledger.read_if_there()?;
    let folder = KeyFolder::read(arguments.from.keys())?;
    let book = arguments.from.ledger.revocations();
    let content = book.journal.read_if_there()?;
    warn_of_damage(book.journal.path(), &content.damage);
    let lists = book.lists.read()?;
    if arguments.json {
        let lists: Vec<Value> = lists.iter().map(list_json).collect();
        return Outcome::json(&json!({ "revoked": content.entries, "lists": lists }));
    }
    if content.entries.is_empty() && lists.is_empty() {
        return Ok(Outcome::text("nothing is revoked"));
    }
    let line = |revocation: &Revocation| {
        let (day, state) = (dates::format_utc(revocation.at), state(revocation, &lists, now()));
        let reason = revocation.reason.as_ref().map(|reason| format!(" ({})", printable(reason)));
        let what = described(revocation, &ledger, &folder);
        format!("{day}  {state:18}  {what}{}\n", reason.unwrap_or_default())
    };
    let text: String = content.entries.iter().map(line).collect();
    Ok(Outcome::text(text + &last_list(&lists, &folder)))
}

/// Whether customers can know of it.
fn state(revocation: &Revocation, lists: &[KeptList], now: i64) -> &'static str {
    let own = || lists.iter().filter(|list| list.iss == revocation.iss);
    match &revocation.what {
        Revoked::License { ends: Some(end), .. } if *end <= now => "ended",
        Revoked::License { jti, .. } => {
            let id = LicenseId::of(jti);
            if own().next_back().is_some_and(|list| list.revoked.contains(&id)) {
                "in the last list"
            } else {
                "NOT IN A LIST YET"
            }
        }
        Revoked::Key { kid } => {
            let named = own().any(|list| list.revoked_keys.contains(kid));
            if named { "in a root's list" } else { "NOT IN A LIST YET" }
        }
    }
}

fn last_list(lists: &[KeptList], folder: &KeyFolder) -> String {
    match lists.last() {
        None => "\nNo list was signed yet: `aegis revoke sign --key KEY` signs one.\n".to_owned(),
        Some(list) => format!(
            "\nThe last list is number {} of {}, signed by {}; it names {} and {}.\n",
            list.seq,
            instant(list.iat),
            printable(folder.name_of(&list.kid)),
            counted(list.revoked.len(), "license"),
            counted(list.revoked_keys.len(), "key"),
        ),
    }
}

fn list_json(list: &KeptList) -> Value {
    json!({
        "iss": list.iss, "iat": list.iat, "seq": list.seq, "kid": list.kid,
        "revoked": list.revoked.len(), "revoked_keys": list.revoked_keys, "token": list.token,
    })
}
