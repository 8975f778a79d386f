//! The activation request: what a customer sends so that the vendor can bind a license to their instance.
//!
//! It holds hashes only: the vendor learns nothing of the instance but whether a value they already know is its own.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::binding::ComponentKind;
use crate::instance::Instance;
use crate::json::{self, Json};
use crate::reader::{bytes, hexadecimal};
use crate::verify::is_space;

/// How every request starts.
const START: &str = "aegis-request.";

/// Longest request that is read, in bytes.
const MAX_REQUEST: usize = 16 * 1024;

/// The components of an instance, salted and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationRequest {
    /// What the hashes are salted with.
    pub salt: String,
    /// The components.
    pub of: Vec<Component>,
}

/// One component of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// What it is.
    pub kind: ComponentKind,
    /// [`ComponentKind::hash`] of its value.
    pub hash: [u8; 32],
}

impl Component {
    /// The hash as the claim `instance` writes it: 64 hexadecimal digits.
    #[must_use]
    pub fn hash_text(&self) -> String {
        self.hash.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl ActivationRequest {
    /// The request of an instance: always the same for the same instance.
    #[must_use]
    pub fn of(instance: &Instance) -> Self {
        let uuid = instance.database_uuid();
        let digest = Sha256::new().chain_update("aegis-activation:").chain_update(uuid).finalize();
        let salt = URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default());
        let values = [
            (ComponentKind::DatabaseUuid, Some(uuid)),
            (ComponentKind::Domain, Some(instance.domain())),
            (ComponentKind::InstanceId, instance.instance_id()),
        ];
        let component = |(kind, value): (ComponentKind, Option<&str>)| {
            value.map(|value| Component { kind, hash: kind.hash(&salt, value) })
        };
        let of = values.into_iter().filter_map(component).collect();
        Self { salt, of }
    }

    /// Finds the request in a text: the request itself or a whole message. White space inside it is dropped.
    ///
    /// # Errors
    /// [`NoRequest`].
    pub fn parse(text: &str) -> Result<Self, NoRequest> {
        let text: String = text.chars().filter(|&letter| !is_space(letter)).collect();
        let (_, request) = text.split_once(START).ok_or(NoRequest::NotFound)?;
        let (body, rest) = request.split_once('.').ok_or(NoRequest::Damaged)?;
        if body.len() > MAX_REQUEST {
            return Err(NoRequest::Damaged);
        }
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| NoRequest::Damaged)?;
        let check = rest.get(..CHECK_LENGTH).and_then(bytes).ok_or(NoRequest::Damaged)?;
        if check != checksum(&body) {
            return Err(NoRequest::Damaged);
        }
        Self::read(&body).ok_or(NoRequest::Unknown)
    }

    fn read(body: &[u8]) -> Option<Self> {
        let object = json::parse_object(body).ok()?;
        let (Some(Json::Str(salt)), Some(Json::Array(of))) = (object.get("salt"), object.get("of")) else {
            return None;
        };
        let of = of.iter().map(Component::read).collect::<Option<Vec<_>>>()?;
        let proper = !salt.is_empty() && !of.is_empty();
        proper.then(|| Self { salt: salt.clone().into_owned(), of })
    }

    fn body(&self) -> String {
        let of: Vec<_> = self
            .of
            .iter()
            .map(|component| format!(r#"{{"kind":"{}","hash":"{}"}}"#, component.kind.as_str(), component.hash_text()))
            .collect();
        format!(r#"{{"salt":"{}","of":[{}]}}"#, self.salt, of.join(","))
    }
}

impl Component {
    fn read(value: &Json<'_>) -> Option<Self> {
        let Json::Object(component) = value else { return None };
        match (component.get("kind"), component.get("hash")) {
            (Some(Json::Str(kind)), Some(Json::Str(hash))) => {
                Some(Self { kind: ComponentKind::parse(kind)?, hash: hexadecimal(hash)? })
            }
            _ => None,
        }
    }
}

/// Letters of the checksum.
const CHECK_LENGTH: usize = 8;

/// Against slips in copying: nothing is signed here.
fn checksum(body: &[u8]) -> [u8; 6] {
    let mut check = [0; 6];
    check.iter_mut().zip(Sha256::digest(body)).for_each(|(byte, digest)| *byte = digest);
    check
}

impl fmt::Display for ActivationRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body();
        let check = URL_SAFE_NO_PAD.encode(checksum(body.as_bytes()));
        write!(formatter, "{START}{}.{check}", URL_SAFE_NO_PAD.encode(body))
    }
}

/// A text that is no activation request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoRequest {
    /// It does not start like one.
    #[error("there is no activation request, which starts with aegis-request.")]
    NotFound,
    /// It is not whole, or was changed.
    #[error("the activation request is not whole, or was changed")]
    Damaged,
    /// It holds something that is not known here.
    #[error("the activation request names something that this version does not know")]
    Unknown,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const UUID: &str = "a3f1c6de-0d3c-4a53-9d1c-2f64a7f1f5b0";

    fn instance() -> Instance {
        Instance::new(UUID, "acme.odoo.com").unwrap().with_instance_id("acme-erp-1").unwrap()
    }

    #[test]
    fn a_request_is_read_as_it_was_written_in_a_wrapped_mail_too() {
        let request = ActivationRequest::of(&instance());
        let text = request.to_string();
        assert_eq!(ActivationRequest::parse(&text), Ok(request.clone()));
        let (first, second) = text.split_at(100);
        let mail = format!("Dear vendor,\nours is\n{first}\r\n {second}\nRegards, J.");
        assert_eq!(ActivationRequest::parse(&mail), Ok(request.clone()));
        assert_eq!(ActivationRequest::of(&instance()), request);
        assert_eq!(request.of.len(), 3);
    }

    #[test]
    fn a_request_does_not_show_the_instance() {
        let text = ActivationRequest::of(&instance()).body();
        for secret in [UUID, "acme"] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[test]
    fn a_request_that_is_cut_or_changed_is_refused() {
        let text = ActivationRequest::of(&instance()).to_string();
        assert_eq!(ActivationRequest::parse("hello"), Err(NoRequest::NotFound));
        for length in START.len()..text.len() {
            assert_eq!(ActivationRequest::parse(&text[..length]), Err(NoRequest::Damaged), "{length}");
        }
        for place in [START.len(), 100, text.len() - 1] {
            let mut changed = text.clone().into_bytes();
            changed[place] = if changed[place] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(ActivationRequest::parse(&changed), Err(NoRequest::Damaged), "{place}");
        }
    }

    #[test]
    fn a_request_of_another_kind_is_unknown() {
        let body = r#"{"salt":"s","of":[{"kind":"mac","hash":"00"}]}"#;
        let check = URL_SAFE_NO_PAD.encode(checksum(body.as_bytes()));
        let text = format!("{START}{}.{check}", URL_SAFE_NO_PAD.encode(body));
        assert_eq!(ActivationRequest::parse(&text), Err(NoRequest::Unknown));
    }
}
