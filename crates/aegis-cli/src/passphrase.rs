//! Where a passphrase comes from: a file, the environment, or a person.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use aegis_issuer::keyfile::Passphrase;
use clap::Args;
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::interrupt;
use crate::output::note;

const VARIABLE: &str = "AEGIS_PASSPHRASE";
const ROOT_VARIABLE: &str = "AEGIS_ROOT_PASSPHRASE";

/// No passphrase file is larger.
const MAX_FILE: usize = 64 * 1024;

/// How to get the passphrase of a private key.
#[derive(Debug, Clone, Args)]
pub(crate) struct PassphraseArgs {
    /// Take the passphrase from the first line of this file (else from the environment variable AEGIS_PASSPHRASE, else
    /// it is asked for)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[arg(skip = VARIABLE)]
    variable: &'static str,
}

/// How to get the passphrase of a root key, where that of another key may be needed too.
#[derive(Debug, Args)]
pub(crate) struct RootPassphraseArgs {
    /// Take the root's passphrase from the first line of this file (else from the environment variable
    /// AEGIS_ROOT_PASSPHRASE, else it is asked for)
    #[arg(long, value_name = "FILE")]
    root_passphrase_file: Option<PathBuf>,
}

impl RootPassphraseArgs {
    pub(crate) fn source(&self) -> PassphraseArgs {
        PassphraseArgs { passphrase_file: self.root_passphrase_file.clone(), variable: ROOT_VARIABLE }
    }
}

impl PassphraseArgs {
    /// From this file, else from the environment.
    #[cfg(feature = "server")]
    pub(crate) fn of_file(passphrase_file: Option<PathBuf>) -> Self {
        Self { passphrase_file, variable: VARIABLE }
    }

    /// The same for a root: its own variable counts where it is set, so that both passphrases can be in the environment.
    pub(crate) fn for_root(&self) -> Self {
        let variable = if env::var_os(ROOT_VARIABLE).is_some() { ROOT_VARIABLE } else { self.variable };
        Self { variable, ..self.clone() }
    }

    /// The passphrase from the file or the environment, if one is there.
    pub(crate) fn without_asking(&self) -> Result<Option<Passphrase>, Failure> {
        match &self.passphrase_file {
            Some(path) => first_line(path).map(Some),
            None => from_environment(self.variable),
        }
    }

    /// The passphrase of an existing key.
    pub(crate) fn get(&self, key_name: &str) -> Result<Passphrase, Failure> {
        match self.without_asking()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase of {key_name}: "), self.variable),
        }
    }

    /// A passphrase for a new key: asked for twice, and not empty.
    pub(crate) fn get_new(&self, key_name: &str) -> Result<Passphrase, Failure> {
        if let Some(passphrase) = self.without_asking()? {
            return Ok(passphrase);
        }
        let first = ask(&format!("New passphrase for {key_name}: "), self.variable)?;
        if first.expose_secret().is_empty() {
            return Err(aegis_issuer::Error::EmptyPassphrase.into());
        }
        let second = ask("The same again: ", self.variable)?;
        if first.expose_secret() == second.expose_secret() {
            return Ok(first);
        }
        Err(Failure::new("the two passphrases differ; no key was made", "start again and type the same one twice"))
    }
}

fn first_line(path: &Path) -> Result<Passphrase, Failure> {
    let unreadable = |reason: String| {
        let remedy = "give a text file whose first line is the passphrase";
        // What is no file may be the passphrase itself.
        let name = if path.exists() { path.display().to_string() } else { "the passphrase file".to_owned() };
        Failure::new(format!("cannot read the passphrase from {name}: {reason}"), remedy)
    };
    // Large enough from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE + 1));
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let size = file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if size > MAX_FILE {
        return Err(unreadable("it is larger than 64 KiB".to_owned()));
    }
    let text = str::from_utf8(&bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))?;
    Ok(Passphrase::from(text.lines().next().unwrap_or_default()))
}

fn from_environment(variable: &str) -> Result<Option<Passphrase>, Failure> {
    match env::var(variable) {
        Ok(passphrase) => Ok(Some(Passphrase::from(passphrase))),
        Err(env::VarError::NotPresent) => Ok(None),
        // The value itself is in the error and must not be shown.
        Err(env::VarError::NotUnicode(_)) => Err(Failure::new(format!("{variable} is not UTF-8 text"), "set it again")),
    }
}

fn ask(prompt: &str, variable: &str) -> Result<Passphrase, Failure> {
    // On Ctrl-C rpassword sends SIGINT to this program before it has put the terminal back in order.
    let (answer, interrupted) = interrupt::hold(|| rpassword::prompt_password(prompt).map(Passphrase::from));
    if interrupted {
        return Err(Failure::interrupted());
    }
    answer.map_err(|error| {
        let flag = if variable == ROOT_VARIABLE { "--root-passphrase-file" } else { "--passphrase-file" };
        let remedy = format!("give it with {flag} FILE or in the environment variable {variable}");
        match error.kind() {
            io::ErrorKind::Interrupted => Failure::interrupted(),
            // Ctrl-D, which leaves the cursor behind the prompt.
            io::ErrorKind::UnexpectedEof => {
                if io::stderr().is_terminal() {
                    note("");
                }
                Failure::new("no passphrase was given", format!("type it, or {remedy}"))
            }
            _ => Failure::new("a passphrase is needed, and there is no terminal to ask for it", remedy),
        }
    })
}
