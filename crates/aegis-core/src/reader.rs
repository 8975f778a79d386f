//! How claims are read: every known claim is exactly of its type, and nothing else counts as absent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::claims::MAX_TIME;
use crate::error::Error;
use crate::json::{Json, Object};
use crate::module::ModulePattern;

pub(crate) const NOT_THERE: &str = "missing";
pub(crate) const WRONG_TYPE: &str = "not of its type";

/// A payload with the rules for reading a claim.
pub(crate) struct Claims<'c> {
    pub(crate) object: &'c Object<'c>,
    /// Licenses of the first form wrote `null` for claims they did not use.
    pub(crate) null_is_absent: bool,
}

impl<'c> Claims<'c> {
    pub(crate) const fn of(object: &'c Object<'c>) -> Self {
        Self { object, null_is_absent: false }
    }

    pub(crate) fn get(&self, claim: &str) -> Option<&'c Json<'c>> {
        self.object.get(claim).filter(|value| !(self.null_is_absent && **value == Json::Null))
    }

    pub(crate) fn required<T>(
        &self,
        claim: &'static str,
        read: fn(&Self, &'static str) -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        read(self, claim)?.ok_or(Error::BadClaim { claim, problem: NOT_THERE })
    }

    pub(crate) fn text(&self, claim: &'static str) -> Result<String, Error> {
        match self.get(claim) {
            Some(value) => string(value, claim).map(str::to_owned),
            None => Err(Error::BadClaim { claim, problem: NOT_THERE }),
        }
    }

    /// RFC 9562 §4, in its hyphenated form.
    pub(crate) fn uuid(&self, claim: &'static str) -> Result<String, Error> {
        let text = self.text(claim)?;
        let proper = text.len() == uuid::fmt::Hyphenated::LENGTH && uuid::Uuid::try_parse(&text).is_ok();
        if proper { Ok(text) } else { Err(Error::BadClaim { claim, problem: "not a UUID" }) }
    }

    /// An instant in Unix seconds (RFC 7519 §2, `NumericDate`), here always an integer.
    pub(crate) fn time(&self, claim: &'static str) -> Result<Option<i64>, Error> {
        match self.get(claim) {
            None => Ok(None),
            Some(&Json::Int(time)) if (0..=MAX_TIME).contains(&time) => Ok(Some(time)),
            Some(_) => Err(Error::BadClaim { claim, problem: "not a time in whole seconds" }),
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, claim: &'static str) -> Result<Option<Vec<&'c str>>, Error> {
        let texts = |value| list(value, claim)?.iter().map(|item| string(item, claim)).collect();
        self.get(claim).map(texts).transpose()
    }

    /// A list of names of modules and of patterns, at least one.
    pub(crate) fn patterns(&self, claim: &'static str) -> Result<Option<Vec<ModulePattern>>, Error> {
        let pattern = |name| {
            ModulePattern::parse(name).ok_or(Error::BadClaim { claim, problem: "without a proper technical name" })
        };
        match self.texts(claim)? {
            None => Ok(None),
            Some(names) if names.is_empty() => Err(Error::BadClaim { claim, problem: "empty" }),
            Some(names) => names.into_iter().map(pattern).collect::<Result<_, _>>().map(Some),
        }
    }

    /// Every claim named in `must` has to be understood.
    pub(crate) fn check_must(&self, known: &[&str]) -> Result<(), Error> {
        let claim = "must";
        let unknown = self.texts(claim)?.unwrap_or_default().into_iter().any(|name| !known.contains(&name));
        if unknown { Err(Error::UnsupportedClaim { claim }) } else { Ok(()) }
    }
}

pub(crate) fn member<'v>(object: &'v Object<'v>, name: &str, claim: &'static str) -> Result<&'v Json<'v>, Error> {
    object.get(name).ok_or(Error::BadClaim { claim, problem: "not complete" })
}

pub(crate) fn object<'v>(value: Option<&'v Json<'v>>, claim: &'static str) -> Result<&'v Object<'v>, Error> {
    match value {
        Some(Json::Object(object)) => Ok(object),
        Some(_) => Err(Error::BadClaim { claim, problem: WRONG_TYPE }),
        None => Err(Error::BadClaim { claim, problem: NOT_THERE }),
    }
}

pub(crate) fn string<'v>(value: &'v Json<'_>, claim: &'static str) -> Result<&'v str, Error> {
    match value {
        Json::Str(text) => Ok(text),
        _ => Err(Error::BadClaim { claim, problem: WRONG_TYPE }),
    }
}

pub(crate) fn list<'v>(value: &'v Json<'v>, claim: &'static str) -> Result<&'v [Json<'v>], Error> {
    match value {
        Json::Array(items) => Ok(items),
        _ => Err(Error::BadClaim { claim, problem: WRONG_TYPE }),
    }
}

/// A list with at least one item.
pub(crate) fn array<'v>(value: &'v Json<'v>, claim: &'static str) -> Result<&'v [Json<'v>], Error> {
    match list(value, claim)? {
        [] => Err(Error::BadClaim { claim, problem: "empty" }),
        items => Ok(items),
    }
}

/// Exactly `N` bytes in canonical base64url without padding (RFC 4648 §3.5 and §5).
pub(crate) fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Exactly 32 bytes as 64 hexadecimal digits, in either case.
pub(crate) fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().try_fold(0, |sum, half| Some(sum << 4 | digit(half)?))?;
    }
    Some(bytes)
}
