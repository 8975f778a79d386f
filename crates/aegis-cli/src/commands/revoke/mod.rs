//! `aegis revoke`

mod add;
mod list;
mod sign;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Outcome;

/// `aegis revoke …`
#[derive(Debug, Subcommand)]
pub(crate) enum RevokeCommand {
    /// Write down that licenses, or a key, are revoked; customers learn of it by the next list
    Add(add::AddArgs),
    /// List what was revoked, and what the next list will name
    List(list::ListArgs),
    /// Sign the next revocation list, keep it and print it
    Sign(sign::SignArgs),
}

impl RevokeCommand {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Add(arguments) => add::run(&arguments),
            Self::List(arguments) => list::run(&arguments),
            Self::Sign(arguments) => sign::run(&arguments),
        }
    }
}
