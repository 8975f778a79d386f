//! No signature leaves before it was verified: what a service answers is not believed.

use aegis_issuer::keyfile::{KeyId, thumbprint};
use aegis_issuer::{SignError, Signer};
use ed25519_dalek::{Signature, VerifyingKey};

use crate::Error;

/// A place that signs with one key.
pub(crate) trait Place: Send + Sync {
    /// The signature over `message`, which nobody has verified yet.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error>;
}

/// A key somewhere, with its public key and its id.
pub(crate) struct Verified<P> {
    kid: String,
    public: VerifyingKey,
    place: P,
}

impl<P: Place> Verified<P> {
    /// The key of `place`, whose public key it gave; `kid` is its thumbprint unless given.
    pub(crate) fn new(place: P, public: &[u8], kid: Option<&KeyId>) -> Result<Self, Error> {
        let public = verifying_key(public)?;
        let kid = kid.map_or_else(|| thumbprint(public.as_bytes()), ToString::to_string);
        Ok(Self { kid, public, place })
    }
}

impl<P: Place> Signer for Verified<P> {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn public_key(&self) -> [u8; 32] {
        self.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature = self.place.sign(message)?;
        match self.public.verify_strict(message, &Signature::from_bytes(&signature)) {
            Ok(()) => Ok(signature),
            Err(_) => Err(wrong_signature(&self.kid).into()),
        }
    }
}

/// A signature of the length that Ed25519 has.
pub(crate) fn signature(bytes: &[u8]) -> Result<[u8; 64], Error> {
    let wrong = |_| Error::refused("what was answered is no Ed25519 signature", "make the key an Ed25519 key");
    bytes.try_into().map_err(wrong)
}

fn verifying_key(bytes: &[u8]) -> Result<VerifyingKey, Error> {
    let key: Option<[u8; 32]> = bytes.try_into().ok();
    let key = key.and_then(|key| VerifyingKey::from_bytes(&key).ok()).filter(|key| !key.is_weak());
    key.ok_or_else(|| Error::refused("the public key is no Ed25519 public key", "make the key an Ed25519 key"))
}

fn wrong_signature(kid: &str) -> Error {
    Error::refused(
        format!("the signature that was answered is not that of the key {kid}"),
        "the key was exchanged under its name, or what signs is damaged: compare the public keys, then restart",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use aegis_issuer::keyfile::PrivateKey;

    /// Signs with another key than the one it names, as a service does whose key was exchanged.
    struct Exchanged(PrivateKey);

    impl Place for Exchanged {
        fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
            Ok(self.0.sign(message))
        }
    }

    #[test]
    fn a_signature_of_another_key_is_refused() {
        let (mine, other) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
        let signer = Verified::new(Exchanged(other), &mine.public_key(), None).unwrap();
        assert!(matches!(signer.sign(b"text"), Err(SignError::Refused(text)) if text.contains(signer.kid())));
    }

    #[test]
    fn a_right_signature_is_handed_out() {
        let key = PrivateKey::generate().unwrap();
        let (public, expected) = (key.public_key(), key.sign(b"text"));
        assert_eq!(Verified::new(Exchanged(key), &public, None).unwrap().sign(b"text"), Ok(expected));
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let place = || Exchanged(PrivateKey::generate().unwrap());
        // No point of the curve has this y (RFC 8032 §5.1.3); the point of all zeros has order 4.
        let mut no_point = [0; 32];
        no_point[0] = 2;
        for bytes in [&no_point[..], &[0_u8; 32], &[1; 31], &[2; 33], &[]] {
            assert!(matches!(Verified::new(place(), bytes, None), Err(Error::Refused { .. })), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        assert!(matches!(signature(&[0; 63]), Err(Error::Refused { .. })));
        assert_eq!(signature(&[7; 64]), Ok([7; 64]));
    }
}
