//! Certificates and revocation lists: what holds whatever order they come in and whatever was changed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::sync::Arc;

use aegis_core::{
    Code, Context, Error, Key, KeyParts, KeyUse, Keyring, LicenseId, ModulePattern, Report, Revocation, TrustContent,
    evaluate, open, thumbprint,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{CLAIMS, CONTEXT};
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use proptest::sample::Index;

const ISSUED: i64 = 1_767_200_000;
/// The end of a root's window.
const MAX: i64 = ISSUED + 100;
const JTI: &str = "0b54bf0a-97f1-4b3a-9c5e-7a5f1b2d9c11";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> [u8; 32] {
    key(seed).verifying_key().to_bytes()
}

fn parts(kid: &str, seed: u8) -> KeyParts {
    KeyParts {
        kid: kid.to_owned(),
        issuer: "Example Vendor".to_owned(),
        uses: vec![KeyUse::Certify, KeyUse::Revocation],
        modules: None,
        not_before: None,
        not_after: None,
        public: public(seed),
    }
}

/// Two roots.
fn keyring() -> Keyring {
    Keyring::new(vec![Key::new(parts("root-a", 1)).unwrap(), Key::new(parts("root-b", 2)).unwrap()]).unwrap()
}

fn sign(seed: u8, kid: &str, typ: &str, claims: &str) -> String {
    let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{typ}"}}"#);
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(key(seed).sign(input.as_bytes()).to_bytes()))
}

/// Certifies the key of a seed, by root-a.
fn certificate(seed: u8, more: &str) -> String {
    let (kid, x) = (thumbprint(&public(seed)), URL_SAFE_NO_PAD.encode(public(seed)));
    let claims = format!(
        r#"{{"iss":"Example Vendor","iat":{ISSUED},"kid":"{kid}","name":"n","x":"{x}","use":["license","revocation"]{more}}}"#
    );
    sign(1, "root-a", "aegis-key+jwt", &claims)
}

fn list(seed: u8, kid: &str, seq: i64, jtis: &[&str], keys: &[&str]) -> String {
    let ids: Vec<_> = jtis.iter().map(|jti| LicenseId::of(jti).to_string()).collect();
    let claims = format!(
        r#"{{"iss":"Example Vendor","iat":{ISSUED},"seq":{seq},"revoked":{},"revoked_keys":{}}}"#,
        serde_json::json!(ids),
        serde_json::json!(keys)
    );
    sign(seed, kid, "aegis-revocation+jwt", &claims)
}

/// The license of [`CLAIMS`], signed by a certified key.
fn license(seed: u8) -> String {
    sign(seed, &thumbprint(&public(seed)), "aegis-license+jwt", CLAIMS)
}

fn evaluated(text: &str) -> Report {
    evaluated_in(text, &CONTEXT)
}

fn evaluated_in(text: &str, context: &Context<'_>) -> Report {
    let keyring = keyring();
    evaluate(text, &keyring, context, |token| open(token, &keyring).map(Arc::new))
}

