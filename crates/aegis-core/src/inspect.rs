//! A look into a token without any check of its signature.

use crate::error::Error;
use crate::json::{self, Object};
use crate::token::{Segments, decode, decode_header};
use crate::verify::sole_token;

/// The decoded segments of a token. Nothing in it is trusted: anybody can write such a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    header: Vec<u8>,
    payload: Vec<u8>,
}

/// Decodes a token without verifying it, for people who want to see what it says.
///
/// # Errors
/// Refusals with the codes `missing` and `malformed`.
pub fn inspect(token: &str) -> Result<Unverified, Error> {
    let token = sole_token(token)?;
    if token.len() > crate::MAX_LIST {
        return Err(Error::TooLarge { limit: crate::MAX_LIST });
    }
    let segments = Segments::split(token)?;
    let header = decode_header(segments.header)?;
    let payload = decode(segments.payload, "payload")?;
    decode(segments.signature, "signature")?;
    let unverified = Unverified { header, payload };
    unverified.header()?;
    unverified.claims()?;
    Ok(unverified)
}

impl Unverified {
    /// The header's members.
    ///
    /// # Errors
    /// Never for a value made by [`inspect`].
    pub fn header(&self) -> Result<Object<'_>, Error> {
        json::parse_object(&self.header).map_err(|_| Error::NotAnObject { segment: "header" })
    }

    /// The payload's claims.
    ///
    /// # Errors
    /// Never for a value made by [`inspect`].
    pub fn claims(&self) -> Result<Object<'_>, Error> {
        json::parse_object(&self.payload).map_err(|_| Error::NotAnObject { segment: "payload" })
    }
}
