//! `<kid>.certificate` beside a key: the certificates that roots have signed for it, one a line, the newest last.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::files::{read_limited, sync_parent};
use crate::Error;

/// The certificates in a file, the newest last; none when there is no such file. Nothing is verified here.
///
/// # Errors
/// [`Error::Io`], [`Error::FileTooLarge`], and [`Error::InFile`] with [`Error::NotAToken`] when a part is cut short.
pub fn read_certificates(path: &Path) -> Result<Vec<String>, Error> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read_limited(path)?;
    let wrong = |error: aegis_core::Error| Error::in_file(path)(Error::NotAToken(error.to_string()));
    let tokens = aegis_core::split_bundle(&text).map_err(wrong)?;
    let tokens: Vec<String> = tokens
        .into_iter()
        .map(|token| token.map(std::borrow::Cow::into_owned))
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    if tokens.is_empty() { Err(wrong(aegis_core::Error::NoToken)) } else { Ok(tokens) }
}

/// Adds a certificate to a file, which is made if need be, and flushes it to disk.
///
/// # Errors
/// [`Error::Io`].
pub fn add_certificate(path: &Path, token: &str) -> Result<(), Error> {
    let fault = |error| Error::io("write", path, error);
    let is_new = !path.exists();
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(fault)?;
    // One write, so that a line is there as a whole or not at all.
    file.write_all(format!("{token}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    if is_new { sync_parent(path) } else { Ok(()) }
}
