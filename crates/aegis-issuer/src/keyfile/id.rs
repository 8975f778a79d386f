//! Key ids and issuer names.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// A key id: 1 to 64 characters of `[A-Za-z0-9._-]` beginning with a letter or digit, so that it is a file name anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        let characters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if begins_well && characters && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::BadKeyId(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Checks that `issuer` can be an issuer: 1 to 128 characters, no control characters, no white space around it.
///
/// # Errors
/// [`Error::BadIssuer`].
pub fn check_issuer(issuer: &str) -> Result<(), Error> {
    let length = issuer.chars().count();
    if (1..=128).contains(&length) && issuer.trim() == issuer && !issuer.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Error::BadIssuer(issuer.chars().take(140).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_is_a_safe_file_name() {
        for good in ["a", "9", "acme-2027-01", "A.b_c-d", &"k".repeat(64)] {
            assert!(good.parse::<KeyId>().is_ok(), "{good}");
        }
        for bad in ["", ".hidden", "-rf", "_x", "a/b", "..", "a b", "é", "a\n", &"k".repeat(65)] {
            assert!(matches!(bad.parse::<KeyId>(), Err(Error::BadKeyId(_))), "{bad}");
        }
    }

    #[test]
    fn an_issuer_is_one_clean_line() {
        assert!(check_issuer("acme.example").is_ok());
        assert!(check_issuer("Müller & Söhne").is_ok());
        for bad in ["", " acme", "acme ", "a\nb", &"x".repeat(129)] {
            assert!(matches!(check_issuer(bad), Err(Error::BadIssuer(_))), "{bad}");
        }
    }
}
