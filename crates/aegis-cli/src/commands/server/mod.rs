//! The license server: `aegis serve`, and the commands that look after its database.

mod api_keys;
mod archive;
mod audit;
mod backup;
mod database;
mod doctor;
mod export;
mod import;
mod migrate;
mod restore;
mod serve;
mod signers;
mod trust;

use std::path::PathBuf;

use aegis_storage::{Instant, Note, Subject};
use chrono::{SubsecRound as _, Utc};
use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Outcome;
use crate::settings::Settings;

/// Who changes something, for the audit log.
const ACTOR: &str = "command line";

/// The commands of the license server.
#[derive(Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// Start the license server, until Ctrl-C
    Serve(serve::ServeArgs),
    /// Make or renew the tables of the server's database
    Migrate(migrate::MigrateArgs),
    /// Make, list and revoke the keys that open the server's API
    #[command(subcommand)]
    ApiKeys(api_keys::ApiKeysCommand),
    /// The server's audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Check settings, database, signing keys, clock and file modes of the server
    Doctor(doctor::DoctorArgs),
    /// Bring the licenses and revocations of a ledger into the server's database
    Import(import::ImportArgs),
    /// Write the licenses and revocations of the server's database as a ledger
    Export(export::ExportArgs),
    /// Keep an encrypted copy of keys, certificates and the embedded database
    Backup(backup::BackupArgs),
    /// Unpack what `aegis backup` has kept
    Restore(restore::RestoreArgs),
}

impl ServerCommand {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Serve(arguments) => serve::run(&arguments),
            Self::Migrate(arguments) => migrate::run(&arguments),
            Self::ApiKeys(command) => command.run(),
            Self::Audit(command) => command.run(),
            Self::Doctor(arguments) => doctor::run(&arguments),
            Self::Import(arguments) => import::run(&arguments),
            Self::Export(arguments) => export::run(&arguments),
            Self::Backup(arguments) => backup::run(&arguments),
            Self::Restore(arguments) => restore::run(&arguments),
        }
    }
}

/// Where the settings are.
#[derive(Debug, Args)]
struct SettingsArgs {
    /// File of settings (default: that in AEGIS_CONFIG, else none); variables of the environment win over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl SettingsArgs {
    fn read(&self) -> Result<Settings, Failure> {
        Settings::read(self.config.as_deref())
    }
}

/// The present, to the second.
fn present() -> Instant {
    Utc::now().trunc_subsecs(0)
}

/// A row of the audit log.
fn audit_note(action: &'static str, kind: &'static str, id: &str, detail: serde_json::Value) -> Note {
    Note { actor: ACTOR.to_owned(), action, subject: Subject { kind, id: id.to_owned() }, detail }
}
