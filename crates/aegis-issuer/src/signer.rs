//! What signs: a key in a file here; a vault, a token or a cloud service behind the same trait elsewhere.

use crate::Error;
use crate::keyfile::{KeyId, PrivateKey, thumbprint};

/// Signs with one Ed25519 key, wherever that key lives.
///
/// Implementations answer with the signature of RFC 8032 §5.1.6 (pure Ed25519, no pre-hash, no context). Callers verify
/// every signature before they use it, so an implementation need not.
pub trait Signer {
    /// The key's id, which goes into the token's header (RFC 7515 §4.1.4).
    fn kid(&self) -> &str;

    /// The public key, 32 bytes.
    fn public_key(&self) -> [u8; 32];

    /// The signature over `message`, 64 bytes.
    ///
    /// # Errors
    /// [`SignError`] when the key cannot be reached or may not be used.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;

    /// Whether signing may wait for something outside of this process, such as a service or a device. Who serves others
    /// meanwhile then signs on a thread of its own.
    fn waits(&self) -> bool {
        true
    }
}

/// Why a signer did not sign. The text is shown to people and never contains key material.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key or the service that holds it cannot be reached now.
    #[error("the signing key is not available: {0}")]
    Unavailable(String),
    /// The service that holds the key does not let us use it.
    #[error("the signing key may not be used: {0}")]
    Refused(String),
}

/// Signs with a private key held in memory, as read from a key file. The key is wiped when this is dropped.
#[derive(Debug)]
pub struct FileSigner {
    kid: String,
    key: PrivateKey,
}

impl FileSigner {
    /// Signs as `kid` with `key`.
    ///
    /// # Errors
    /// [`Error::BadKeyId`].
    pub fn new(kid: &str, key: PrivateKey) -> Result<Self, Error> {
        let kid: KeyId = kid.parse()?;
        Ok(Self { kid: kid.to_string(), key })
    }

    /// Signs as a certified key does: its id is the key's thumbprint.
    #[must_use]
    pub fn certified(key: PrivateKey) -> Self {
        Self { kid: thumbprint(&key.public_key()), key }
    }
}

impl Signer for FileSigner {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn public_key(&self) -> [u8; 32] {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.key.sign(message))
    }

    fn waits(&self) -> bool {
        false
    }
}
