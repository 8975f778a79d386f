//! `aegis license`

mod import;
mod inspect;
mod issue;
mod list;
mod preview;
mod reissue;
mod request;
mod show;
mod summary;
mod trust;
mod verify;

use clap::Subcommand;

use super::ledger_args::LedgerArgs;
use crate::failure::Failure;
use crate::output::Outcome;

/// `aegis license …`
#[derive(Debug, Subcommand)]
pub(crate) enum LicenseCommand {
    /// Issue a license: sign it, verify it, write it into the ledger, print it
    Issue(Box<issue::IssueArgs>),
    /// Issue licenses again: all that a stolen key has signed, or one for another instance
    Reissue(reissue::ReissueArgs),
    /// Show what will happen when: every future change of a license, before it is issued
    Preview(Box<preview::PreviewArgs>),
    /// Show what a license, a certificate or a revocation list says, without verifying it
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
            Self::Reissue(arguments) => reissue::run(&arguments),
            Self::Preview(arguments) => preview::run(&arguments),
            Self::Inspect(arguments) => inspect::run(&arguments),
            Self::Verify(arguments) => verify::run(&arguments),
            Self::List(arguments) => list::run(&arguments),
            Self::Show(arguments) => show::run(&arguments),
            Self::Import(arguments) => import::run(&arguments),
        }
    }
}
