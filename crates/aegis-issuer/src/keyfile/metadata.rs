//! `<kid>.json` beside a key: whose it is and when it was made. Nothing in it is secret.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

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
    /// What the key is for: `license`.
    #[serde(rename = "use")]
    pub uses: Vec<String>,
}

/// The RFC 7638 thumbprint of an Ed25519 public key: SHA-256 over its required JWK members (RFC 8037 §2), base64url.
#[must_use]
pub fn thumbprint(public_key: [u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public_key);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
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

/// The lines for `keyring.toml` that make wheels trust the key, with an example of how to limit it.
#[must_use]
pub fn keyring_entry(kid: &str, issuer: &str) -> String {
    // A JSON string is a TOML basic string (TOML 1.0, "String"): same quotes, same escapes.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let bare = |letter: u8| letter.is_ascii_alphanumeric() || b"_-".contains(&letter);
    let name = if !kid.is_empty() && kid.bytes().all(bare) { kid.to_owned() } else { quoted(kid) };
    let issuer = quoted(issuer);
    format!("[{name}]\nissuer = {issuer}\n# modules = [\"acme_*\"]   # what this key may license\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_8037_appendix_a_3() {
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(thumbprint(x.try_into().unwrap()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
