//! What a token says, without any check of its signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;

/// The decoded parts of a token. Nothing in them is trusted: anybody can write such a token.
#[derive(Debug, Clone, PartialEq)]
pub struct UnverifiedToken {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

impl UnverifiedToken {
    /// Decodes a token, by the verifier's strict rules for its form.
    ///
    /// # Errors
    /// [`Error::NotAToken`].
    pub fn decode(token: &str) -> Result<Self, Error> {
        let (header, claims) = parts(token)?;
        Ok(Self { header, claims })
    }
}

/// Header and claims of a token as the types asked for.
pub(crate) fn parts<H: DeserializeOwned, C: DeserializeOwned>(token: &str) -> Result<(H, C), Error> {
    let token = aegis_core::trim(token);
    // The strict reader first: no duplicate names, no second spelling in base64url.
    aegis_core::inspect(token).map_err(|error| Error::NotAToken(error.to_string()))?;
    let mut segments = token.split('.');
    Ok((part(segments.next())?, part(segments.next())?))
}

fn part<T: DeserializeOwned>(segment: Option<&str>) -> Result<T, Error> {
    let fail = || Error::NotAToken("it does not have the claims of a license".to_owned());
    let json = URL_SAFE_NO_PAD.decode(segment.unwrap_or_default()).map_err(|_| fail())?;
    serde_json::from_slice(&json).map_err(|_| fail())
}
