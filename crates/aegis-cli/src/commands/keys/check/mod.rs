//! `aegis keys check`

mod certificates;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use aegis_issuer::keyfile::{Passphrase, look_at_private, read_metadata, read_private, read_public, thumbprint};
use clap::Args;
use serde::Serialize;

use super::{NamedKey, keys_at};
use crate::failure::Failure;
use crate::key_folder::{KeyFolder, warns_of_one_root};
use crate::keyrings;
use crate::output::Outcome;
use crate::passphrase::PassphraseArgs;

/// `aegis keys check …`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folder of keys, or a file of one key
    #[arg(default_value = "keys")]
    path: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Answer with one JSON list
    #[arg(long)]
    json: bool,
}

/// How serious a finding is. Only problems make the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Note,
    Warning,
    Problem,
}

/// One finding about one key, or about the folder.
#[derive(Debug, Serialize)]
struct Finding {
    about: String,
    level: Level,
    text: String,
}

pub(crate) fn run(arguments: &CheckArgs) -> Result<Outcome, Failure> {
    let keys = keys_at(&arguments.path)?;
    let mut findings = Vec::new();
    for key in &keys {
        let mut report = Report { about: &key.kid, findings: &mut findings };
        check_key(key, &arguments.passphrase, &mut report)?;
    }
    if arguments.path.is_dir() {
        check_folder(&arguments.path, &keys, &mut findings);
        check_roots(&arguments.path, &mut findings);
    }
    let good = findings.iter().all(|finding| finding.level != Level::Problem);
    let outcome = if arguments.json { Outcome::json(&findings)? } else { Outcome::text(table(&findings)) };
    Ok(outcome.good_if(good))
}

struct Report<'r> {
    about: &'r str,
    findings: &'r mut Vec<Finding>,
}

impl Report<'_> {
    fn add(&mut self, level: Level, text: impl Into<String>) {
        self.findings.push(Finding { about: self.about.to_owned(), level, text: text.into() });
    }

    /// The value, or a finding in its place.
    fn or_problem<T>(&mut self, result: Result<T, aegis_issuer::Error>) -> Option<T> {
        result.map_err(|error| self.add(Level::Problem, error.to_string())).ok()
    }
}

fn check_key(key: &NamedKey, passphrase: &PassphraseArgs, report: &mut Report<'_>) -> Result<(), Failure> {
    let public = check_public(key, report);
    certificates::check(key, public, report);
    if !key.paths.private.exists() {
        report.add(Level::Note, "the private key is not here");
        return Ok(());
    }
    let Some((encrypted, weaknesses)) = report.or_problem(look_at_private(&key.paths.private)) else { return Ok(()) };
    for weakness in weaknesses {
        report.add(Level::Warning, weakness.to_string());
    }
    let passphrase = passphrase_if_at_hand(key, encrypted, passphrase)?;
    if encrypted && passphrase.is_none() {
        report.add(Level::Note, "the private key was not opened: no passphrase was given");
        return Ok(());
    }
    let Some(stored) = report.or_problem(read_private(&key.paths.private, passphrase.as_ref())) else { return Ok(()) };
    match public {
        Some(public) if public == stored.key.public_key() => {
            report.add(Level::Ok, "private and public key belong together");
        }
        Some(_) => report.add(Level::Problem, "private and public key do not belong together"),
        None => report.add(Level::Ok, "the private key opens"),
    }
    Ok(())
}

/// Only a person at a terminal is asked: a script that gave no passphrase gets what can be said without it.
fn passphrase_if_at_hand(
    key: &NamedKey,
    encrypted: bool,
    source: &PassphraseArgs,
) -> Result<Option<Passphrase>, Failure> {
    let is_root = read_metadata(&key.paths.metadata).ok().flatten().is_some_and(|metadata| metadata.is_root());
    let source = if is_root { source.for_root() } else { source.clone() };
    if !encrypted {
        Ok(None)
    } else if io::stdin().is_terminal() {
        source.get(&key.kid).map(Some)
    } else {
        source.without_asking()
    }
}

/// The public key, if it can be read; whether its metadata agrees is reported.
fn check_public(key: &NamedKey, report: &mut Report<'_>) -> Option<[u8; 32]> {
    if !key.paths.public.exists() {
        report.add(Level::Problem, "the public key is not here");
        return None;
    }
    let public = report.or_problem(read_public(&key.paths.public))?;
    match report.or_problem(read_metadata(&key.paths.metadata)) {
        None => {}
        Some(None) => report.add(Level::Note, "there is no metadata file"),
        Some(Some(metadata)) if metadata.kid == key.kid && metadata.thumbprint == thumbprint(&public) => {
            report.add(Level::Ok, "the metadata belongs to the public key");
        }
        Some(Some(_)) => report.add(Level::Problem, "the metadata belongs to another key"),
    }
    Some(public)
}

/// What is said about a folder that is compiled into wheels.
fn check_folder(folder: &Path, keys: &[NamedKey], findings: &mut Vec<Finding>) {
    let mut report = Report { about: "keyring.toml", findings };
    match keyrings::of_folder(folder) {
        Ok(None) => {}
        Ok(Some(_)) => report.add(Level::Ok, "the keyring can be read"),
        Err(failure) => report.add(Level::Problem, failure.what()),
    }
    if folder.join("keyring.toml").exists() && keys.iter().any(|key| key.paths.private.exists()) {
        report
            .add(Level::Problem, "a private key lies in a folder that is compiled into wheels; the build refuses that");
    }
}

/// One root alone cannot be replaced when it is lost. What cannot be read has been told about before.
fn check_roots(folder: &Path, findings: &mut Vec<Finding>) {
    let Ok(known) = KeyFolder::read(folder) else { return };
    let in_keyring = keyrings::of_folder(folder).ok().flatten();
    let roots: Vec<&str> = match &in_keyring {
        Some(keyring) => keyring.iter().filter(|key| key.is_root()).map(aegis_core::Key::kid).collect(),
        None if known.keeps_roots() => known.roots(),
        // A place of its own for each root, as it should be, or its public half alone.
        None => return,
    };
    if let Some(text) = warns_of_one_root(&roots) {
        Report { about: "roots", findings }.add(Level::Warning, text);
    }
}

fn table(findings: &[Finding]) -> String {
    let word = |level| match level {
        Level::Ok => "ok",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Problem => "PROBLEM",
    };
    let width = findings.iter().map(|finding| finding.about.len()).max().unwrap_or(0);
    let line = |finding: &Finding| format!("{:width$}  {:7}  {}\n", finding.about, word(finding.level), finding.text);
    findings.iter().map(line).collect()
}
