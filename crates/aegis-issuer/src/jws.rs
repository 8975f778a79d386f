//! Signing: JWS compact serialization (RFC 7515 §7.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;

use crate::{Error, Signer};

/// A signed token of the kind that `typ` names (RFC 8725 §3.11).
///
/// Only the header's type is jsonwebtoken's: its signing wants a process-wide provider and the private key itself, and a
/// [`Signer`] may hold its key elsewhere.
pub(crate) fn sign(typ: &str, claims: &impl Serialize, signer: &dyn Signer) -> Result<String, Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(typ.to_owned());
    header.kid = Some(signer.kid().to_owned());
    let signing_input = format!("{}.{}", segment(&header)?, segment(claims)?);
    let signature = signer.sign(signing_input.as_bytes())?;
    Ok(format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn segment(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_vec(value).map_err(|_| Error::Encode)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}
