//! Key certificates: a root key says that another key may sign, for which modules and for how long.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::json;
use crate::keyring::{Key, KeyParts, KeyUse};
use crate::module::ModulePattern;
use crate::reader::{self, Claims};

const KNOWN_CLAIMS: [&str; 10] = ["iss", "iat", "kid", "name", "x", "use", "nbf", "exp", "modules", "must"];

/// A key certificate. Its scope is the intersection with the scope of the root that signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// Issuer.
    pub iss: String,
    /// Issued at, in Unix seconds.
    pub iat: i64,
    /// Id of the root that signed it.
    pub root: String,
    /// What the vendor calls the key, for people.
    pub name: String,
    /// The certified key with its scope.
    pub key: Key,
}

impl Certificate {
    /// Reads a payload whose signature has been checked with `root`.
    ///
    /// # Errors
    /// Refusals with the codes `malformed` and `unsupported`, then [`Error::OutsideKeyWindow`], [`Error::WrongIssuer`]
    /// and [`Error::ModuleOutsideKey`].
    pub(crate) fn parse(payload: &[u8], root: &Key) -> Result<Self, Error> {
        let object = json::parse_object(payload).map_err(|_| Error::NotAnObject { segment: "payload" })?;
        let claims = Claims::of(&object);
        let (iss, iat) = (claims.text("iss")?, claims.required("iat", Claims::time)?);
        let (name, public) = (claims.text("name")?, public_key(&claims)?);
        let modules = claims.patterns("modules")?;
        let window = (claims.time("nbf")?, claims.time("exp")?);
        let uses = uses(&claims)?;
        let kid = thumbprint(&public);
        if claims.text("kid")? != kid {
            return Err(Error::BadClaim { claim: "kid", problem: "not the thumbprint of `x`" });
        }
        if matches!(window, (Some(from), Some(until)) if from >= until) {
            return Err(Error::BadClaim { claim: "exp", problem: "not after `nbf`" });
        }
        let known_uses = uses.iter().copied().collect::<Option<Vec<_>>>();
        let parts = KeyParts {
            kid,
            issuer: root.parts().issuer.clone(),
            uses: known_uses.clone().unwrap_or_else(|| vec![KeyUse::License]),
            modules,
            not_before: window.0,
            not_after: window.1,
            public,
        };
        let key = Key::new(parts).map_err(|_| BAD_KEY)?;
        claims.check_must(&KNOWN_CLAIMS)?;
        known_uses.ok_or(Error::UnsupportedClaim { claim: "use" })?;
        if !root.was_in_use(iat) {
            return Err(Error::OutsideKeyWindow);
        }
        if iss != root.parts().issuer {
            return Err(Error::WrongIssuer);
        }
        let key = inside(&key, root.parts())?;
        Ok(Self { iss, iat, root: root.parts().kid.clone(), name, key })
    }
}

const BAD_KEY: Error = Error::BadClaim { claim: "x", problem: "not a proper Ed25519 public key" };

/// The RFC 7638 thumbprint of an Ed25519 public key: SHA-256 over its required JWK members (RFC 8037 §2), base64url.
#[must_use]
pub fn thumbprint(public: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

fn public_key(claims: &Claims<'_>) -> Result<[u8; 32], Error> {
    reader::bytes(&claims.text("x")?).ok_or(BAD_KEY)
}

/// The uses, `None` for those that are not known here. A certified key never certifies: a chain has one link.
fn uses(claims: &Claims<'_>) -> Result<Vec<Option<KeyUse>>, Error> {
    let claim = "use";
    let words = claims.required(claim, Claims::texts)?;
    let uses: Vec<_> = words.into_iter().map(KeyUse::parse).collect();
    if uses.is_empty() {
        Err(Error::BadClaim { claim, problem: "empty" })
    } else if uses.contains(&Some(KeyUse::Certify)) {
        Err(Error::BadClaim { claim, problem: "for more than a certified key may do" })
    } else {
        Ok(uses)
    }
}

/// The key with the part of its scope that lies inside the root's.
fn inside(key: &Key, root: &KeyParts) -> Result<Key, Error> {
    let parts = key.parts().clone();
    let not_before = [parts.not_before, root.not_before].into_iter().flatten().max();
    let not_after = [parts.not_after, root.not_after].into_iter().flatten().min();
    if matches!((not_before, not_after), (Some(from), Some(until)) if from >= until) {
        return Err(Error::OutsideKeyWindow);
    }
    let modules = match (parts.modules, &root.modules) {
        (None, roots) => roots.clone(),
        (own, None) => own,
        (Some(own), Some(roots)) => Some(common(&own, roots)),
    };
    Key::new(KeyParts { modules, not_before, not_after, ..parts }).map_err(|_| Error::ModuleOutsideKey)
}

/// The modules that two lists of patterns share.
fn common(own: &[ModulePattern], roots: &[ModulePattern]) -> Vec<ModulePattern> {
    let mut common: Vec<ModulePattern> = Vec::new();
    for (own, root) in own.iter().flat_map(|own| roots.iter().map(move |root| (own, root))) {
        let narrower = if root.includes(own) { own } else { root };
        if own.overlaps(root) && !common.contains(narrower) {
            common.push(narrower.clone());
        }
    }
    common
}
