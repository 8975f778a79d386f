//! Revocation lists: which licenses, and which keys, an issuer has withdrawn.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::json;
use crate::reader::{self, Claims};

const KNOWN_CLAIMS: [&str; 6] = ["iss", "iat", "seq", "revoked", "revoked_keys", "must"];

/// Most keys that a list may withdraw: more than a vendor ever has.
const MAX_KEYS: usize = 1000;

/// How a list names a license: the first 16 bytes of SHA-256 of its `jti`, exactly as it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenseId([u8; 16]);

impl LicenseId {
    /// The id of the license with this `jti`.
    #[must_use]
    pub fn of(jti: &str) -> Self {
        let mut id = [0; 16];
        id.iter_mut().zip(Sha256::digest(jti)).for_each(|(byte, digest)| *byte = digest);
        Self(id)
    }

    /// Reads 16 bytes in canonical base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        reader::bytes(text).map(Self)
    }
}

impl fmt::Display for LicenseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// A revocation list, as its token says. Of two lists of one issuer the greater counts: first by `seq`, then by `iat`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct RevocationList {
    /// Issuer, whose licenses and certified keys it speaks of.
    pub iss: String,
    /// Place among the lists of its issuer: the greatest counts.
    pub seq: i64,
    /// Issued at, in Unix seconds.
    pub iat: i64,
    /// Id of the key that signed it.
    pub kid: String,
    /// Ids of the keys that were withdrawn; empty when no root signed the list.
    pub revoked_keys: Vec<String>,
    /// Sorted.
    revoked: Vec<LicenseId>,
}

impl RevocationList {
    /// Reads a payload whose signature has been checked; `by_root`: whether a root signed it.
    ///
    /// # Errors
    /// Refusals with the code `malformed`, then those with `unsupported`.
    pub(crate) fn parse(payload: &[u8], kid: String, by_root: bool) -> Result<Self, Error> {
        let object = json::parse_object(payload).map_err(|_| Error::NotAnObject { segment: "payload" })?;
        let claims = Claims::of(&object);
        let keys = revoked_keys(&claims)?;
        let list = Self {
            iss: claims.text("iss")?,
            iat: claims.required("iat", Claims::time)?,
            seq: claims.required("seq", Claims::time)?,
            kid,
            revoked_keys: if by_root { keys } else { Vec::new() },
            revoked: ids(&claims)?,
        };
        claims.check_must(&KNOWN_CLAIMS)?;
        Ok(list)
    }

    /// Whether the license was withdrawn.
    #[must_use]
    pub fn contains(&self, id: &LicenseId) -> bool {
        self.revoked.binary_search(id).is_ok()
    }

    /// How many licenses were withdrawn.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether no license was withdrawn.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }
}

fn revoked_keys(claims: &Claims<'_>) -> Result<Vec<String>, Error> {
    let claim = "revoked_keys";
    let keys: Vec<_> = claims.texts(claim)?.unwrap_or_default().into_iter().map(str::to_owned).collect();
    if keys.len() > MAX_KEYS { Err(Error::BadClaim { claim, problem: "longer than 1000 keys" }) } else { Ok(keys) }
}

fn ids(claims: &Claims<'_>) -> Result<Vec<LicenseId>, Error> {
    let claim = "revoked";
    let id = |text| LicenseId::parse(text).ok_or(Error::BadClaim { claim, problem: "not a list of license ids" });
    let mut ids = claims.required(claim, Claims::texts)?.into_iter().map(id).collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_id_is_the_first_half_of_the_sha256_of_the_jti() {
        // Recomputed with: printf %s 7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01 | sha256sum | cut -c1-32 | xxd -r -p | basenc --base64url
        let id = LicenseId::of("7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01");
        assert_eq!(id.to_string(), "QLfkhalZsbLljuE0Gfiw8Q");
        assert_eq!(LicenseId::parse(&id.to_string()), Some(id));
        assert_ne!(LicenseId::of("7D9A4F1E-0C55-4F0E-8B6E-2F1A6A0C9E01"), id);
    }

    #[test]
    fn only_canonical_ids_are_read() {
        for bad in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA "] {
            assert_eq!(LicenseId::parse(bad), None, "{bad}");
        }
        assert!(LicenseId::parse("AAAAAAAAAAAAAAAAAAAAAA").is_some());
    }

    #[test]
    fn a_list_finds_what_it_names_and_nothing_else() {
        let ids: Vec<_> = (0..100).map(|number| LicenseId::of(&number.to_string())).collect();
        let named: Vec<_> = ids.iter().step_by(2).map(ToString::to_string).collect();
        let payload = format!(r#"{{"iss":"A","iat":1,"seq":2,"revoked":{}}}"#, serde_json::json!(named));
        let list = RevocationList::parse(payload.as_bytes(), "k".into(), false).unwrap();
        assert_eq!(list.len(), 50);
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(list.contains(id), place % 2 == 0);
        }
    }
}
