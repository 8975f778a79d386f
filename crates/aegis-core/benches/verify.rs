//! What a check costs beside the bare signature check, and beside `jsonwebtoken` over the same signature check.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark")]
#![allow(missing_docs, reason = "a benchmark")]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/jwt/mod.rs"]
mod jwt;

use aegis_core::{check, open};
use common::{CONTEXT, keyring, signing_key, token};
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
