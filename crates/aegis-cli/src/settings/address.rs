//! The address of the database.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use crate::failure::Failure;

/// What is shown in place of a secret.
const HIDDEN: &str = "***";

/// Where the database is. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseAddress {
    text: String,
}

impl DatabaseAddress {
    /// Reads `postgres://…` or `sqlite://FILE`.
    pub(super) fn parse(text: String) -> Result<Self, Failure> {
        let address = Self { text };
        let known = ["postgres://", "postgresql://", "sqlite:"];
        if !known.iter().any(|scheme| address.text.starts_with(scheme)) || address.text.starts_with("sqlite::memory") {
            return Err(bad("it begins neither with postgres:// nor with sqlite://"));
        }
        if address.file().is_none() && Url::parse(&address.text).is_err() {
            return Err(bad(
                "it is no URL; characters such as @, : and / in a password are written as %40, %3A and %2F",
            ));
        }
        Ok(address)
    }

    /// The database in this file.
    pub(super) fn of_file(file: &Path) -> Result<Self, Failure> {
        let path = file.to_str().ok_or_else(|| bad("the path of the data folder is not UTF-8"))?;
        // What ends the path of a URL, and what begins an escape.
        let path = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        Ok(Self { text: format!("sqlite://{path}") })
    }

    /// The whole address, password and all.
    pub(crate) fn secret(&self) -> &str {
        &self.text
    }

    /// The file of an embedded database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let path = self.text.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        Some(PathBuf::from(unescaped(path)))
    }

    /// A message of the database without the password, should it be in there.
    pub(crate) fn scrubbed(&self, message: &str) -> String {
        let password = Url::parse(&self.text).ok().and_then(|url| url.password().map(str::to_owned));
        let mut scrubbed = message.replace(&self.text, &self.to_string());
        for secret in password.iter().flat_map(|password| [password.clone(), unescaped(password)]) {
            if !secret.is_empty() {
                scrubbed = scrubbed.replace(&secret, HIDDEN);
            }
        }
        scrubbed
    }
}

fn bad(why: &str) -> Failure {
    let remedy = "write postgres://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:///PATH/OF/FILE in AEGIS_DATABASE_URL";
    Failure::new(format!("the address of the database is not understood: {why}"), remedy)
}

/// Undoes `%41`.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| first == b'%').and_then(|digits| str::from_utf8(digits).ok());
        let byte = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = byte.and_then(|_| after.get(2..)).unwrap_or(after);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Without the password, wherever it is.
impl fmt::Display for DatabaseAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file().is_some() {
            return out.write_str(&self.text);
        }
        let Ok(mut url) = Url::parse(&self.text) else { return out.write_str(HIDDEN) };
        // Neither fails for an address that has a host.
        if url.password().is_some() && url.set_password(Some(HIDDEN)).is_err() {
            return out.write_str(HIDDEN);
        }
        let is_secret = |name: &str| name.to_ascii_lowercase().contains("pass");
        if url.query_pairs().any(|(name, _)| is_secret(&name)) {
            let shown: Vec<(String, String)> = url
                .query_pairs()
                .map(|(name, value)| {
                    let value = if is_secret(&name) { HIDDEN.into() } else { value };
                    (name.into_owned(), value.into_owned())
                })
                .collect();
            url.query_pairs_mut().clear().extend_pairs(shown);
        }
        out.write_str(url.as_str())
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::path::{Path, PathBuf};

    use super::DatabaseAddress;

    fn address(text: &str) -> DatabaseAddress {
        DatabaseAddress::parse(text.to_owned()).unwrap()
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://aegis:s3cret@db:5432/aegis",
            "postgres://db/aegis?user=aegis&password=s3cret",
            "postgresql://aegis:s3cret@db/aegis?sslmode=require",
        ] {
            let address = address(text);
            let (shown, debug) = (address.to_string(), format!("{address:?}"));
            assert!(!shown.contains("s3cret") && shown.contains("***") && shown.contains("db"), "{shown}");
            assert!(!debug.contains("s3cret"), "{debug}");
            assert_eq!(address.secret(), text);
        }
        let shown = address("postgres://aegis:p%40ss@db/aegis").scrubbed("refused: p@ss, p%40ss");
        assert_eq!(shown, "refused: ***, ***");
    }

    #[test]
    fn a_file_is_found_again_whatever_its_name() {
        for path in ["/var/lib/aegis/aegis.db", "/tmp/100% sure?/a#b.db", "relative/aegis.db"] {
            let there_and_back = DatabaseAddress::of_file(Path::new(path)).unwrap().file();
            assert_eq!(there_and_back, Some(PathBuf::from(path)));
        }
        assert_eq!(address("sqlite:///tmp/a.db?mode=ro").file(), Some(PathBuf::from("/tmp/a.db")));
        assert_eq!(address("postgres://db/aegis").file(), None);
    }

    #[test]
    fn an_address_of_something_else_is_refused() {
        for text in ["mysql://db/aegis", "aegis.db", "", "postgres://a:b/c@host:99999/x", "sqlite::memory:"] {
            assert!(DatabaseAddress::parse(text.to_owned()).is_err(), "{text}");
        }
    }
}
