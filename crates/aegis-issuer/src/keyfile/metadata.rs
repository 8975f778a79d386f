//! `<kid>.json` beside a key: whose it is and when it was made. Nothing in it is secret.

use std::fs;
use std::io;
use std::path::Path;

use aegis_core::KeyUse;
use serde::{Deserialize, Serialize};

use crate::Error;

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyMetadata {
    /// The key id.
    pub kid: String,
    /// The issuer the key speaks for: `iss` of what it signs.
    pub issuer: String,
    /// When it was made, RFC 3339 in UTC.
    pub created: String,
    /// The key's thumbprint (RFC 7638).
    pub thumbprint: String,
    /// What the key is for: `license`; of a root `certify` and `revocation`.
    #[serde(rename = "use")]
    pub uses: Vec<String>,
}

/// Reads a metadata file; `None` when there is none.
///
/// # Errors
/// [`Error::Io`], [`Error::InFile`] with [`Error::BadMetadata`].
pub fn read_metadata(path: &Path) -> Result<Option<KeyMetadata>, Error> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path, error)),
    };
    let metadata =
        serde_json::from_str(&text).map_err(|error| Error::in_file(path)(Error::BadMetadata(error.to_string())))?;
    Ok(Some(metadata))
}

impl KeyMetadata {
    /// Whether the key is a root: one that certifies others.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.may(KeyUse::Certify)
    }

    /// Whether the key is for `key_use`.
    #[must_use]
    pub fn may(&self, key_use: KeyUse) -> bool {
        self.uses.iter().any(|word| word == key_use.as_str())
    }

    /// The lines for `keyring.toml` that make wheels trust the key, with an example of how to limit it.
    ///
    /// Uses other than the default, `license`, are named.
    #[must_use]
    pub fn keyring_entry(&self) -> String {
        // A JSON string is a TOML basic string (TOML 1.0, "String"): same quotes, same escapes.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let bare = |letter: u8| letter.is_ascii_alphanumeric() || b"_-".contains(&letter);
        let kid = &self.kid;
        let name = if !kid.is_empty() && kid.bytes().all(bare) { kid.clone() } else { quoted(kid) };
        let issuer = quoted(&self.issuer);
        let words: Vec<String> = self.uses.iter().map(|word| quoted(word)).collect();
        let uses = if self.uses == ["license"] { String::new() } else { format!("use = [{}]\n", words.join(", ")) };
        format!("[{name}]\nissuer = {issuer}\n{uses}# modules = [\"acme_*\"]   # what this key may license\n")
    }
}
