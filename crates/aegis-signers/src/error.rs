//! The one error type of this crate: a sentence saying what went wrong, and a remedy.

use aegis_issuer::SignError;

/// Why a signing key cannot be opened or used.
///
/// `Display` says what happened, [`Error::remedy`] what to do about it. Neither ever contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of a signing key cannot be read.
    #[error("this is no address of a signing key: {what}")]
    BadAddress {
        /// What is wrong with it.
        what: String,
        /// What to write instead.
        remedy: String,
    },
    /// A key file cannot be read.
    #[error("{what}")]
    File {
        /// Which, and what is wrong with it.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// A setting is missing or cannot be used.
    #[error("{what}")]
    Setting {
        /// Which, and what is wrong.
        what: String,
        /// What to set.
        remedy: String,
    },
    /// The place where the key is cannot be reached now. It may answer later.
    #[error("{what}")]
    Unavailable {
        /// What did not answer, and how that showed.
        what: String,
        /// What to look at.
        remedy: String,
    },
    /// The place where the key is does not let us use it, or it is not there. Trying again does not help.
    #[error("{what}")]
    Refused {
        /// What was refused.
        what: String,
        /// What to change.
        remedy: String,
    },
}

impl Error {
    /// What to do about it, in one sentence.
    #[must_use]
    pub fn remedy(&self) -> &str {
        match self {
            Self::BadAddress { remedy, .. }
            | Self::File { remedy, .. }
            | Self::Setting { remedy, .. }
            | Self::Unavailable { remedy, .. }
            | Self::Refused { remedy, .. } => remedy,
        }
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    pub(crate) fn bad_address(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::BadAddress { what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn setting(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Setting { what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn unavailable(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn refused(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), remedy: remedy.into() }
    }
}

impl From<aegis_issuer::Error> for Error {
    fn from(error: aegis_issuer::Error) -> Self {
        Self::File { what: error.to_string(), remedy: error.remedy().to_owned() }
    }
}

/// What those who sign are told: the trait has no place for a remedy, so that it goes into the sentence.
impl From<Error> for SignError {
    fn from(error: Error) -> Self {
        let text = format!("{error} ({})", error.remedy());
        if error.is_transient() { Self::Unavailable(text) } else { Self::Refused(text) }
    }
}

/// What a service said, fit to be shown in a sentence: one line, and not long.
pub(crate) fn said(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { "nothing".to_owned() } else { line.chars().take(200).collect() }
}
