//! `aegis backup`

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aegis_issuer::keyfile::{CERTIFICATE_SUFFIX, PRIVATE_SUFFIX, PUBLIC_SUFFIX};
use age::x25519::Recipient;
use clap::Args;
use serde_json::json;
use tempfile::{NamedTempFile, TempDir};

use super::archive::{self, Files};
use super::database::{existing, explained, runtime};
use super::serve::stop;
use super::trust::key_folders;
use super::{SettingsArgs, archive::DATABASE};
use crate::failure::Failure;
use crate::interrupt::{Interrupt, Interruptible, interruptible};
use crate::keyrings::{KEYRING_FILE, TRUST_FILE, folder_of};
use crate::output::{Outcome, counted};
use crate::settings::Settings;
use crate::write::exists;

/// `aegis backup …`
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// The new file
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Who can open it: an age recipient (age1…), as age-keygen shows it; may be given several times
    #[arg(long = "recipient", value_name = "AGE1…", required = true, value_parser = recipient)]
    recipients: Vec<Recipient>,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

fn recipient(text: &str) -> Result<Recipient, String> {
    text.parse().map_err(|_| "write the line beginning with age1 that `age-keygen` showed".to_owned())
}

pub(crate) fn run(arguments: &BackupArgs) -> Result<Outcome, Failure> {
    interruptible(|interrupt| backup(arguments, interrupt))
}

fn backup(arguments: &BackupArgs, interrupt: &Interrupt) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read()?;
    let to = &arguments.to;
    if to.exists() {
        return Err(exists(to));
    }
    let snapshot = snapshot(&settings)?;
    let Found { mut files, left_out } = key_files(&settings)?;
    let without_keys = !files.keys().any(|name| name.to_string_lossy().ends_with(PRIVATE_SUFFIX));
    if let Some((_, path)) = &snapshot {
        files.insert(PathBuf::from(DATABASE), path.clone());
    }
    write(to, &files, &arguments.recipients, interrupt)?;
    if arguments.json {
        let names: Vec<String> = files.keys().map(|name| name.display().to_string()).collect();
        let answer = json!({
            "file": to, "files": names, "left_out": left_out, "database": snapshot.is_some(), "keys": !without_keys,
        });
        return Outcome::json(&answer);
    }
    let mut text = summary(to, files.len(), snapshot.is_some(), without_keys);
    for path in left_out {
        // Writing to a String cannot fail.
        let _ = write!(text, "\nLeft out, for it is no file of a key: {}", path.display());
    }
    Ok(Outcome::text(text))
}

fn summary(to: &Path, files: usize, with_database: bool, without_keys: bool) -> String {
    let mut text = format!("Wrote {} into {}, encrypted.", counted(files, "file"), to.display());
    text.push_str(if with_database {
        "\nThe database is in it, as it is now."
    } else {
        "\nThe database is NOT in it: PostgreSQL is backed up with pg_dump, as docs/runbooks.md says."
    });
    if without_keys {
        text.push_str("\nNo private key is in it: the keys are elsewhere than in files.");
    }
    text.push_str("\nThe passphrase of the keys is not in it, nor is the file of settings. Rehearse: `aegis restore`.");
    text
}

/// A consistent copy of the embedded database, beside it; `None` for one that is elsewhere.
fn snapshot(settings: &Settings) -> Result<Option<(TempDir, PathBuf)>, Failure> {
    let Some(database) = settings.database.file() else { return Ok(None) };
    let unwritable = |error: io::Error| {
        let what = format!("cannot write a copy of the database beside {}: {error}", database.display());
        Failure::new(what, "check the space on that disk and who may write there")
    };
    super::database::refuse_missing(&settings.database)?;
    let folder = archive::folder_for_a_moment(folder_of(&database)).map_err(unwritable)?;
    let copy = folder.path().join(DATABASE);
    runtime()?.block_on(async {
        let store = existing(settings).await?;
        let copied = tokio::select! {
            copied = store.snapshot(&copy) => copied.map_err(|error| explained(&error, &settings.database)),
            () = stop::asked()? => Err(Failure::interrupted()),
        };
        // It was only read.
        let _ = store.close().await;
        copied
    })?;
    Ok(Some((folder, copy)))
}

/// What belongs into a backup, and what lies beside it.
#[derive(Default)]
struct Found {
    files: Files,
    left_out: BTreeSet<PathBuf>,
}

/// The keys, their certificates, and what customers trust.
fn key_files(settings: &Settings) -> Result<Found, Failure> {
    let folders = key_folders(settings);
    // A key may be named that follows no convention.
    let named = settings.key_files();
    let mut found = Found::default();
    for folder in &folders {
        found.add_folder(archive::KEYS, folder, &named)?;
    }
    if !folders.contains(&settings.trust) {
        found.add_folder(archive::TRUST, &settings.trust, &named)?;
    }
    Ok(found)
}

impl Found {
    /// Adds the files of keys in a folder, but not what lies in folders below it.
    fn add_folder(&mut self, name: &str, folder: &Path, named: &[PathBuf]) -> Result<(), Failure> {
        let unreadable = |error: io::Error| {
            let what = format!("cannot read the folder {}: {error}", folder.display());
            Failure::new(what, "check AEGIS_SIGNER and AEGIS_TRUST, and who may read there")
        };
        for item in fs::read_dir(folder).map_err(unreadable)? {
            let path = item.map_err(unreadable)?.path();
            let Some(file) = path.file_name().filter(|_| path.is_file()) else { continue };
            if !is_of_key(&path) && !named.iter().any(|key| key.file_name() == Some(file) && folder_of(key) == folder) {
                self.left_out.insert(path);
                continue;
            }
            let before = self.files.insert(Path::new(name).join(file), path.clone());
            if let Some(before) = before.filter(|before| !are_same(before, &path)) {
                return Err(Failure::new(
                    format!("{} and {} have the same name and are different", before.display(), path.display()),
                    "rename one of them: in the backup all keys are in one folder",
                ));
            }
        }
        Ok(())
    }
}

/// Whether a file is one that commands write for keys or read beside them. A passphrase may lie there too, and settings.
fn is_of_key(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let beside = |kid: &str, suffix: &str| path.with_file_name(format!("{kid}{suffix}")).exists();
    let has_key = |kid| beside(kid, PRIVATE_SUFFIX) || beside(kid, PUBLIC_SUFFIX);
    [KEYRING_FILE, TRUST_FILE].contains(&name)
        || [PRIVATE_SUFFIX, PUBLIC_SUFFIX, CERTIFICATE_SUFFIX].iter().any(|suffix| name.ends_with(suffix))
        || name.strip_suffix(".json").is_some_and(has_key)
}

fn are_same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whole or not at all, and for its owner alone.
fn write(to: &Path, files: &Files, recipients: &[Recipient], interrupt: &Interrupt) -> Result<(), Failure> {
    let unwritable = |error: &io::Error| {
        let what = format!("cannot write the backup {}: {error}", to.display());
        Failure::new(what, "check the path, the space, and who may read the keys")
    };
    let mut file = NamedTempFile::new_in(folder_of(to)).map_err(|error| unwritable(&error))?;
    let writer = Interruptible(io::BufWriter::new(&mut file), interrupt.clone());
    archive::write(writer, files, recipients).map_err(|error| unwritable(&error))?;
    file.as_file().sync_all().map_err(|error| unwritable(&error))?;
    file.persist_noclobber(to).map(drop).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => exists(to),
        _ => unwritable(&error.error),
    })
}
