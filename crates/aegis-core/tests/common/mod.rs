//! Tokens and keyrings for tests, signed with throw-away keys.

#![allow(dead_code, reason = "each test file uses a part of it")]

use aegis_core::{Context, Key, KeyParts, KeyUse, Keyring};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};

pub(crate) const KID: &str = "test-2026";
pub(crate) const NOW: i64 = 1_767_225_600;

pub(crate) const CONTEXT: Context<'static> = Context { module: Some("biz4a_payroll"), ..Context::new(18, NOW) };

pub(crate) const CLAIMS: &str = r#"{"jti":"0b54bf0a-97f1-4b3a-9c5e-7a5f1b2d9c11","iss":"Example Vendor","iat":1767200000,"exp":1798736000,"customer":{"id":"C-1","name":"ACME"},"modules":[{"technical_name":"biz4a_payroll","allowed_major_versions":["18"]}],"license_type":"subscription"}"#;

pub(crate) fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub(crate) fn keyring() -> Keyring {
    let parts = KeyParts {
        kid: KID.to_owned(),
        issuer: "Example Vendor".to_owned(),
        uses: vec![KeyUse::License],
        modules: None,
        not_before: None,
        not_after: None,
        public: signing_key().verifying_key().to_bytes(),
    };
    Keyring::new(vec![Key::new(parts).unwrap()]).unwrap()
}

pub(crate) fn header() -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{KID}","typ":"aegis-license+jwt"}}"#)
}

/// Signs any header and payload, well-formed or not.
pub(crate) fn sign(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = signing_key().sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

pub(crate) fn token() -> String {
    sign(header().as_bytes(), CLAIMS.as_bytes())
}
