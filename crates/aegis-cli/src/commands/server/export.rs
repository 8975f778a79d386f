//! `aegis export`

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use aegis_issuer::ledger::{LEDGER_FILE, LedgerEntry};
use aegis_issuer::revocation::{LISTS_FOLDER, REVOCATIONS_FILE, Revocation, Revoked};
use aegis_storage::{ExportedLicense, RevocationKind, Store};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use tempfile::NamedTempFile;

use super::SettingsArgs;
use super::database::{explained, with_store};
use crate::failure::Failure;
use crate::output::{Outcome, counted};
use crate::settings::Settings;
use crate::write::{exists, make_folder};

/// Rows that are read at a time, and so many are in memory.
const PAGE: u64 = 500;

/// Lists are long.
const LISTS_PAGE: u64 = 10;

/// `aegis export …`
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Folder for licenses.jsonl, revocations.jsonl and revocation-lists; none of them may be there yet
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &ExportArgs) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read()?;
    let folder = &arguments.to;
    for name in [LEDGER_FILE, REVOCATIONS_FILE, LISTS_FOLDER] {
        let path = folder.join(name);
        if path.exists() {
            return Err(exists(&path));
        }
    }
    make_folder(folder)?;
    let (licenses, revocations, lists) = with_store(&settings, async |store| {
        let export = Export { store, settings: &settings, folder };
        Ok((export.licenses().await?, export.revocations().await?, export.lists().await?))
    })?;
    if arguments.json {
        return Outcome::json(&json!({ "licenses": licenses, "revocations": revocations, "lists": lists }));
    }
    Ok(Outcome::text(format!(
        "Wrote {}, {} and {} into {}. `aegis license` and `aegis revoke` work with them: give --ledger {}",
        counted(licenses, "license"),
        counted(revocations, "revocation"),
        counted(lists, "revocation list"),
        folder.display(),
        folder.join(LEDGER_FILE).display(),
    )))
}

/// An export that is going on.
struct Export<'s> {
    store: Store,
    settings: &'s Settings,
    folder: &'s Path,
}

impl Export<'_> {
    async fn licenses(&self) -> Result<usize, Failure> {
        let mut lines = Lines::new(self.folder, LEDGER_FILE)?;
        let mut after = 0;
        loop {
            let page = self.store.export_licenses(after, PAGE).await.map_err(|error| self.failure(&error))?;
            let Some(last) = page.last() else { return lines.finish() };
            after = last.license.seq;
            for row in page {
                lines.write(&license(row)?)?;
            }
        }
    }

    async fn revocations(&self) -> Result<usize, Failure> {
        let mut lines = Lines::new(self.folder, REVOCATIONS_FILE)?;
        let mut after = None;
        loop {
            let page = self.store.export_revocations(after.as_ref(), PAGE).await;
            let page = page.map_err(|error| self.failure(&error))?;
            let Some(last) = page.last() else { return lines.finish() };
            after = Some(last.clone());
            for row in page {
                lines.write(&revocation(row))?;
            }
        }
    }

    async fn lists(&self) -> Result<usize, Failure> {
        let folder = self.folder.join(LISTS_FOLDER);
        let (mut after, mut count) = (None, 0);
        loop {
            let page = self.store.export_lists(after.as_ref(), LISTS_PAGE).await;
            let page = page.map_err(|error| self.failure(&error))?;
            let Some(last) = page.last() else { return Ok(count) };
            after = Some(last.clone());
            make_folder(&folder)?;
            for list in page {
                let mut lines = Lines::new(&folder, &format!("{}.jwt", list.seq))?;
                lines.write_text(&list.token)?;
                lines.finish()?;
                count += 1;
            }
        }
    }

    fn failure(&self, error: &aegis_storage::Error) -> Failure {
        explained(error, &self.settings.database)
    }
}

/// A file of lines, which is there when it is whole.
struct Lines {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    count: usize,
}

impl Lines {
    fn new(folder: &Path, name: &str) -> Result<Self, Failure> {
        let path = folder.join(name);
        let file = NamedTempFile::new_in(folder).map_err(|error| unwritable(&path, &error))?;
        Ok(Self { file: BufWriter::new(file), path, count: 0 })
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let line = serde_json::to_string(line)
            .map_err(|error| Failure::new(format!("cannot write JSON: {error}"), "report this"))?;
        self.write_text(&line)
    }

    fn write_text(&mut self, line: &str) -> Result<(), Failure> {
        self.count += 1;
        writeln!(self.file, "{line}").map_err(|error| unwritable(&self.path, &error))
    }

    fn finish(self) -> Result<usize, Failure> {
        let Self { file, path, count } = self;
        let fault = |error: &io::Error| unwritable(&path, error);
        let file = file.into_inner().map_err(|error| fault(error.error()))?;
        file.as_file().sync_all().map_err(|error| fault(&error))?;
        file.persist_noclobber(&path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(&path),
            _ => fault(&error.error),
        })?;
        let folder = path.parent().map(fs::File::open).transpose().map_err(|error| fault(&error))?;
        folder.map_or(Ok(()), |folder| folder.sync_all()).map_err(|error| fault(&error))?;
        Ok(count)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        format!("cannot write {}: {error}", path.display()),
        "check the path, the space and who may write there",
    )
}

/// What the token says, and what the database knows beside it.
fn license(row: ExportedLicense) -> Result<LedgerEntry, Failure> {
    let mut entry = LedgerEntry::from_token(&row.license.token, row.issued_by)?;
    entry.reissue_of = row.license.replaces;
    Ok(entry)
}

fn revocation(row: aegis_storage::Revocation) -> Revocation {
    let what = match row.kind() {
        RevocationKind::License => Revoked::License { jti: row.id, ends: row.ends_at.map(|end| end.timestamp()) },
        RevocationKind::Key => Revoked::Key { kid: row.id },
    };
    let reason = Some(row.reason).filter(|reason| !reason.is_empty());
    Revocation { at: row.revoked_at.timestamp(), iss: row.issuer, what, reason }
}
