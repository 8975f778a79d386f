//! Values of flags, whose errors say what to write instead.

use aegis_core::{KeyUse, ModulePattern};
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

/// The same time as the database has it.
#[cfg(feature = "server")]
pub(crate) fn instant(seconds: i64) -> Result<chrono::DateTime<chrono::Utc>, Error> {
    chrono::DateTime::from_timestamp(seconds, 0).ok_or(Error::TimeOutOfRange)
}

/// The id of a key.
pub(crate) fn key_id(text: &str) -> Result<KeyId, String> {
    text.parse().map_err(with_remedy)
}

/// A number of days, users or companies.
pub(crate) fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("write a whole number from 0 to {}, in digits alone, such as 30", u32::MAX))
}

/// What a certified key may be for.
pub(crate) fn certified_use(text: &str) -> Result<KeyUse, String> {
    let known = KeyUse::parse(text.trim()).filter(|key_use| *key_use != KeyUse::Certify);
    known.ok_or_else(|| "write license, revocation, or license,revocation".to_owned())
}

/// A module, or a group of modules whose names begin alike.
pub(crate) fn pattern(text: &str) -> Result<ModulePattern, String> {
    let remedy = "use technical names (letters, digits, _), or their beginning followed by *, separated by commas";
    ModulePattern::parse(text.trim()).ok_or_else(|| remedy.to_owned())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn with_remedy(error: Error) -> String {
    format!("{error}; {}", error.remedy())
}
