//! Public keys in SPKI PEM (RFC 8410 §4).

use ed25519::pkcs8::spki::der::pem::LineEnding;
use ed25519::pkcs8::{EncodePublicKey as _, PublicKeyBytes};

use crate::Error;

/// A public key as SPKI PEM, as it is put into `public_keys/`.
///
/// # Errors
/// [`Error::Encode`].
pub fn public_to_pem(key: [u8; 32]) -> Result<String, Error> {
    PublicKeyBytes(key).to_public_key_pem(LineEnding::LF).map_err(|_| Error::Encode)
}

/// Reads SPKI PEM.
///
/// # Errors
/// [`Error::NotAPublicKey`].
pub fn public_from_pem(pem: &str) -> Result<[u8; 32], Error> {
    aegis_core::public_key_from_pem(pem).map_err(|_| Error::NotAPublicKey)
}
