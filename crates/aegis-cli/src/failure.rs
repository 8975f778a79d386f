//! How a command fails: what happened, what to do about it, and the exit code.

use std::fmt;

/// A failure, printed as `error: …` and `help: …`. Neither ever contains a secret or a token.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    remedy: String,
    exit_code: u8,
}

impl Failure {
    /// Something is wrong with the world: exit code 1.
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), exit_code: 1 }
    }

    /// Something is wrong with the command line: exit code 2.
    pub(crate) fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { exit_code: 2, ..Self::new(what, remedy) }
    }

    /// The same when trying again mends nothing: exit code 78, "configuration error" in sysexits.h. What starts the
    /// server is not to start it again: a token locks itself after a few wrong PINs.
    #[cfg(feature = "server")]
    pub(crate) fn for_good(self) -> Self {
        Self { exit_code: 78, ..self }
    }

    /// Somebody pressed Ctrl-C, or sent a signal, and knows why: exit code 130, as shells have it, and nothing is said.
    pub(crate) fn interrupted() -> Self {
        Self { exit_code: 130, ..Self::new("", "") }
    }

    /// Whether there is nothing to print.
    pub(crate) fn is_quiet(&self) -> bool {
        self.what.is_empty()
    }

    /// What happened, without `error:`.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it, without `help:`.
    #[cfg(feature = "server")]
    pub(crate) fn remedy(&self) -> &str {
        &self.remedy
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "error: {}", self.what)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(out, "\nhelp: {}", self.remedy) }
    }
}

impl From<aegis_issuer::Error> for Failure {
    fn from(error: aegis_issuer::Error) -> Self {
        Self::new(error.to_string(), error.remedy())
    }
}
