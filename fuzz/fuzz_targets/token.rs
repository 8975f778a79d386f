//! Any text as a token and as a bundle: nothing panics, and nothing unsigned works.

#![no_main]

#[allow(dead_code)]
mod common;

use std::sync::Arc;

use aegis_core::{evaluate, inspect, open, split_bundle, verify};
use common::{CONTEXT, keyring};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let keyring = keyring();
    let _ = inspect(&text);
    assert!(verify(&text, &keyring, &CONTEXT).is_err());
    let report = evaluate(&text, &keyring, &CONTEXT, |token| open(token, &keyring).map(Arc::new));
    assert!(!report.code.works());
    assert!(!report.message().is_empty() && !report.remedy().is_empty());
    if let Ok(tokens) = split_bundle(&text) {
        assert_eq!(tokens.len(), report.assessments.len());
    }
});
