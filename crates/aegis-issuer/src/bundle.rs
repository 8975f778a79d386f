//! One text for a customer: licenses with all that is needed to read them, one token a line.

use std::borrow::Cow;
use std::fmt::Write as _;

use aegis_core::{Keyring, Kind, check_key_scope, open, split_bundle};

use crate::Error;

/// A token, and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// One line in plain words.
    pub heading: String,
    /// The token.
    pub token: String,
}

impl Part {
    /// A token under a heading.
    #[must_use]
    pub fn new(heading: impl Into<String>, token: impl Into<String>) -> Self {
        Self { heading: heading.into(), token: token.into() }
    }
}

/// The text for a customer: each part once, and made sure that the customer's Odoo finds every token in it.
///
/// # Errors
/// [`Error::BadBundle`].
pub fn bundle(parts: &[Part]) -> Result<String, Error> {
    let mut tokens: Vec<&str> = Vec::new();
    let mut text = String::new();
    for Part { heading, token } in parts {
        if !tokens.contains(&token.as_str()) {
            tokens.push(token);
            // Writing to a string cannot fail.
            let _ = write!(text, "{}\n{token}\n\n", harmless(heading));
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    check(&text, &tokens)?;
    Ok(text)
}

/// A heading in one line that nobody takes for a token, whatever names it repeats.
fn harmless(heading: &str) -> Cow<'_, str> {
    let proper = !heading.contains(char::is_control) && !heading.contains("eyJ");
    if proper { heading.into() } else { heading.replace("eyJ", "e.y.J").replace(char::is_control, " ").into() }
}

fn check(text: &str, tokens: &[&str]) -> Result<(), Error> {
    let found = split_bundle(text).map_err(|error| Error::BadBundle(error.to_string()))?;
    let same = found.len() == tokens.len()
        && found.iter().zip(tokens).all(|(found, token)| matches!(found, Ok(found) if found == token));
    if same { Ok(()) } else { Err(Error::BadBundle("a token in it would not be found".to_owned())) }
}

/// The certificate that a license or a revocation list needs: the last of `certificates` by which it verifies, all else
/// being in `roots`.
#[must_use]
pub fn certificate_for<'c>(token: &str, certificates: &'c [String], roots: &Keyring) -> Option<&'c str> {
    let serves = |certificate: &&String| {
        let (keyring, trust) = roots.with_trust(&format!("{certificate}\n{token}"));
        let as_list = trust.iter().any(|found| found.kind == Kind::RevocationList && found.content.is_ok());
        as_list || open(token, &keyring).is_ok_and(|license| check_key_scope(&license, &keyring).is_ok())
    };
    certificates.iter().rev().find(serves).map(String::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn token(letter: &str) -> String {
        format!("eyJhbGciOiJ4In0.eyJh{letter}.{}", letter.repeat(86))
    }

    #[test]
    fn every_token_is_found_under_its_heading() {
        let parts = [Part::new("One", token("A")), Part::new("Two", token("B"))];
        let text = bundle(&parts).unwrap();
        assert_eq!(text, format!("One\n{}\n\nTwo\n{}\n", token("A"), token("B")));
    }

    #[test]
    fn a_token_is_in_it_once() {
        let parts = [Part::new("One", token("A")), Part::new("Again", token("A"))];
        assert_eq!(bundle(&parts).unwrap().matches("eyJhbGci").count(), 1);
    }

    #[test]
    fn a_heading_is_never_taken_for_a_token() {
        for heading in ["License for eyJ.a.b", "eyJhbGciOiJ4In0.eyJhIn0.AAAA", "two\nlines", "eyJude"] {
            let text = bundle(&[Part::new(heading, token("A")), Part::new(heading, token("B"))]).unwrap();
            assert_eq!(split_bundle(&text).unwrap().len(), 2, "{text}");
        }
    }

    #[test]
    fn what_customers_would_not_read_is_refused() {
        assert!(matches!(bundle(&[Part::new("One", "eyJhbGci.eyJh.AAAA")]), Err(Error::BadBundle(_))));
        let many: Vec<Part> = (0..300).map(|number| Part::new("One", token(&format!("A{number:04}")[..1]))).collect();
        assert!(bundle(&many).is_ok(), "all the same");
    }
}
