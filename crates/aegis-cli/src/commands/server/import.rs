//! `aegis import`

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use aegis_core::{Keyring, TrustContent, check_key_scope, open};
use aegis_issuer::InstanceClaim;
use aegis_issuer::ledger::{LedgerContent, LedgerEntry};
use aegis_issuer::revocation::{KeptList, Revocation, RevocationBook, Revoked};
use aegis_storage::{
    Imported, ImportedLicense, ImportedRevocation, NewLicense, NewSigningKey, RevocationKind, Run, SignedList, Store,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde_json::json;

use super::database::{explained, with_store};
use super::trust::Trust;
use super::{ACTOR, SettingsArgs, audit_note, present};
use crate::commands::ledger_args::warn_of_damage;
use crate::failure::Failure;
use crate::keyrings::folder_of;
use crate::output::{Outcome, counted, printable, warn};
use crate::settings::Settings;
use crate::values;

/// Licenses that are stored together: a running server waits that long.
const BATCH: usize = 250;

/// `aegis import …`
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// The ledger: licenses.jsonl, with revocations.jsonl and the folder revocation-lists beside it, where they are
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// Try all of it, and store nothing
    #[arg(long)]
    check: bool,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

/// How many of something are new, and how many were there.
#[derive(Debug, Default, serde::Serialize)]
struct Count {
    added: usize,
    known: usize,
}

/// What an import did.
#[derive(Debug, Default)]
struct Report {
    licenses: Count,
    customers: BTreeSet<String>,
    revocations: Count,
    lists: Count,
    /// What was left out.
    refused: usize,
}

pub(crate) fn run(arguments: &ImportArgs) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read()?;
    let trust = Trust::read(&settings)?;
    let ledger = File::open(&arguments.ledger).map_err(|error| unreadable(&arguments.ledger, &error))?;
    let run = if arguments.check { Run::Trial } else { Run::Real };
    let report = with_store(&settings, async |store| {
        let mut import = Import {
            store,
            settings: &settings,
            keyring: trust.keyring(),
            signed_by: BTreeSet::new(),
            run,
            report: Report::default(),
        };
        import.licenses(BufReader::new(ledger), &arguments.ledger).await?;
        import.keys(&trust).await?;
        import.revocations(&RevocationBook::in_folder(folder_of(&arguments.ledger))).await?;
        Ok(import.report)
    })?;
    report.answer(arguments)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        format!("cannot read the ledger {}: {error}", path.display()),
        "give the path of the licenses.jsonl of `aegis license`, or of `aegis export`",
    )
}

/// An import that is going on.
struct Import<'s> {
    store: Store,
    settings: &'s Settings,
    keyring: Keyring,
    /// Issuers and ids of the keys that have signed the licenses.
    signed_by: BTreeSet<(String, String)>,
    run: Run,
    report: Report,
}

