//! The subcommands, one file each.

mod keys;
mod license;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Outcome;

/// What the command can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make and look after signing keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Issue licenses and look after those issued
    #[command(subcommand)]
    License(license::LicenseCommand),
}

impl Command {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Keys(command) => command.run(),
            Self::License(command) => command.run(),
        }
    }
}
