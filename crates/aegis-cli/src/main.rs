//! The `aegis` command: keys and licenses for vendors of Odoo modules.
#![allow(clippy::doc_markdown, reason = "the doc comments of arguments are printed as their help")]

mod commands;
mod failure;
mod input;
mod keyrings;
mod output;
mod passphrase;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;

/// Keys and licenses for vendors of Odoo modules.
#[derive(Debug, Parser)]
#[command(name = "aegis", version, arg_required_else_help = true, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Exits with 0 when all is well, 1 when not, 2 when the command line is wrong.
fn main() -> ExitCode {
    let result = Arguments::parse().command.run().and_then(output::Outcome::print);
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output::note(&failure.to_string());
            ExitCode::from(failure.exit_code())
        }
    }
}