fn with_byte_changed(token: &str, place: Index, letter: u8) -> Option<String> {
    let place = place.index(token.len());
    let letter = b"ABCabc019-_"[usize::from(letter) % 11];
    let mut bytes = token.as_bytes().to_vec();
    let same = bytes[place] == letter || bytes[place] == b'.';
    bytes[place] = letter;
    (!same).then(|| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_certified_key_signs_within_its_certificate() {
    assert_eq!(evaluated(&license(3)).code, Code::UnknownKey);
    assert_eq!(evaluated(&format!("{}\n{}", license(3), certificate(3, ""))).code, Code::Valid);
    for (more, code) in [
        (format!(r#","nbf":{ISSUED},"exp":{}"#, ISSUED + 1), Code::Valid),
        (format!(r#","nbf":{}"#, ISSUED + 1), Code::UnknownKey),
        (format!(r#","exp":{ISSUED}"#), Code::UnknownKey),
        (r#","modules":["biz4a_*"]"#.to_owned(), Code::Valid),
        (r#","modules":["other_*"]"#.to_owned(), Code::WrongModule),
    ] {
        assert_eq!(evaluated(&format!("{}\n{}", license(3), certificate(3, &more))).code, code, "{more}");
    }
}

#[test]
fn a_certificate_is_clipped_to_its_root() {
    let modules = |names: &[&str]| Some(names.iter().map(|name| ModulePattern::parse(name).unwrap()).collect());
    let root =
        KeyParts { modules: modules(&["a_*", "b"]), not_before: Some(10), not_after: Some(MAX), ..parts("root-a", 1) };
    let keyring = Keyring::new(vec![Key::new(root).unwrap()]).unwrap();
    let scope = |more: &str| {
        let (_, trust) = keyring.with_trust(&certificate(3, more));
        match &trust[0].content {
            Ok(TrustContent::Certificate(certificate)) => Ok(certificate.key.parts().clone()),
            Ok(TrustContent::List(_)) => unreachable!(),
            Err(refusal) => Err(refusal.error.clone()),
        }
    };
    let plain = scope("").unwrap();
    assert_eq!((plain.modules, plain.not_before, plain.not_after), (modules(&["a_*", "b"]), Some(10), Some(MAX)));
    let wide = scope(r#","nbf":5,"exp":99999999999,"modules":["a_x","b_*","b","c_*","a_*"]"#).unwrap();
    assert_eq!((wide.modules, wide.not_before, wide.not_after), (modules(&["a_x", "b", "a_*"]), Some(10), Some(MAX)));
    assert_eq!(scope(r#","modules":["c","d_*"]"#).unwrap_err(), Error::ModuleOutsideKey);
    assert_eq!(scope(&format!(r#","nbf":{MAX}"#)).unwrap_err(), Error::OutsideKeyWindow);
    assert_eq!(scope(r#","exp":10"#).unwrap_err(), Error::OutsideKeyWindow);
}

#[test]
fn of_several_certificates_for_a_key_any_may_serve() {
    let (old, new) = (certificate(3, r#","exp":5"#), certificate(3, r#","nbf":5"#));
    for text in [format!("{old}\n{new}"), format!("{new}\n{old}")] {
        assert_eq!(evaluated(&format!("{text}\n{}", license(3))).code, Code::Valid);
    }
    assert_eq!(evaluated(&format!("{old}\n{}", license(3))).code, Code::UnknownKey);
}

#[test]
fn a_stolen_key_takes_its_lists_with_it() {
    let thief = thumbprint(&public(3));
    let text = |root_list: &str| {
        let thiefs = list(3, &thief, aegis_core::MAX_TIME, &[JTI], &["root-a", "root-b"]);
        format!("{}\n{}\n{}\n{}\n{thiefs}\n{root_list}", certificate(3, ""), certificate(4, ""), license(3), license(4))
    };
    let codes = |report: &Report| report.assessments.iter().map(|one| one.code).collect::<Vec<_>>();
    // Its list of the last second of all withdraws what it wants, until a root speaks.
    assert_eq!(codes(&evaluated(&text(""))), [Code::Revoked, Code::Revoked]);
    let spoken = evaluated(&text(&list(1, "root-a", 1, &[], &[&thief])));
    assert_eq!(codes(&spoken), [Code::Revoked, Code::Valid]);
    assert_eq!(spoken.trust.iter().map(|one| one.in_force).collect::<Vec<_>>(), [false, true, false, true]);
    // A key that is no root withdraws nobody, and nobody withdraws a root.
    let roots = evaluated(&text(&list(2, "root-b", 1, &[], &["root-a", &thief])));
    assert_eq!(codes(&roots), [Code::Revoked, Code::Valid]);
}

#[test]
fn a_keyring_with_lists_is_asked_for_one_token_too() {
    let (certified, _) = keyring().with_trust(&certificate(3, ""));
    let opened = open(&license(3), &certified).unwrap();
    assert_eq!(
        (aegis_core::check(&opened, &certified, &CONTEXT), certified.revocation(&opened)),
        (Ok(Code::Valid), None)
    );
    let (revoked, _) = certified.with_trust(&list(2, "root-b", 1, &[JTI], &[]));
    assert_eq!(revoked.revocation(&opened), Some(Revocation::License));
    assert_eq!(aegis_core::check(&opened, &revoked, &CONTEXT), Err(Error::Revoked));
    let (stolen, _) = revoked.with_trust(&list(2, "root-b", 2, &[], &[&opened.kid]));
    assert_eq!(aegis_core::check(&opened, &stolen, &CONTEXT), Err(Error::KeyRevoked));
}

#[test]
fn what_is_signed_by_no_root_certifies_nothing() {
    let (kid, x) = (thumbprint(&public(4)), URL_SAFE_NO_PAD.encode(public(4)));
    let claims =
        format!(r#"{{"iss":"Example Vendor","iat":{ISSUED},"kid":"{kid}","name":"n","x":"{x}","use":["license"]}}"#);
    let second_link = sign(3, &thumbprint(&public(3)), "aegis-key+jwt", &claims);
    let report = evaluated(&format!("{}\n{second_link}\n{}", certificate(3, ""), license(4)));
    assert_eq!(report.code, Code::UnknownKey);
    assert_eq!(report.trust[1].content.as_ref().unwrap_err().error, Error::UnknownKey);
}

proptest! {
    #[test]
    fn a_certificate_with_one_byte_changed_certifies_nothing(place: Index, letter: u8) {
        if let Some(changed) = with_byte_changed(&certificate(3, ""), place, letter) {
            let report = evaluated(&format!("{changed}\n{}", license(3)));
            prop_assert_eq!(report.assessments.last().unwrap().code, Code::UnknownKey);
        }
    }

    #[test]
    fn a_list_with_one_byte_changed_withdraws_nothing(place: Index, letter: u8) {
        if let Some(changed) = with_byte_changed(&list(1, "root-a", 1, &[JTI], &[]), place, letter) {
            let report = evaluated(&format!("{}\n{}\n{changed}", certificate(3, ""), license(3)));
            prop_assert_eq!(report.code, Code::Valid);
        }
    }

    #[test]
    fn the_order_of_the_tokens_changes_nothing(order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle()) {
        let thief = thumbprint(&public(4));
        let tokens = [
            certificate(3, ""),
            certificate(4, ""),
            license(3),
            license(4),
            list(1, "root-a", 7, &["a"], &[&thief]),
            list(2, "root-b", 7, &[JTI], &[]),
            list(4, &thief, 9, &[JTI], &[]),
        ];
        let sorted = |order: &[usize]| {
            let text = order.iter().map(|&place| tokens[place].as_str()).collect::<Vec<_>>().join("\n");
            let report = evaluated(&text);
            let mut codes: Vec<_> = report.assessments.iter().map(|one| (one.token().unwrap().as_str().to_owned(), one.code)).collect();
            codes.sort();
            (report.code, codes, report.state.to_json())
        };
        prop_assert_eq!(sorted(&order), sorted(&[0, 1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn a_state_comes_back_from_its_json(now in 0_i64..=aegis_core::MAX_TIME, date in 0_i64..=aegis_core::MAX_TIME) {
        let text = format!("{}\n{}\n{}", certificate(3, ""), license(3), list(1, "root-a", 1, &[], &[&thumbprint(&public(3))]));
        let report = evaluated_in(&text, &Context { now, database_date: Some(date), ..CONTEXT });
        let again = aegis_core::State::from_json(&report.state.to_json()).unwrap();
        prop_assert_eq!(&again, report.state.as_ref());
        let state = Arc::new(again);
        let second = evaluated_in(&text, &Context { now, database_date: Some(date), state: Some(&state), ..CONTEXT });
        prop_assert_eq!((second.code, &second.state), (report.code, &report.state));
    }
}