impl Import<'_> {
    /// Line by line: a ledger may be large.
    async fn licenses(&mut self, lines: impl BufRead, path: &Path) -> Result<(), Failure> {
        let mut batch = Vec::with_capacity(BATCH);
        for (index, line) in lines.split(b'\n').enumerate() {
            let line = line.map_err(|error| unreadable(path, &error))?;
            match self.license(&line) {
                None => {}
                Some(Ok(license)) => batch.push(license),
                Some(Err(reason)) => self.refuse(&format!("line {}", index + 1), &reason),
            }
            if batch.len() == BATCH {
                self.store_licenses(std::mem::take(&mut batch)).await?;
            }
        }
        self.store_licenses(batch).await
    }

    /// A line of the ledger, if it is not empty. What an entry says is read from its token again.
    fn license(&self, line: &[u8]) -> Option<Result<ImportedLicense, String>> {
        let content = LedgerContent::parse(line);
        if let Some(damage) = content.damage.first() {
            return Some(Err(reason_of(damage)));
        }
        let entry = content.entries.into_iter().next()?;
        Some(verified(&entry, &self.keyring).and_then(|()| imported(&entry)))
    }

    async fn store_licenses(&mut self, batch: Vec<ImportedLicense>) -> Result<(), Failure> {
        if batch.is_empty() {
            return Ok(());
        }
        let signed_by = batch.iter().map(|imported| (imported.license.issuer.clone(), imported.license.kid.clone()));
        self.signed_by.extend(signed_by);
        let ids: Vec<String> = batch.iter().map(|imported| imported.license.id.clone()).collect();
        let stored = self.store.import_licenses(batch, self.run, present()).await;
        let stored = stored.map_err(|error| explained(&error, &self.settings.database))?;
        self.report.customers.extend(stored.customers);
        for (id, outcome) in ids.into_iter().zip(stored.outcomes) {
            if outcome == Imported::Differs {
                self.refuse(&id, "another license with this id is in the database");
            } else {
                self.report.licenses.count(outcome);
            }
        }
        Ok(())
    }

    /// What is public of the keys: customers need it to read these licenses, and the server signs with other keys.
    async fn keys(&mut self, trust: &Trust) -> Result<(), Failure> {
        if self.run == Run::Trial {
            return Ok(());
        }
        for (issuer, kid) in std::mem::take(&mut self.signed_by) {
            let Some(key) = self.keyring.get(&kid) else { continue };
            let public_key = URL_SAFE_NO_PAD.encode(key.parts().public);
            let certificates = trust.certificates_of(&kid);
            let keys = vec![NewSigningKey { kid, public_key, certificates }];
            let kept = self.store.keep_signing_keys(&issuer, keys, ACTOR, present()).await;
            kept.map_err(|error| explained(&error, &self.settings.database))?;
        }
        Ok(())
    }

    async fn revocations(&mut self, book: &RevocationBook) -> Result<(), Failure> {
        let journal = book.journal.read_if_there()?;
        warn_of_damage(book.journal.path(), &journal.damage);
        self.report.refused += journal.damage.len();
        for batch in journal.entries.chunks(BATCH) {
            let batch = batch.iter().map(revocation).collect::<Result<Vec<_>, Failure>>()?;
            let stored = self.store.import_revocations(batch, self.run, present()).await;
            let stored = stored.map_err(|error| explained(&error, &self.settings.database))?;
            for outcome in stored {
                self.report.revocations.count(outcome);
            }
        }
        for list in book.lists.read()? {
            self.list(list).await?;
        }
        Ok(())
    }

    /// A signed list: the number of the server's next one has to be greater.
    async fn list(&mut self, list: KeptList) -> Result<(), Failure> {
        let place = format!("revocation list {}", list.seq);
        let judged = self.keyring.with_trust(&list.token).1.into_iter().next().map(|found| found.content);
        match judged {
            Some(Ok(TrustContent::List(_))) => {}
            Some(Err(refusal)) => {
                self.refuse(&place, &refusal.error.to_string());
                return Ok(());
            }
            _ => {
                self.refuse(&place, "it is no revocation list");
                return Ok(());
            }
        }
        let note = audit_note("list.import", "revocation_list", &list.seq.to_string(), json!({ "issuer": list.iss }));
        let KeptList { iss: issuer, iat, seq, kid, token, .. } = list;
        let list = SignedList { issuer, seq, kid, signed_at: values::instant(iat)?, counted: 0, token };
        let stored = self.store.import_list(list, note, self.run, present()).await;
        match stored.map_err(|error| explained(&error, &self.settings.database))? {
            Imported::Differs => self.refuse(&place, "another list with this number is in the database"),
            outcome => self.report.lists.count(outcome),
        }
        Ok(())
    }

    fn refuse(&mut self, place: &str, reason: &str) {
        warn(format!("{} is not imported: {}", printable(place), printable(reason)));
        self.report.refused += 1;
    }
}

