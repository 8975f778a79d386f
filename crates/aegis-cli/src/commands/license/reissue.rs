//! `aegis license reissue`

use std::path::{Path, PathBuf};

use aegis_core::{KeyUse, Keyring};
use aegis_issuer::ledger::{LedgerContent, LedgerEntry};
use aegis_issuer::revocation::Revoked;
use aegis_issuer::{IssueContext, Signer as _, reissue};
use clap::Args;
use serde_json::{Value, json};

use crate::commands::ledger_args::LedgerAndKeysArgs;
use crate::companions::{self, Companions};
use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::output::{Outcome, now, printable, warn};
use crate::signing_key::{SigningKey, SigningKeyArgs};
use crate::write::{make_folder, write_new};

/// `aegis license reissue …`
#[derive(Debug, Args)]
pub(crate) struct ReissueArgs {
    /// The key that signed them, by its name or thumbprint
    #[arg(long = "kid", value_name = "OLD", allow_hyphen_values = true)]
    old: String,
    /// The key that is to sign them now
    #[command(flatten)]
    key: SigningKeyArgs,
    #[command(flatten)]
    from: LedgerAndKeysArgs,
    /// Folder for one file per license, with all that the customer needs (default: reissued beside the ledger)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Who issues them, for the ledger
    #[arg(long, value_name = "NAME")]
    issued_by: Option<String>,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

/// What became of one license.
struct Done {
    old: String,
    entry: LedgerEntry,
    file: PathBuf,
    is_new: bool,
}

pub(crate) fn run(arguments: &ReissueArgs) -> Result<Outcome, Failure> {
    let ledger = arguments.from.ledger.read()?;
    let folder = KeyFolder::read(arguments.from.keys())?;
    let ids = ids_of(&arguments.old, &folder);
    let wanted = wanted(&ids, &ledger, arguments)?;
    if wanted.is_empty() {
        return Ok(Outcome::text(format!("no license of {} has to be issued again", printable(&arguments.old))));
    }
    let key = arguments.key.open(KeyUse::License)?;
    if ids.iter().any(|kid| kid == key.signer.kid()) {
        return Err(Failure::usage(
            "--key names the very key whose licenses are to be issued again",
            "name the new key",
        ));
    }
    key.check_not_revoked(&arguments.from.ledger.revocations())?;
    let work = Work { arguments, ledger: &ledger, folder: &folder, companions: arguments.from.companions()?, key };
    work.all(&wanted)
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
            format!("no license of the ledger is signed by {}", printable(&arguments.old)),
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

/// All that is needed to issue licenses again.
struct Work<'w> {
    arguments: &'w ReissueArgs,
    ledger: &'w LedgerContent,
    folder: &'w KeyFolder,
    companions: Companions,
    key: SigningKey,
}

impl Work<'_> {
    fn all(&self, wanted: &[&LedgerEntry]) -> Result<Outcome, Failure> {
        let dir = self.arguments.out.clone().unwrap_or_else(|| self.arguments.from.ledger.folder().join("reissued"));
        make_folder(&dir)?;
        let trusted = self.folder.trusted(&self.key.issuer)?;
        let trusted = trusted.map(|keyring| keyring.with_trust(&self.folder.certificates.join("\n")).0);
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for entry in wanted {
            match self.one(entry, trusted.as_ref(), &dir) {
                Ok(one) => done.push(one),
                Err(failure) => {
                    warn(format!("license {} is not issued again: {}", printable(&entry.jti), failure.what()));
                    refused.push(entry.jti.clone());
                }
            }
        }
        answer(self.arguments, &done, &refused)
    }

    /// The ledger first, then the file: when a run was interrupted, the next one writes the files that are missing.
    fn one(&self, entry: &LedgerEntry, trusted: Option<&Keyring>, dir: &Path) -> Result<Done, Failure> {
        let (new, is_new) = match self.ledger.reissue_of(&entry.jti) {
            Some(known) => (known.clone(), false),
            None => (self.issue_again(entry, trusted)?, true),
        };
        let file = dir.join(file_name(&new));
        if !file.exists() {
            let mut parts = vec![companions::license(&new)];
            parts.extend(self.companions.of(std::slice::from_ref(&new))?);
            write_new(&file, &companions::text(&parts)?)?;
        }
        Ok(Done { old: entry.jti.clone(), entry: new, file, is_new })
    }

    fn issue_again(&self, entry: &LedgerEntry, trusted: Option<&Keyring>) -> Result<LedgerEntry, Failure> {
        let Some(trusted) = trusted else {
            return Err(Failure::new("the folder of keys has no key to verify it with", "name the folder with --keys"));
        };
        let context = IssueContext { issuer: &self.key.issuer, now: now(), keyring: self.key.keyring.as_ref() };
        let new = reissue(&entry.token, trusted, &self.key.signer, &context)?;
        let by = self.arguments.issued_by.clone();
        let mut new = LedgerEntry::from_token(&new.token, by)?;
        new.reissue_of = Some(entry.jti.clone());
        self.arguments.from.ledger.ledger().append(&new)?;
        Ok(new)
    }
}

/// The customer's id as far as a file can be called so, and the id of the license.
fn file_name(entry: &LedgerEntry) -> String {
    let proper = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let customer: String = entry.customer.id.chars().take(40).map(proper).collect();
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
