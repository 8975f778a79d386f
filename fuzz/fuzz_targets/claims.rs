//! Any bytes as a signed payload: nothing panics, and every answer is consistent.

#![no_main]

mod common;

use std::sync::Arc;

use aegis_core::{Code, Context, evaluate, open, verify};
use common::{CONTEXT, keyring, sign};
use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 4] = ["aegis-license+jwt", "JWT", "aegis-revocation+jwt", "aegis-key+jwt"];

fuzz_target!(|data: &[u8]| {
    let Some((&first, payload)) = data.split_first() else { return };
    let typ = TYPES[usize::from(first) % TYPES.len()];
    let token = sign(format!(r#"{{"alg":"EdDSA","kid":"k","typ":"{typ}"}}"#).as_bytes(), payload);
    let keyring = keyring();
    let at = |now| evaluate(&token, &keyring, &Context { now, ..CONTEXT }, |token| open(token, &keyring).map(Arc::new));
    let report = at(CONTEXT.now);
    assert_eq!(report.assessments.len() + report.trust.len(), 1);
    let again = Context { state: Some(&report.state), ..CONTEXT };
    let second = evaluate(&token, &keyring, &again, |token| open(token, &keyring).map(Arc::new));
    assert_eq!((second.code, &second.state), (report.code, &report.state));
    if let Some(trust) = report.trust.first() {
        let known = |refusal: &aegis_core::Refusal| refusal.error.code() != Code::BadSignature;
        assert!(trust.content.as_ref().err().is_none_or(known));
        return;
    }
    match open(&token, &keyring) {
        Err(refusal) => assert!(matches!(refusal.error.code(), Code::Malformed | Code::Unsupported)),
        Ok(_) => {
            let context = Context { feature: None, ..CONTEXT };
            let one = verify(&token, &keyring, &context).map_or_else(|error| error.code(), |(_, code)| code);
            let all = evaluate(&token, &keyring, &context, |token| open(token, &keyring).map(Arc::new)).code;
            assert!(one == all || (one == Code::WrongModule && all == Code::Missing));
        }
    }
    if let Some((time, code)) = report.next() {
        assert!(time > CONTEXT.now && code != report.code);
        assert_eq!(at(time).code, code);
        assert_eq!(at(time - 1).code, report.code);
    }
});
