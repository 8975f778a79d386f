//! A keyring with one throw-away key, and signing with it.

use aegis_core::{Context, Key, KeyParts, KeyUse, Keyring};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};

pub const CONTEXT: Context<'static> = Context {
    module: Some("biz4a_payroll"),
    feature: Some("export"),
    released: Some(1_767_139_200),
    ..Context::new(18, 1_767_225_600)
};

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub fn keyring() -> Keyring {
    let parts = KeyParts {
        kid: "k".to_owned(),
        issuer: "Example Vendor".to_owned(),
        uses: vec![KeyUse::License, KeyUse::Revocation, KeyUse::Certify],
        modules: None,
        not_before: None,
        not_after: None,
        public: signing_key().verifying_key().to_bytes(),
    };
    Keyring::new(vec![Key::new(parts).expect("a good key")]).expect("a good keyring")
}

pub fn sign(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = signing_key().sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}
