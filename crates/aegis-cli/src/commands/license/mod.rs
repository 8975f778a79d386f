//! `aegis license`

mod import;
mod inspect;
mod issue;
mod list;
mod request;
mod show;
mod signing_key;
mod summary;
mod verify;

use std::path::{Path, PathBuf};

use aegis_issuer::Error;
use aegis_issuer::ledger::{LEDGER_FILE, Ledger, LedgerContent};
use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::{Outcome, warn};

/// `aegis license …`
#[derive(Debug, Subcommand)]
pub(crate) enum LicenseCommand {
    /// Issue a license: sign it, verify it, write it into the ledger, print it
    Issue(Box<issue::IssueArgs>),
    /// Show what a license says, without verifying it
    Inspect(inspect::InspectArgs),
    /// Verify a license as a customer's Odoo does
    Verify(verify::VerifyArgs),
    /// List the licenses in the ledger
    List(list::ListArgs),
    /// Show one license of the ledger
    Show(show::ShowArgs),
    /// Bring licenses issued elsewhere into the ledger
    Import(import::ImportArgs),
}

impl LicenseCommand {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Issue(arguments) => issue::run(&arguments),
            Self::Inspect(arguments) => inspect::run(&arguments),
            Self::Verify(arguments) => verify::run(&arguments),
            Self::List(arguments) => list::run(&arguments),
            Self::Show(arguments) => show::run(&arguments),
            Self::Import(arguments) => import::run(&arguments),
        }
    }
}

/// Which ledger.
#[derive(Debug, Args)]
struct LedgerArgs {
    /// The ledger file
    #[arg(long, value_name = "FILE", default_value_os_t = Path::new("keys").join(LEDGER_FILE))]
    ledger: PathBuf,
}

impl LedgerArgs {
    fn ledger(&self) -> Ledger {
        Ledger::at(&self.ledger)
    }

    /// Reads the ledger and warns of unreadable lines.
    fn read(&self) -> Result<LedgerContent, Failure> {
        let content = self.ledger().read()?;
        self.warn_of(&content.damage);
        Ok(content)
    }

    fn warn_of(&self, damage: &[Error]) {
        for damage in damage {
            warn(format!("{}: {damage}", self.ledger.display()));
        }
    }
}
