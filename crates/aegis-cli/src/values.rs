//! Values of flags, whose errors say what to write instead.

use aegis_issuer::keyfile::KeyId;
use aegis_issuer::{Error, dates};

/// A day or an instant at which something begins.
pub(crate) fn start(text: &str) -> Result<i64, String> {
    dates::parse_start(text).map_err(with_remedy)
}

/// A day or an instant at which something ends.
pub(crate) fn end(text: &str) -> Result<i64, String> {
    dates::parse_end(text).map_err(with_remedy)
}

/// The id of a key.
pub(crate) fn key_id(text: &str) -> Result<KeyId, String> {
    text.parse().map_err(with_remedy)
}

/// A number of days, users or companies.
pub(crate) fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("write a whole number from 0 to {}, in digits alone, such as 30", u32::MAX))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn with_remedy(error: Error) -> String {
    format!("{error}; {}", error.remedy())
}
