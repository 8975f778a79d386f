//! From the activation request that a customer mailed to the instance that a license is bound to.

use aegis_core::{ActivationRequest, ComponentKind};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::{Error, inspect};

const CLAIM: &str = "instance";

/// How an activation request begins.
const START: &str = "aegis-request.";

/// Letters of the check sum at the end of a request: 6 bytes in base64url.
const CHECK_LENGTH: usize = 8;

/// The instance that a license is to be bound to, as the customer's Odoo describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindRequest {
    /// The activation request, with any text around it.
    pub request: String,
    /// How many components have to match; absent: all but one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<u32>,
    /// The components that have to match in any case; absent: `database_uuid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Vec<String>>,
}

/// The claim `instance`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InstanceClaim {
    /// What is hashed before each component.
    pub salt: String,
    /// How many components have to match.
    pub need: u32,
    /// The components.
    pub of: Vec<ComponentClaim>,
}

/// One component of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComponentClaim {
    /// `database_uuid`, `domain` or `instance_id`.
    pub kind: String,
    /// SHA-256 of salt, kind and value: 64 hexadecimal digits.
    pub hash: String,
    /// Whether it has to match in any case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

#[derive(Deserialize)]
struct Claims {
    instance: Option<InstanceClaim>,
}

impl InstanceClaim {
    /// The claim of a license; `None` where it has none. The signature is not checked.
    ///
    /// # Errors
    /// [`Error::NotAToken`].
    pub fn of_token(token: &str) -> Result<Option<Self>, Error> {
        let (_, claims): (IgnoredAny, Claims) = inspect::parts(token)?;
        Ok(claims.instance)
    }

    /// Reads a request for a license that was bound before: where the request does not say otherwise, the same
    /// components have to match, and as many may change.
    ///
    /// # Errors
    /// [`Error::BadRequest`].
    pub fn in_place_of(before: Option<&Self>, bind: &BindRequest) -> Result<Self, Error> {
        let Some(before) = before else { return Self::from_request(bind) };
        let require = bind.require.clone().unwrap_or_else(|| before.required());
        let may_change = u32::try_from(before.of.len()).unwrap_or(u32::MAX).saturating_sub(before.need);
        let bound = Self::from_request(&BindRequest { require: Some(require), ..bind.clone() })?;
        let least = u32::try_from(bound.required().len()).unwrap_or(u32::MAX).max(1);
        let listed = u32::try_from(bound.of.len()).unwrap_or(u32::MAX);
        let need = bind.need.unwrap_or(listed.saturating_sub(may_change).max(least));
        Ok(Self { need, ..bound })
    }

    /// The kinds that have to match in any case, each once.
    fn required(&self) -> Vec<String> {
        let mut kinds: Vec<String> = Vec::new();
        for component in self.of.iter().filter(|component| component.required) {
            if !kinds.contains(&component.kind) {
                kinds.push(component.kind.clone());
            }
        }
        kinds
    }

    /// Reads the request and says which of its components have to match.
    pub(crate) fn from_request(bind: &BindRequest) -> Result<Self, Error> {
        let request = find(&bind.request)?;
        let required = required(bind, &request)?;
        let of: Vec<ComponentClaim> = request
            .of
            .iter()
            .map(|component| ComponentClaim {
                kind: component.kind.as_str().to_owned(),
                hash: component.hash_text(),
                required: required.contains(&component.kind),
            })
            .collect();
        let need = need(bind, of.len(), required.len())?;
        Ok(Self { salt: request.salt, need, of })
    }
}

fn refuse<T>(reason: impl Into<String>, remedy: &'static str) -> Result<T, Error> {
    Err(Error::BadRequest { claim: CLAIM, reason: reason.into(), remedy })
}

/// The one request in a text. Mail programs wrap lines and quote them; neither space nor `>` is ever part of one.
fn find(text: &str) -> Result<ActivationRequest, Error> {
    let dropped = |letter: char| letter.is_whitespace() || matches!(letter, '>' | '\u{200b}' | '\u{feff}');
    let text: String = text.chars().filter(|&letter| !dropped(letter)).collect();
    let mut found: Vec<&str> = text.match_indices(START).map(|(start, _)| one_request(&text, start)).collect();
    found.dedup();
    match found[..] {
        [] => refuse(
            "there is no activation request in the text",
            "ask the customer for the text beginning with aegis-request. that Settings > AEGIS License shows",
        ),
        [request] => ActivationRequest::parse(request).or_else(|error| {
            let remedy = "ask the customer to copy it again, whole, with the button beside it";
            refuse(error.to_string(), remedy)
        }),
        _ => refuse(
            "there are several activation requests in the text",
            "give the one of the instance that the license is for",
        ),
    }
}

/// The request that begins at `start`: two segments, the second of a known length.
fn one_request(text: &str, start: usize) -> &str {
    let request = text.get(start..).unwrap_or_default();
    let check = request.get(START.len()..).and_then(|rest| rest.find('.')).map(|dot| START.len() + dot + 1);
    let end = check.map_or(request.len(), |check| check + CHECK_LENGTH);
    request.get(..end).unwrap_or(request)
}

fn required(bind: &BindRequest, request: &ActivationRequest) -> Result<Vec<ComponentKind>, Error> {
    let Some(words) = &bind.require else { return Ok(vec![ComponentKind::DatabaseUuid]) };
    let listed = |kind: &ComponentKind| request.of.iter().any(|component| component.kind == *kind);
    let mut kinds = Vec::new();
    for word in words {
        match ComponentKind::parse(word).filter(listed) {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None => {
                let names: Vec<&str> = request.of.iter().map(|component| component.kind.as_str()).collect();
                let shown: String = word.chars().take(40).collect();
                let reason = format!("the activation request has no {shown:?}, only {}", names.join(", "));
                return refuse(reason, "require a component that is there, or ask the customer to set it first");
            }
        }
    }
    Ok(kinds)
}

/// All but one, and never fewer than are required.
fn need(bind: &BindRequest, listed: usize, required: usize) -> Result<u32, Error> {
    let listed = u32::try_from(listed).unwrap_or(u32::MAX);
    let default = (listed.saturating_sub(1)).max(u32::try_from(required).unwrap_or(u32::MAX)).max(1);
    match bind.need.unwrap_or(default) {
        need if (1..=listed).contains(&need) => Ok(need),
        need => refuse(
            format!("{need} components have to match, of the {listed} in the activation request"),
            "need at least one, and no more than there are",
        ),
    }
}