impl Count {
    fn count(&mut self, outcome: Imported) {
        if outcome == Imported::Added {
            self.added += 1;
        } else {
            self.known += 1;
        }
    }
}

/// Without the number of the line, which is another one here.
fn reason_of(damage: &aegis_issuer::Error) -> String {
    match damage {
        aegis_issuer::Error::BadLine { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

/// The license has to be one that customers read.
fn verified(entry: &LedgerEntry, trust: &Keyring) -> Result<(), String> {
    let license = open(&entry.token, trust).map_err(|refusal| refusal.error.to_string())?;
    check_key_scope(&license, trust).map_err(|error| error.to_string())
}

fn imported(line: &LedgerEntry) -> Result<ImportedLicense, String> {
    let text = |error: aegis_issuer::Error| error.to_string();
    let entry = LedgerEntry::from_token(&line.token, line.issued_by.clone()).map_err(text)?;
    let ends_at = entry.end().map_err(text)?.map(values::instant).transpose().map_err(text)?;
    let tolerant = InstanceClaim::of_token(&entry.token).map_err(text)?.map(|_| "tolerant".to_owned());
    let detail = json!({
        "customer": entry.customer.id, "modules": entry.modules, "ends_at": ends_at, "issued_by": entry.issued_by,
    });
    let note = audit_note("license.import", "license", &entry.jti, detail);
    let license = NewLicense {
        id: entry.jti,
        issuer: entry.iss,
        kid: entry.kid,
        customer_id: entry.customer.id,
        customer_name: entry.customer.name,
        modules: entry.modules,
        license_type: entry.license_type,
        instance: entry.instance_fingerprint.or(tolerant),
        issued_at: values::instant(entry.iat).map_err(text)?,
        expires_at: entry.exp.map(values::instant).transpose().map_err(text)?,
        ends_at,
        replaces: line.reissue_of.clone(),
        token: entry.token,
    };
    Ok(ImportedLicense { license, note })
}

fn revocation(line: &Revocation) -> Result<ImportedRevocation, Failure> {
    let (kind, id, ends) = match &line.what {
        Revoked::License { jti, ends } => (RevocationKind::License, jti, *ends),
        Revoked::Key { kid } => (RevocationKind::Key, kid, None),
    };
    let action = if kind == RevocationKind::License { "license.revoke" } else { "key.revoke" };
    let detail = json!({ "reason": line.reason, "revoked_at": values::instant(line.at)?, "imported": true });
    let revocation = aegis_storage::Revocation {
        issuer: line.iss.clone(),
        kind: kind.as_str().to_owned(),
        id: id.clone(),
        reason: line.reason.clone().unwrap_or_default(),
        revoked_at: values::instant(line.at)?,
        ends_at: ends.map(values::instant).transpose()?,
    };
    Ok(ImportedRevocation { revocation, note: audit_note(action, kind.as_str(), id, detail) })
}

impl Report {
    fn answer(&self, arguments: &ImportArgs) -> Result<Outcome, Failure> {
        let is_good = self.refused == 0;
        if arguments.json {
            let answer = json!({
                "stored": !arguments.check, "licenses": self.licenses, "customers_added": self.customers.len(),
                "revocations": self.revocations, "lists": self.lists, "refused": self.refused,
            });
            return Ok(Outcome::json(&answer)?.good_if(is_good));
        }
        let line = |count: &Count, what: &str| {
            format!("{} imported, {} in the database already", counted(count.added, what), count.known)
        };
        let head = if arguments.check { "Nothing was stored; it would be:\n" } else { "" };
        let text = format!(
            "{head}{}\n{} added\n{}\n{}\n{} not imported",
            line(&self.licenses, "license"),
            counted(self.customers.len(), "customer"),
            line(&self.revocations, "revocation"),
            line(&self.lists, "revocation list"),
            self.refused,
        );
        Ok(Outcome::text(text).good_if(is_good))
    }
}
