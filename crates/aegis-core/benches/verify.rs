//! What a check costs beside the bare signature check, and beside `jsonwebtoken` over the same signature check.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark")]
#![allow(missing_docs, reason = "a benchmark")]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/jwt/mod.rs"]
mod jwt;

use aegis_core::{Key, KeyParts, KeyUse, Keyring, LicenseId, TrustContent, check, open};
use common::{CONTEXT, KID, keyring, sign, signing_key, token};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

#[divan::bench]
fn bare_verify_strict(bencher: Bencher<'_, '_>) {
    let (token, key) = (token(), signing_key().verifying_key());
    let (message, _) = token.rsplit_once('.').unwrap();
    let signature = ed25519_dalek::Signer::sign(&signing_key(), message.as_bytes());
    bencher.bench_local(|| key.verify_strict(black_box(message.as_bytes()), black_box(&signature)).unwrap());
}

#[divan::bench]
fn open_cold(bencher: Bencher<'_, '_>) {
    let (token, keyring) = (token(), keyring());
    bencher.bench_local(|| open(black_box(&token), black_box(&keyring)).unwrap());
}

#[divan::bench]
fn jsonwebtoken_decode(bencher: Bencher<'_, '_>) {
    let (token, public) = (token(), signing_key().verifying_key().to_bytes());
    bencher.bench_local(|| jwt::decode(black_box(&token), black_box(&public)).unwrap());
}

#[divan::bench]
fn check_opened(bencher: Bencher<'_, '_>) {
    let keyring = keyring();
    let license = open(&token(), &keyring).unwrap();
    bencher.bench_local(|| check(black_box(&license), black_box(&keyring), black_box(&CONTEXT)).unwrap());
}

/// Of a list as long as the format promises to carry.
#[divan::bench]
fn look_up_in_20_000(bencher: Bencher<'_, '_>) {
    let parts = KeyParts {
        kid: KID.to_owned(),
        issuer: "Example Vendor".to_owned(),
        uses: vec![KeyUse::Revocation, KeyUse::License],
        modules: None,
        not_before: None,
        not_after: None,
        public: signing_key().verifying_key().to_bytes(),
    };
    let ids: Vec<_> = (0..20_000).map(|number| LicenseId::of(&number.to_string())).collect();
    let claims = format!(
        r#"{{"iss":"Example Vendor","iat":1,"seq":1,"revoked":{}}}"#,
        serde_json::json!(ids.iter().map(ToString::to_string).collect::<Vec<_>>())
    );
    let header = format!(r#"{{"alg":"EdDSA","kid":"{KID}","typ":"aegis-revocation+jwt"}}"#);
    let text = sign(header.as_bytes(), claims.as_bytes());
    let (_, trust) = Keyring::new(vec![Key::new(parts).unwrap()]).unwrap().with_trust(&text);
    let Some(Ok(TrustContent::List(list))) = trust.first().map(|token| &token.content) else { return };
    assert_eq!(list.len(), 20_000);
    let mut number = 0;
    bencher.bench_local(|| {
        number = (number + 7_919) % 20_000;
        black_box(list).contains(black_box(ids.get(number).unwrap()))
    });
}
