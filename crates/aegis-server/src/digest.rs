//! A digest, by which API keys, repeated requests and versions of a resource are compared.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// SHA-256 in base64url (RFC 4648 §5), without padding.
pub(crate) fn sha256(data: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(data))
}
