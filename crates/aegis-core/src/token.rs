//! The envelope of a token: JWS compact serialization (RFC 7515 §7.1) with one algorithm, `EdDSA` over Ed25519
//! (RFC 8037 §3.1).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;
use crate::json::{self, Json, Object};

/// Longest license or key certificate, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// Longest revocation list, in bytes.
pub const MAX_LIST: usize = 2 * 1024 * 1024;

/// Header members that change what a token means or where its key comes from (RFC 7515 §4.1, RFC 7797, RFC 7516
/// §4.1.3). None of them has a place in these tokens.
const REFUSED_MEMBERS: [&str; 8] = ["crit", "b64", "zip", "cty", "jwk", "jku", "x5u", "x5c"];

/// The kind of a token, from the header's `typ` (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `aegis-license+jwt`
    License,
    /// `JWT`: a license of the first form, read with some leniency.
    LegacyLicense,
    /// `aegis-revocation+jwt`
    RevocationList,
    /// `aegis-key+jwt`
    KeyCertificate,
}

impl Kind {
    fn from_typ(typ: &str) -> Option<Self> {
        match typ {
            "aegis-license+jwt" => Some(Self::License),
            "JWT" => Some(Self::LegacyLicense),
            "aegis-revocation+jwt" => Some(Self::RevocationList),
            "aegis-key+jwt" => Some(Self::KeyCertificate),
            _ => None,
        }
    }

    /// Whether it says whom to trust, not what is licensed.
    pub(crate) const fn is_trust(self) -> bool {
        matches!(self, Self::RevocationList | Self::KeyCertificate)
    }

    const fn size_limit(self) -> usize {
        match self {
            Self::RevocationList => MAX_LIST,
            Self::License | Self::LegacyLicense | Self::KeyCertificate => MAX_TOKEN,
        }
    }
}

/// The text of a token, white space dropped. Not shown by `Debug`: who has it may have the license.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenText(Arc<str>);

impl TokenText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for TokenText {
    fn from(token: &str) -> Self {
        Self(token.into())
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenText(…)")
    }
}

/// A token taken apart. Nothing in it is trusted yet.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) kind: Kind,
    pub(crate) kid: String,
    /// The bytes under the signature, as received (RFC 7515 §5.2, step 8).
    pub(crate) signing_input: &'a str,
    pub(crate) signature: [u8; 64],
    /// The payload's bytes, decoded and not yet read: they are parsed only after the signature has been checked.
    pub(crate) payload: Vec<u8>,
}

impl<'a> Envelope<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// Refusals with the code `malformed` or `unsupported`.
    pub(crate) fn parse(token: &'a str) -> Result<Self, Error> {
        if token.len() > MAX_LIST {
            return Err(Error::TooLarge { limit: MAX_LIST });
        }
        let Segments { header, payload, signature, signing_input } = Segments::split(token)?;
        let (kind, kid) = read_header(&decode_header(header)?)?;
        if token.len() > kind.size_limit() {
            return Err(Error::TooLarge { limit: kind.size_limit() });
        }
        let payload = decode(payload, "payload")?;
        let signature = decode_signature(signature)?;
        Ok(Self { kind, kid, signing_input, signature, payload })
    }
}

/// The segments of a token as text.
pub(crate) struct Segments<'a> {
    pub(crate) header: &'a str,
    pub(crate) payload: &'a str,
    pub(crate) signature: &'a str,
    pub(crate) signing_input: &'a str,
}

impl<'a> Segments<'a> {
    pub(crate) fn split(token: &'a str) -> Result<Self, Error> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Error::NotThreeSegments)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Error::NotThreeSegments)?;
        if payload.contains('.') {
            return Err(Error::NotThreeSegments);
        }
        Ok(Self { header, payload, signature, signing_input })
    }
}

/// Decodes canonical base64url without padding (RFC 4648 §5; §3.5 on the trailing bits).
pub(crate) fn decode(text: &str, segment: &'static str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::BadBase64 { segment })
}

/// Decodes the header segment, which alone may not be longer than a whole license.
pub(crate) fn decode_header(text: &str) -> Result<Vec<u8>, Error> {
    if text.len() > MAX_TOKEN {
        return Err(Error::TooLarge { limit: MAX_TOKEN });
    }
    decode(text, "header")
}

fn decode_signature(text: &str) -> Result<[u8; 64], Error> {
    let mut buffer = [0; 66];
    if text.len() > 88 {
        return Err(Error::SignatureLength);
    }
    let length =
        URL_SAFE_NO_PAD.decode_slice(text, &mut buffer).map_err(|_| Error::BadBase64 { segment: "signature" })?;
    buffer.get(..length).and_then(|bytes| bytes.try_into().ok()).ok_or(Error::SignatureLength)
}

/// The kind of a token, as far as its header can be read.
pub(crate) fn kind_of(token: &str) -> Option<Kind> {
    let segments = Segments::split(token).ok()?;
    read_header(&decode_header(segments.header).ok()?).ok().map(|(kind, _)| kind)
}

/// Reads `alg`, `kid` and `typ`: first what is malformed, then what is not supported.
fn read_header(bytes: &[u8]) -> Result<(Kind, String), Error> {
    let header = json::parse_object(bytes).map_err(|_| Error::NotAnObject { segment: "header" })?;
    let algorithm = text_member(&header, "alg")?;
    let kid = text_member(&header, "kid")?;
    let typ = text_member(&header, "typ")?;
    if algorithm != "EdDSA" {
        return Err(Error::UnsupportedHeader { name: "alg" });
    }
    if let Some(name) = REFUSED_MEMBERS.into_iter().find(|name| header.get(name).is_some()) {
        return Err(Error::UnsupportedHeader { name });
    }
    let kind = Kind::from_typ(typ).ok_or(Error::UnsupportedHeader { name: "typ" })?;
    Ok((kind, kid.to_owned()))
}

fn text_member<'h>(header: &'h Object<'_>, name: &'static str) -> Result<&'h str, Error> {
    match header.get(name) {
        Some(Json::Str(text)) if !text.is_empty() => Ok(text),
        _ => Err(Error::BadHeader { name }),
    }
}
