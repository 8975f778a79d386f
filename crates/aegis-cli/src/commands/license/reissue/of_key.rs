//! All licenses of a key.

use std::path::{Path, PathBuf};

use aegis_issuer::ledger::{LedgerContent, LedgerEntry};
use aegis_issuer::revocation::Revoked;
use aegis_issuer::{Signer as _, reissue};
use serde_json::{Value, json};

use super::{ReissueArgs, Work};
use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::licenses::are_bound_alike;
use crate::output::{Outcome, now, printable, warn};
use crate::write::{make_folder, write_new};

/// What became of one license.
struct Done {
    old: String,
    entry: LedgerEntry,
    file: PathBuf,
    is_new: bool,
}

pub(super) fn run(arguments: &ReissueArgs, old: &str) -> Result<Outcome, Failure> {
    let ledger = arguments.from.ledger.read()?;
    let folder = KeyFolder::read(arguments.from.keys())?;
    let ids = ids_of(old, &folder);
    let wanted = wanted(&ids, &ledger, arguments)?;
    if wanted.is_empty() {
        return Ok(Outcome::text(format!("no license of {} has to be issued again", printable(old))));
    }
    let key = arguments.open_key()?;
    if ids.iter().any(|kid| kid == key.signer.kid()) {
        return Err(Failure::usage(
            "--key names the very key whose licenses are to be issued again",
            "name the new key",
        ));
    }
    let work = Work::new(arguments, &folder, key)?;
    Run { work, ledger: &ledger, ids }.all(&wanted)
}

/// The ids that a key has signed with.
fn ids_of(kid: &str, folder: &KeyFolder) -> Vec<String> {
    folder.find(kid).map_or_else(|| vec![kid.to_owned()], |key| vec![key.name.clone(), key.thumbprint()])
}

/// The licenses of the key that still help somebody: neither ended nor revoked by their own id.
fn wanted<'l>(
    ids: &[String],
    ledger: &'l LedgerContent,
    arguments: &ReissueArgs,
) -> Result<Vec<&'l LedgerEntry>, Failure> {
    let signed: Vec<&LedgerEntry> = ledger.entries.iter().filter(|entry| ids.contains(&entry.kid)).collect();
    if signed.is_empty() {
        return Err(Failure::new(
            format!(
                "no license of the ledger is signed by {}",
                printable(arguments.old.as_deref().unwrap_or_default())
            ),
            "`aegis license list --json` names the keys; name another ledger with --ledger",
        ));
    }
    let revocations = arguments.from.ledger.revocations().journal.read_if_there()?.entries;
    let is_revoked = |entry: &LedgerEntry| {
        let names = |what: &Revoked| matches!(what, Revoked::License { jti, .. } if *jti == entry.jti);
        revocations.iter().any(|revocation| names(&revocation.what))
    };
    let mut wanted = Vec::new();
    for entry in signed {
        let ended = entry.end()?.is_some_and(|end| end <= now());
        if !ended && !is_revoked(entry) {
            wanted.push(entry);
        }
    }
    Ok(wanted)
}

/// One run over the ledger.
struct Run<'w> {
    work: Work<'w>,
    ledger: &'w LedgerContent,
    /// The ids that the old key has signed with.
    ids: Vec<String>,
}

impl Run<'_> {
    fn all(&self, wanted: &[&LedgerEntry]) -> Result<Outcome, Failure> {
        let arguments = self.work.arguments;
        let dir = arguments.out.clone().unwrap_or_else(|| arguments.from.ledger.folder().join("reissued"));
        make_folder(&dir)?;
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for entry in wanted {
            match self.one(entry, &dir) {
                Ok(one) => done.push(one),
                Err(failure) => {
                    warn(format!("license {} is not issued again: {}", printable(&entry.jti), failure.what()));
                    refused.push(entry.jti.clone());
                }
            }
        }
        answer(arguments, &done, &refused)
    }

    /// The ledger first, then the file: when a run was interrupted, the next one writes the files that are missing.
    fn one(&self, entry: &LedgerEntry, dir: &Path) -> Result<Done, Failure> {
        let (new, is_new) = match self.issued_before(entry)? {
            Some(known) => (known.clone(), false),
            None => (self.issue_again(entry)?, true),
        };
        let file = dir.join(file_name(&new));
        if !file.exists() {
            write_new(&file, &self.work.for_customer(&new)?)?;
        }
        Ok(Done { old: entry.jti.clone(), entry: new, file, is_new })
    }

    /// The license that took its place. One that the old key has signed does not help, nor does one for an instance
    /// elsewhere: the license may be at work where it was.
    fn issued_before(&self, entry: &LedgerEntry) -> Result<Option<&LedgerEntry>, Failure> {
        for new in self.ledger.entries.iter().filter(|new| new.reissue_of.as_ref() == Some(&entry.jti)) {
            if !self.ids.contains(&new.kid) && are_bound_alike(entry, new)? {
                return Ok(Some(new));
            }
        }
        Ok(None)
    }

    fn issue_again(&self, entry: &LedgerEntry) -> Result<LedgerEntry, Failure> {
        let new = reissue(&entry.token, self.work.trusted()?, &self.work.key.signer, &self.work.context())?;
        self.work.keep(&new.token, entry)
    }
}

/// The customer's id as far as a file can be called so, and the id of the license.
fn file_name(entry: &LedgerEntry) -> String {
    // At the beginning a hyphen would make it an option of whatever command it is given to.
    let proper = |(place, letter): (usize, char)| {
        if letter.is_ascii_alphanumeric() || (letter == '-' && place > 0) { letter } else { '_' }
    };
    let customer: String = entry.customer.id.chars().take(40).enumerate().map(proper).collect();
    format!("{customer}-{}.license", entry.jti)
}

fn answer(arguments: &ReissueArgs, done: &[Done], refused: &[String]) -> Result<Outcome, Failure> {
    let new = done.iter().filter(|one| one.is_new).count();
    if arguments.json {
        let licenses: Vec<Value> = done.iter().map(as_json).collect();
        return Ok(Outcome::json(&json!({ "licenses": licenses, "refused": refused }))?.good_if(refused.is_empty()));
    }
    let line = |one: &Done| {
        let customer = printable(&format!("{} ({})", one.entry.customer.name, one.entry.customer.id));
        format!("{} -> {}  {customer}\n  {}\n", one.old, one.entry.jti, one.file.display())
    };
    let lines: String = done.iter().map(line).collect();
    let (before, refused) = (done.len() - new, refused.len());
    let summary = format!("{new} issued again, {before} had been before, {refused} not issued");
    Ok(Outcome::text(format!("{lines}{summary}")).good_if(refused == 0))
}

fn as_json(one: &Done) -> Value {
    json!({ "old": one.old, "new": one.entry.jti, "customer": one.entry.customer, "file": one.file, "is_new": one.is_new })
}
