//! `jsonwebtoken` as an independent reader: whatever we accept, a common JWT library accepts and reads alike.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod jwt;

use std::fs;
use std::path::PathBuf;

use aegis_core::{Key, KeyParts, KeyUse, Keyring, open, trim};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Opens the token of a vector with the first of its keys that fits, without any question of scope.
fn opened(vector: &Value) -> Option<(aegis_core::License, [u8; 32])> {
    let token = trim(vector["tokens"].as_str().unwrap());
    vector["keys"].as_array().unwrap().iter().find_map(|key| {
        let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap().try_into().unwrap();
        let parts = KeyParts {
            kid: key["kid"].as_str().unwrap().to_owned(),
            issuer: key["issuer"].as_str().unwrap().to_owned(),
            uses: vec![KeyUse::License],
            modules: None,
            not_before: None,
            not_after: None,
            public,
        };
        let keyring = Keyring::new(vec![Key::new(parts).unwrap()]).unwrap();
        open(token, &keyring).ok().map(|license| (license, public))
    })
}

#[test]
fn what_we_accept_a_common_library_accepts_and_reads_alike() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let mut compared = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let vector: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let Some((license, public)) = opened(&vector) else { continue };
        let claims = jwt::decode(trim(vector["tokens"].as_str().unwrap()), &public)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(claims["jti"], license.jti);
        assert_eq!(claims["iss"], license.iss);
        assert_eq!(claims["iat"], license.iat);
        assert_eq!(claims["customer"]["name"], license.customer.name);
        assert_eq!(claims.get("exp").cloned().unwrap_or_default(), Value::from(license.exp));
        compared += 1;
    }
    assert!(compared >= 40, "only {compared} vectors hold a single token that opens");
}
