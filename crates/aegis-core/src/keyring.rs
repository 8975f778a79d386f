//! Public keys, and what each of them may sign.

use std::fmt;
use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::DecodePublicKey as _;

use crate::module::ModulePattern;
use crate::trust::Trust;

/// What a key may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyUse {
    /// Licenses.
    License,
    /// Revocation lists.
    Revocation,
    /// Key certificates: a root key.
    Certify,
}

impl KeyUse {
    /// Reads `license`, `revocation` or `certify`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::License, Self::Revocation, Self::Certify].into_iter().find(|key_use| key_use.as_str() == text)
    }

    /// The word for it in `keyring.toml` and in key certificates.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Revocation => "revocation",
            Self::Certify => "certify",
        }
    }
}

/// What is needed to make a [`Key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyParts {
    /// The key's id, matched exactly (RFC 7515 §4.1.4).
    pub kid: String,
    /// The issuer that the key speaks for.
    pub issuer: String,
    /// What the key may sign.
    pub uses: Vec<KeyUse>,
    /// The modules it may license; `None` for all.
    pub modules: Option<Vec<ModulePattern>>,
    /// Tokens issued before this Unix second are refused.
    pub not_before: Option<i64>,
    /// Tokens issued at this Unix second or later are refused.
    pub not_after: Option<i64>,
    /// The public key: 32 bytes (RFC 8032 §5.1.5).
    pub public: [u8; 32],
}

/// A checked public key with its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    parts: KeyParts,
    verifying: VerifyingKey,
}

impl Key {
    /// Checks a key: on the curve, not of small order, its id and issuer not empty, of some use.
    ///
    /// # Errors
    /// [`KeyringError`], which names the key.
    pub fn new(parts: KeyParts) -> Result<Self, KeyringError> {
        let fail = |fault| KeyringError::Key { kid: parts.kid.clone(), fault };
        if parts.kid.is_empty() || parts.kid.len() > 256 {
            return Err(fail(KeyFault::Kid));
        }
        if parts.issuer.is_empty() {
            return Err(fail(KeyFault::Issuer));
        }
        if parts.uses.is_empty() {
            return Err(fail(KeyFault::Use));
        }
        if parts.modules.as_ref().is_some_and(Vec::is_empty) {
            return Err(fail(KeyFault::Modules));
        }
        if matches!((parts.not_before, parts.not_after), (Some(from), Some(until)) if from >= until) {
            return Err(fail(KeyFault::Window));
        }
        let verifying = VerifyingKey::from_bytes(&parts.public).map_err(|_| fail(KeyFault::NotAPoint))?;
        // A point written in a second way (y not reduced) decodes too; RFC 8032 §5.1.3 refuses it.
        let canonical = verifying.to_edwards().compress().to_bytes() == parts.public;
        if !canonical {
            return Err(fail(KeyFault::NotAPoint));
        }
        if verifying.is_weak() {
            return Err(fail(KeyFault::Weak));
        }
        Ok(Self { parts, verifying })
    }

    /// The key's parts.
    #[must_use]
    pub const fn parts(&self) -> &KeyParts {
        &self.parts
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.parts.kid
    }

    /// Whether it may certify other keys.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.may(KeyUse::Certify)
    }

    /// Whether the key may sign for `key_use`.
    #[must_use]
    pub fn may(&self, key_use: KeyUse) -> bool {
        self.parts.uses.contains(&key_use)
    }

    /// Checks a signature strictly: no small-order points, no second encodings (RFC 8032 §5.1.7 and §8.4).
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.verifying.verify_strict(message, &signature).is_ok()
    }

    /// Whether a token issued at `iat` (Unix seconds) lies inside the key's window.
    #[must_use]
    pub fn was_in_use(&self, iat: i64) -> bool {
        self.parts.not_before.is_none_or(|from| from <= iat) && self.parts.not_after.is_none_or(|until| iat < until)
    }

    /// Whether the key may license everything that `pattern` means.
    #[must_use]
    pub fn may_license(&self, pattern: &ModulePattern) -> bool {
        self.parts.modules.as_ref().is_none_or(|own| own.iter().any(|module| module.includes(pattern)))
    }
}

