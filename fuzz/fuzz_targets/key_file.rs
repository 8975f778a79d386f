//! Any text as a key file, a public key, a keyring.toml: nothing panics.

#![no_main]

use std::collections::BTreeMap;

use aegis_core::{keyring_from_files, public_key_from_pem};
use aegis_issuer::keyfile::PrivateKey;
use libfuzzer_sys::fuzz_target;

const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let _ = public_key_from_pem(&text);
    // Without a passphrase: deriving a key may rightly take long.
    if let Ok((key, _)) = PrivateKey::from_pem(&text, None) {
        assert!(!key.public_key().iter().all(|&byte| byte == 0));
    }
    let pems = BTreeMap::from([("k1".to_owned(), PEM.to_owned())]);
    let _ = keyring_from_files(&pems, &text);
});
