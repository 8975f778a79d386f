//! What holds for every input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::sync::Arc;

use aegis_core::{Code, Report, evaluate, inspect, open, split_bundle, verify};
use common::{CLAIMS, CONTEXT, header, keyring, sign, token};
use proptest::prelude::*;

fn evaluated(text: &str) -> Report {
    let keyring = keyring();
    evaluate(text, &keyring, &CONTEXT, |token| open(token, &keyring).map(Arc::new))
}

/// JSON values of every kind, with the names of claims among the names.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("JSON has no infinity", |value| value.is_finite())
            .prop_map(|value| format!("{value:e}")),
        ".*".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name = prop_oneof![
            Just("exp"),
            Just("iat"),
            Just("module"),
            Just("modules"),
            Just("customer"),
            Just("id"),
            Just("must"),
            Just("technical_name"),
            Just("allowed_major_versions"),
            Just("features"),
            Just("limits"),
            Just("x"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name, inner), 0..6).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

#[test]
fn the_token_of_these_tests_is_valid() {
    assert_eq!(verify(&token(), &keyring(), &CONTEXT).unwrap().1, Code::Valid);
}

/// Every position, with each of 255 other bytes that keep the text UTF-8.
#[test]
fn a_token_with_one_byte_changed_is_refused() {
    let (token, keyring) = (token(), keyring());
    for position in 0..token.len() {
        for byte in (0..128_u8).filter(|&byte| byte != token.as_bytes()[position]) {
            let mut bytes = token.clone().into_bytes();
            bytes[position] = byte;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verify(&changed, &keyring, &CONTEXT).is_err(), "byte {byte} at {position}");
        }
    }
}

#[test]
fn a_token_with_one_character_less_or_more_is_refused() {
    let (token, keyring) = (token(), keyring());
    for position in 0..token.len() {
        let (before, after) = token.split_at(position);
        assert!(verify(&format!("{before}{}", &after[1..]), &keyring, &CONTEXT).is_err(), "without {position}");
        for letter in ["A", ".", "=", "\u{200b}", " "] {
            let longer = format!("{before}{letter}{after}");
            let only_around = position == 0 && letter.trim_matches('\u{200b}').trim().is_empty();
            assert_eq!(verify(&longer, &keyring, &CONTEXT).is_ok(), only_around, "{letter:?} at {position}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        let _ = verify(&text, &keyring(), &CONTEXT);
        let _ = inspect(&text);
        let _ = split_bundle(&text);
        prop_assert!(!evaluated(&text).code.works());
    }

    #[test]
    fn no_text_like_a_token_makes_it_panic(text in r"eyJ[A-Za-z0-9_. \n-]{0,200}") {
        let _ = verify(&text, &keyring(), &CONTEXT);
        prop_assert!(!evaluated(&text).code.works());
    }

    #[test]
    fn no_signed_bytes_make_it_panic(header in prop::collection::vec(any::<u8>(), 0..64), payload in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(open(&sign(&header, &payload), &keyring()).is_err());
    }

    #[test]
    fn no_signed_json_makes_it_panic(payload in json()) {
        let error = open(&sign(header().as_bytes(), payload.as_bytes()), &keyring()).unwrap_err().error;
        prop_assert!(matches!(error.code(), Code::Malformed | Code::Unsupported));
    }

    #[test]
    fn an_unknown_claim_changes_nothing(value in json()) {
        let claims = CLAIMS.replacen('{', &format!("{{\"unknown\":{value},"), 1);
        let plain = open(&token(), &keyring()).unwrap();
        match open(&sign(header().as_bytes(), claims.as_bytes()), &keyring()) {
            Ok(license) => prop_assert_eq!(license, plain),
            // A name that occurs twice inside the value, or a number out of range.
            Err(refusal) => prop_assert_eq!(refusal.error.code(), Code::Malformed),
        }
    }

    #[test]
    fn a_license_is_found_in_any_text_around_it(before in "[^eA-Za-z0-9_.-]*", after in "[^A-Za-z0-9_.-]*") {
        let report = evaluated(&format!("{before}{}{after}", token()));
        prop_assert_eq!(report.code, Code::Valid);
    }

    #[test]
    fn a_license_wrapped_anywhere_is_whole_again(width in 1_usize..100, space in prop::sample::select(vec!["\n", "\r\n", " ", "\u{a0}", "\u{200b}\n", "\t"])) {
        let token = token();
        let lines: Vec<_> = token.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        prop_assert_eq!(evaluated(&lines.join(space)).code, Code::Valid);
    }

    #[test]
    fn time_alone_makes_nothing_valid_again(now in 0_i64..=aegis_core::MAX_TIME) {
        let keyring = keyring();
        let at = |now| verify(&token(), &keyring, &aegis_core::Context { now, ..CONTEXT });
        let works = at(now).is_ok();
        prop_assert_eq!(works, now < 1_798_736_000);
    }

    #[test]
    fn the_next_change_is_the_first_one(offset in -40_i64..400) {
        let keyring = keyring();
        let now = CONTEXT.now + offset * 86_400;
        let at = |now| evaluate(&token(), &keyring, &aegis_core::Context { now, ..CONTEXT }, |token| open(token, &keyring).map(Arc::new));
        let report = at(now);
        match report.next() {
            None => prop_assert_eq!(at(aegis_core::MAX_TIME).code, report.code),
            Some((time, code)) => {
                prop_assert_eq!(at(time - 1).code, report.code);
                prop_assert_eq!(at(time).code, code);
                prop_assert_ne!(code, report.code);
            }
        }
    }
}
