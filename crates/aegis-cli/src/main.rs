//! The `aegis` command: keys and licenses for vendors of Odoo modules, and the license server.
#![allow(clippy::doc_markdown, reason = "the doc comments of arguments are printed as their help")]

mod commands;
mod companions;
mod failure;
mod input;
mod interrupt;
mod key_folder;
mod keyrings;
mod licenses;
mod output;
mod passphrase;
#[cfg(feature = "server")]
mod settings;
mod signing_key;
mod values;
mod write;

use std::env;
use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;
use crate::failure::Failure;

/// Keys and licenses for vendors of Odoo modules.
#[derive(Debug, Parser)]
#[command(name = "aegis", version, arg_required_else_help = true, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Exits with 0 when all is well, 1 when not, 2 when the command line is wrong, 78 when the server cannot start
/// until somebody changes something, 130 after Ctrl-C at a prompt or in a backup.
fn main() -> ExitCode {
    let result = arguments().and_then(|arguments| arguments.command.run()).and_then(output::Outcome::print);
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            if !failure.is_quiet() {
                output::note(&failure.to_string());
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The command line. Where it is wrong, clap says so and exits, unless a license is in it: clap would repeat that.
fn arguments() -> Result<Arguments, Failure> {
    Arguments::try_parse().map_err(|error| {
        let holds_license = env::args_os().any(|argument| argument.to_string_lossy().contains("eyJ"));
        if !(error.use_stderr() && holds_license) {
            error.exit();
        }
        let what = format!("{}; a license is among the arguments, which are not repeated here", error.kind());
        Failure::usage(what, "save the license in a file and name that, or pipe it in; --help shows the arguments")
    })
}
