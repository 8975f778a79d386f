//! The subcommands, one file each.

mod bundle;
mod keys;
mod ledger_args;
mod license;
mod revoke;
#[cfg(feature = "server")]
mod server;

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
    /// Revoke licenses and keys
    #[command(subcommand)]
    Revoke(revoke::RevokeCommand),
    /// Put together what a customer needs, as one text to paste
    Bundle(bundle::BundleArgs),
    #[cfg(feature = "server")]
    #[command(flatten)]
    Server(server::ServerCommand),
}

impl Command {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Keys(command) => command.run(),
            Self::License(command) => command.run(),
            Self::Revoke(command) => command.run(),
            Self::Bundle(arguments) => bundle::run(&arguments),
            #[cfg(feature = "server")]
            Self::Server(command) => command.run(),
        }
    }
}