/// Reads a public key in PEM (RFC 7468 §13, RFC 8410 §4).
///
/// # Errors
/// [`KeyFault::PrivateKey`] for a private key, else [`KeyFault::Pem`].
pub fn public_key_from_pem(pem: &str) -> Result<[u8; 32], KeyFault> {
    if pem.contains("PRIVATE KEY-----") {
        return Err(KeyFault::PrivateKey);
    }
    VerifyingKey::from_public_key_pem(pem.trim()).map(|key| key.to_bytes()).map_err(|_| KeyFault::Pem)
}

/// The keys that are trusted, each id once, and what certificates and revocation lists add to them.
#[derive(Clone, Debug)]
pub struct Keyring {
    keys: Vec<Arc<Key>>,
    pub(crate) trust: Trust,
}

impl Keyring {
    /// Puts keys together.
    ///
    /// With more than one issuer, every key must name its modules, and no module may belong to two issuers: one
    /// server may run modules of several vendors, and none of them may license another's.
    ///
    /// # Errors
    /// [`KeyringError`] naming the key at fault.
    pub fn new(keys: Vec<Key>) -> Result<Self, KeyringError> {
        if keys.is_empty() {
            return Err(KeyringError::Empty);
        }
        let mut rest = keys.as_slice();
        while let Some((key, others)) = rest.split_first() {
            others.iter().try_for_each(|other| check_pair(key, other))?;
            rest = others;
        }
        Ok(Self { keys: keys.into_iter().map(Arc::new).collect(), trust: Trust::default() })
    }

    /// The key with this id, embedded or certified.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.candidates(kid).into_iter().next().map(Arc::as_ref)
    }

    pub(crate) fn embedded(&self, kid: &str) -> Option<&Arc<Key>> {
        self.keys.iter().find(|key| key.parts.kid == kid)
    }

    /// All keys but the certified ones, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().map(Arc::as_ref)
    }
}

/// Two keys of one keyring have different ids, and those of different issuers share no module.
fn check_pair(one: &Key, other: &Key) -> Result<(), KeyringError> {
    let fail = |fault| Err(KeyringError::Key { kid: other.parts.kid.clone(), fault });
    if one.parts.kid == other.parts.kid {
        return fail(KeyFault::Duplicate);
    }
    if one.parts.issuer == other.parts.issuer {
        return Ok(());
    }
    match (&one.parts.modules, &other.parts.modules) {
        (Some(mine), Some(theirs)) if mine.iter().any(|own| theirs.iter().any(|module| own.overlaps(module))) => {
            fail(KeyFault::Overlap)
        }
        (Some(_), Some(_)) => Ok(()),
        (None, _) => Err(KeyringError::Key { kid: one.parts.kid.clone(), fault: KeyFault::NoModules }),
        (_, None) => fail(KeyFault::NoModules),
    }
}

/// Why a keyring cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// There is no key at all.
    #[error("the keyring has no key")]
    Empty,
    /// One key is at fault.
    #[error("key {kid:?}: {fault}")]
    Key {
        /// The key's id.
        kid: String,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// `keyring.toml` cannot be read.
    #[error("keyring.toml: {problem}")]
    Toml {
        /// What is wrong with it.
        problem: String,
    },
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// Its id is empty or longer than 256 bytes.
    Kid,
    /// It speaks for no issuer.
    Issuer,
    /// It has no use.
    Use,
    /// Its list of modules is empty or holds something that is no module.
    Modules,
    /// Its window ends before it begins.
    Window,
    /// Its window is not written as a date or an instant with an offset from UTC.
    WindowTime,
    /// It is not a point of the curve in its one proper encoding (RFC 8032 §5.1.3).
    NotAPoint,
    /// It is a point of small order.
    Weak,
    /// It is not an Ed25519 public key in PEM.
    Pem,
    /// It is a private key.
    PrivateKey,
    /// Its id occurs twice.
    Duplicate,
    /// The keyring has several issuers, and this key does not say which modules it may license.
    NoModules,
    /// It may license a module that another issuer may license too.
    Overlap,
    /// There is a PEM file and no entry in `keyring.toml`.
    NoEntry,
    /// There is an entry in `keyring.toml` and no PEM file.
    NoPem,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kid => "the key id must have 1 to 256 bytes",
            Self::Issuer => "the issuer is missing",
            Self::Use => "the uses must be some of license, revocation, certify",
            Self::Modules => "the modules must be technical names or patterns such as biz4a_*",
            Self::Window => "not_after must lie after not_before",
            Self::WindowTime => "not_before and not_after are dates (2026-12-31) or instants (2026-12-31T10:00:00Z)",
            Self::NotAPoint => "this is not a valid Ed25519 public key",
            Self::Weak => "this public key is weak (a point of small order); generate another one",
            Self::Pem => "this is not an Ed25519 public key in PEM (-----BEGIN PUBLIC KEY-----)",
            Self::PrivateKey => "this is a PRIVATE key; move it away at once and put the public key here",
            Self::Duplicate => "this key id occurs twice",
            Self::NoModules => "the keyring has several issuers, so each key needs `modules`",
            Self::Overlap => "it may license a module that another issuer may license too",
            Self::NoEntry => "there is no entry for it in keyring.toml",
            Self::NoPem => "there is an entry in keyring.toml and no .public.pem file for it",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// Public keys of RFC 8032 §7.1, tests 1 and 2.
    const PUBLIC: [&str; 2] = [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ];

    fn bytes(hex: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        }
        bytes
    }

    fn parts(kid: &str, issuer: &str, modules: &[&str]) -> KeyParts {
        let patterns: Vec<_> = modules.iter().map(|text| ModulePattern::parse(text).unwrap()).collect();
        KeyParts {
            kid: kid.into(),
            issuer: issuer.into(),
            uses: vec![KeyUse::License],
            modules: (!patterns.is_empty()).then_some(patterns),
            not_before: None,
            not_after: None,
            public: bytes(PUBLIC[0]),
        }
    }

    fn fault(parts: KeyParts) -> KeyFault {
        match Key::new(parts) {
            Err(KeyringError::Key { fault, .. }) => fault,
            other => unreachable!("{other:?}"),
        }
    }

    fn keyring(all: &[KeyParts]) -> Result<Keyring, KeyringError> {
        Keyring::new(all.iter().map(|parts| Key::new(parts.clone()).unwrap()).collect())
    }

    #[test]
    fn a_key_outside_the_curve_is_refused() {
        let mut public = [0; 32];
        public[0] = 2;
        assert_eq!(fault(KeyParts { public, ..parts("k", "A", &[]) }), KeyFault::NotAPoint);
    }

    #[test]
    fn a_weak_key_is_refused() {
        let mut neutral_element = [0; 32];
        neutral_element[0] = 1;
        for public in [neutral_element, [0; 32]] {
            assert_eq!(fault(KeyParts { public, ..parts("k", "A", &[]) }), KeyFault::Weak);
        }
    }

    #[test]
    fn a_key_in_a_second_encoding_is_refused() {
        // y = 2^255 - 19 + 1, the neutral element written without reduction.
        let mut public = [0xff; 32];
        public[0] = 0xee;
        public[31] = 0x7f;
        assert_eq!(fault(KeyParts { public, ..parts("k", "A", &[]) }), KeyFault::NotAPoint);
    }

    #[test]
    fn a_key_without_id_issuer_use_or_modules_is_refused() {
        assert_eq!(fault(parts("", "A", &[])), KeyFault::Kid);
        assert_eq!(fault(parts(&"k".repeat(257), "A", &[])), KeyFault::Kid);
        assert_eq!(fault(parts("k", "", &[])), KeyFault::Issuer);
        assert_eq!(fault(KeyParts { uses: vec![], ..parts("k", "A", &[]) }), KeyFault::Use);
        assert_eq!(fault(KeyParts { modules: Some(vec![]), ..parts("k", "A", &[]) }), KeyFault::Modules);
    }

    #[test]
    fn a_key_whose_window_is_empty_is_refused() {
        assert_eq!(
            fault(KeyParts { not_before: Some(5), not_after: Some(5), ..parts("k", "A", &[]) }),
            KeyFault::Window
        );
        assert!(Key::new(KeyParts { not_before: Some(5), not_after: Some(6), ..parts("k", "A", &[]) }).is_ok());
    }

    #[test]
    fn an_empty_keyring_is_refused() {
        assert_eq!(keyring(&[]).unwrap_err(), KeyringError::Empty);
    }

    #[test]
    fn a_key_id_that_occurs_twice_is_refused() {
        let error = keyring(&[parts("k", "A", &[]), parts("k", "A", &[])]).unwrap_err();
        assert_eq!(error, KeyringError::Key { kid: "k".into(), fault: KeyFault::Duplicate });
    }

    #[test]
    fn with_several_issuers_each_key_names_its_modules() {
        for (one, other, at_fault) in [(&["a_*"][..], &[][..], "k2"), (&[], &["b_*"], "k1")] {
            let error = keyring(&[parts("k1", "A", one), parts("k2", "B", other)]).unwrap_err();
            assert_eq!(error, KeyringError::Key { kid: at_fault.into(), fault: KeyFault::NoModules });
        }
        assert!(keyring(&[parts("k1", "A", &[]), parts("k2", "A", &[])]).is_ok());
    }

    #[test]
    fn no_module_belongs_to_two_issuers() {
        let error = keyring(&[parts("k1", "A", &["a_*"]), parts("k2", "B", &["b", "a_sale"])]).unwrap_err();
        assert_eq!(error, KeyringError::Key { kid: "k2".into(), fault: KeyFault::Overlap });
        assert!(
            keyring(&[parts("k1", "A", &["a_*"]), parts("k2", "B", &["b_*"]), parts("k3", "A", &["a_sale"])]).is_ok()
        );
    }

    #[test]
    fn the_window_includes_its_first_second_and_not_its_end() {
        let key = Key::new(KeyParts { not_before: Some(10), not_after: Some(20), ..parts("k", "A", &[]) }).unwrap();
        assert_eq!([9, 10, 19, 20].map(|iat| key.was_in_use(iat)), [false, true, true, false]);
    }

    #[test]
    fn a_private_key_is_never_taken_for_a_public_one() {
        for label in ["PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
            let pem = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
            assert_eq!(public_key_from_pem(&pem), Err(KeyFault::PrivateKey));
        }
        assert_eq!(public_key_from_pem("hello"), Err(KeyFault::Pem));
    }

    #[test]
    fn uses_are_read_by_their_names() {
        for key_use in [KeyUse::License, KeyUse::Revocation, KeyUse::Certify] {
            assert_eq!(KeyUse::parse(key_use.as_str()), Some(key_use));
        }
        assert_eq!(KeyUse::parse("License"), None);
        let second = Key::new(KeyParts { public: bytes(PUBLIC[1]), ..parts("k", "A", &[]) }).unwrap();
        assert!(second.may(KeyUse::License) && !second.may(KeyUse::Certify));
    }

    #[test]
    fn an_error_names_the_key_and_its_fault() {
        let error = Key::new(parts("k 1", "", &[])).unwrap_err();
        assert_eq!(error.to_string(), "key \"k 1\": the issuer is missing");
        assert!(KeyFault::PrivateKey.to_string().contains("PRIVATE key"));
    }
}
