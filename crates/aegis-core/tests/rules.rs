//! Rules at their very edge, which no vector reaches: each limit, each first and last instant, each reason by its name.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::sync::Arc;

use aegis_core::{
    Assessment, Code, Context, Error, Flag, Instance, License, MAX_LIST, MAX_TOKEN, Outcome, State, TokenText,
    day_start, evaluate, inspect, open, verify,
};
use common::{CLAIMS, CONTEXT, NOW, header, keyring, sign};

/// The license of [`CLAIMS`] with one text of it replaced by another.
fn license_with(old: &str, new: &str) -> String {
    let claims = CLAIMS.replacen(old, new, 1);
    assert_ne!(claims, CLAIMS, "{old} is not there");
    sign(header().as_bytes(), claims.as_bytes())
}

/// The license of [`CLAIMS`] with one more claim.
fn license_and(claim: &str) -> String {
    license_with("{", &format!("{{{claim},"))
}

fn opened(token: &str) -> Result<License, Error> {
    open(token, &keyring()).map_err(|refusal| refusal.error)
}

fn verified(token: &str, context: &Context<'_>) -> Result<Code, Error> {
    verify(token, &keyring(), context).map(|(_, code)| code)
}

fn assessed(token: &str, now: i64) -> Assessment {
    assessed_in(token, &Context { now, ..CONTEXT })
}

fn assessed_in(token: &str, context: &Context<'_>) -> Assessment {
    let keyring = keyring();
    let mut report = evaluate(token, &keyring, context, |token| open(token, &keyring).map(Arc::new));
    report.assessments.remove(0)
}

#[test]
fn a_license_begins_at_nbf_and_not_a_second_later() {
    let (token, from) = (license_and(&format!("\"nbf\":{}", CONTEXT.now)), CONTEXT.now);
    assert_eq!(verified(&token, &CONTEXT), Ok(Code::Valid));
    assert_eq!(verified(&token, &Context { now: from - 1, ..CONTEXT }), Err(Error::NotYetValid { from }));
}

#[test]
fn a_missing_feature_is_told_from_a_missing_module() {
    let token = license_with(r#"["18"]"#, r#"["18"],"features":["payslip"]"#);
    let asked = |module, feature| verified(&token, &Context { module: Some(module), feature, ..CONTEXT });
    assert_eq!(asked("biz4a_payroll", Some("payslip")), Ok(Code::Valid));
    assert_eq!(
        asked("biz4a_payroll", Some("api")),
        Err(Error::FeatureNotCovered { module: "biz4a_payroll".into(), feature: "api".into() })
    );
    for feature in [None, Some("payslip")] {
        assert_eq!(asked("biz4a_sale", feature), Err(Error::ModuleNotCovered { module: "biz4a_sale".into() }));
    }
}

#[test]
fn without_a_module_every_entry_counts_and_no_feature() {
    let token = license_with(r#"["18"]"#, r#"["18"],"features":["payslip"]"#);
    let asked = |odoo_major| verified(&token, &Context { module: None, feature: Some("api"), odoo_major, ..CONTEXT });
    assert_eq!(asked(18), Ok(Code::Valid));
    let error = asked(17).unwrap_err();
    assert_eq!(error, Error::WrongOdooVersion { module: None, allowed: "18".into(), asked: 17 });
    assert_eq!(error.to_string(), "The license covers its modules on Odoo 18, not on Odoo 17.");
    let named = verified(&token, &Context { odoo_major: 17, ..CONTEXT }).unwrap_err().to_string();
    assert_eq!(named, "The license covers the module \"biz4a_payroll\" on Odoo 18, not on Odoo 17.");
}

#[test]
fn without_a_module_only_a_text_without_tokens_is_missing() {
    let (keyring, context) = (keyring(), Context { module: None, ..CONTEXT });
    let asked = |text: &str| evaluate(text, &keyring, &context, |token| open(token, &keyring).map(Arc::new));
    assert_eq!(asked("Dear customer,").message(), Error::NoToken.to_string());
    assert_eq!(asked(&common::token()[..200]).code, Code::Malformed);
    assert_eq!(asked(&license_with("biz4a_payroll", "acme_stock")).code, Code::Valid);
}

#[test]
fn on_a_neutralized_copy_only_the_binding_is_passed_over() {
    let token = license_and(&format!(r#""instance_fingerprint":"sha256:{}""#, "0".repeat(64)));
    let copy = Instance::new("copy", "localhost:8069").unwrap();
    let context = Context { neutralized: true, instance: Some(&copy), ..CONTEXT };
    let elsewhere = verified(&token, &Context { neutralized: false, ..context }).unwrap_err();
    let words = "The license is bound to another instance (other database UUID or address).";
    assert_eq!((elsewhere.code(), elsewhere.to_string().as_str()), (Code::WrongInstance, words));
    assert_eq!(verified(&token, &context), Ok(Code::Valid));
    assert_eq!(verified(&token, &Context { instance: None, ..context }), Err(Error::InstanceUnknown));
    let end = 1_798_736_000;
    assert_eq!(verified(&token, &Context { now: end, ..context }), Err(Error::Expired { end }));

    let assessed = assessed_in(&token, &context);
    assert_eq!((assessed.code, assessed.flags().as_slice()), (Code::Valid, &[Flag::Staging][..]));
    assert_eq!(assessed.message(), "The license is valid, until 2026-12-31T16:53:20Z.");
    assert_eq!((assessed.error(), assessed.remedy()), (None, ""));
}

#[test]
fn an_assessment_keeps_its_token_and_does_not_show_it() {
    let (token, keyring) = (common::token(), keyring());
    let (header, rest) = token.split_at(50);
    let text = format!("{header}\n {rest}, {}, {}", &token[..200], &token[..token.len() - 86].to_owned());
    let report = evaluate(&text, &keyring, &CONTEXT, |token| open(token, &keyring).map(Arc::new));
    let tokens: Vec<_> = report.assessments.iter().map(|one| one.token().map(TokenText::as_str)).collect();
    assert_eq!(tokens, [Some(token.as_str()), None, None]);
    assert!(!format!("{report:?}").contains(&token[..20]));
}

#[test]
fn a_day_is_written_with_ten_digits_and_hyphens_in_one_way_only() {
    assert_eq!(day_start("1970-01-02"), Some(86_400));
    for day in ["2026-11-1", "2026-1-01", "226-11-01", "+2026-11-1", "2026- 11-1", "12026-11-01", "2026-11-31", ""] {
        assert_eq!(day_start(day), None, "{day}");
    }
}

#[test]
fn a_token_is_measured_before_it_is_taken_apart() {
    assert_eq!((MAX_TOKEN, MAX_LIST), (16_384, 2_097_152));
    assert_eq!(opened(&"A".repeat(MAX_LIST)), Err(Error::NotThreeSegments));
    for length in [MAX_LIST + 1, MAX_LIST + 2] {
        assert_eq!(opened(&"A".repeat(length)), Err(Error::TooLarge { limit: MAX_LIST }));
        assert_eq!(inspect(&"A".repeat(length)), Err(Error::TooLarge { limit: MAX_LIST }));
    }
    assert_eq!(inspect(&"A".repeat(MAX_LIST)), Err(Error::NotThreeSegments));
}

#[test]
fn a_header_is_measured_before_it_is_decoded() {
    let with_header = |length: usize| opened(&format!("{}.e30.{}", "A".repeat(length), "A".repeat(86)));
    assert_eq!(with_header(MAX_TOKEN), Err(Error::NotAnObject { segment: "header" }));
    for length in [MAX_TOKEN + 1, MAX_TOKEN + 4] {
        assert_eq!(with_header(length), Err(Error::TooLarge { limit: MAX_TOKEN }), "{length}");
    }
}

#[test]
fn a_signature_of_another_length_is_named_as_such() {
    let token = common::token();
    let (input, _) = token.rsplit_once('.').unwrap();
    let with_signature = |signature: &str| opened(&format!("{input}.{signature}"));
    for length in [0, 84, 87, 88, 90, 1000] {
        assert_eq!(with_signature(&"A".repeat(length)), Err(Error::SignatureLength), "{length}");
    }
    for length in [85, 86, 88] {
        let no_base64url = format!("{}+", "A".repeat(length - 1));
        assert_eq!(with_signature(&no_base64url), Err(Error::BadBase64 { segment: "signature" }), "{length}");
    }
}

#[test]
fn an_assessment_lists_every_check_once_in_the_order_of_the_codes() {
    let every = [
        Code::Malformed,
        Code::Unsupported,
        Code::UnknownKey,
        Code::BadSignature,
        Code::WrongIssuer,
        Code::WrongModule,
        Code::WrongOdooVersion,
        Code::Revoked,
        Code::WrongInstance,
        Code::NotYetValid,
        Code::Expired,
        Code::UpdatesEnded,
    ];
    let good = assessed(&common::token(), CONTEXT.now);
    assert!(good.checks().iter().all(|check| check.outcome == Outcome::Passed), "{good:?}");
    for assessment in [good, assessed("eyJh.", CONTEXT.now)] {
        assert_eq!(assessment.checks().iter().map(|check| check.code).collect::<Vec<_>>(), every);
    }
}

#[test]
fn a_message_says_how_a_license_works_and_until_when_or_why_not() {
    // From 1 December 2026 on it ends soon; it ends on the 31st and has a day of grace.
    let token = license_and(r#""notify_admins_from":1796083200,"grace_until":1798822400"#);
    for (now, message) in [
        (CONTEXT.now, "The license is valid, until 2026-12-31T16:53:20Z."),
        (1_796_083_200, "The license is valid and ends soon, until 2026-12-31T16:53:20Z."),
        (1_798_736_000, "The license has ended and is in its grace period, until 2027-01-01T16:53:20Z."),
        (1_798_822_400, "The license ended at 2027-01-01T16:53:20Z."),
    ] {
        assert_eq!(assessed(&token, now).message(), message);
    }
    let perpetual = CLAIMS.replace("1798736000", "null").replace("subscription", "perpetual");
    let token = sign(header().as_bytes(), perpetual.as_bytes());
    assert_eq!(assessed(&token, CONTEXT.now).message(), "The license is valid.");
}

#[test]
fn users_are_warned_from_their_instant_on_and_of_what_has_stopped() {
    let warned = |token: &str, now, released| {
        let (keyring, context) = (keyring(), Context { now, released, ..CONTEXT });
        let report = evaluate(token, &keyring, &context, |token| open(token, &keyring).map(Arc::new));
        (report.code, report.notify_users())
    };
    let (from, exp, grace) = (1_798_000_000, 1_798_736_000, 1_798_822_400);
    let plain = common::token();
    let told = license_and(&format!(r#""notify_users_from":{from},"grace_until":{grace}"#));
    assert_eq!(warned(&plain, CONTEXT.now, None), (Code::Valid, false));
    assert_eq!(warned(&plain, exp - 1, None), (Code::Expiring, false));
    assert_eq!(warned(&plain, exp, None), (Code::Expired, true));
    assert_eq!(warned(&told, from - 1, None), (Code::Expiring, false));
    assert_eq!(warned(&told, from, None), (Code::Expiring, true));
    assert_eq!(warned(&told, from + 1, None), (Code::Expiring, true));
    assert_eq!(warned(&told, exp, None), (Code::Grace, true));
    let early = license_and(r#""notify_users_from":1"#);
    assert_eq!(warned(&early, CONTEXT.now, None), (Code::Valid, true));
    let updates = license_and(r#""updates_until":1767139200"#);
    assert_eq!(warned(&updates, CONTEXT.now, Some(1_767_139_200)), (Code::UpdatesEnded, false));
    assert_eq!(warned("", CONTEXT.now, None), (Code::Missing, true));
}

/// Who has the text of a license may have the license: no log of a vendor's program shows it by mistake.
#[test]
fn a_token_is_not_shown_by_debug() {
    assert_eq!(format!("{:?}", TokenText::from("eyJ.secret.x")), "TokenText(…)");
}

/// What was issued in the meantime cures a count-down, whatever a newer token from the future says beside it.
#[test]
fn a_token_from_the_future_undoes_no_cure() {
    let ended = NOW - 20 * 86_400;
    let state = format!(r#"{{"clocks":{{"Example Vendor":{{"suspect_since":{ended}}}}}}}"#);
    let state = Arc::new(State::from_json(&state).unwrap());
    let context = Context { state: Some(&state), database_date: Some(1_800_000_000), ..CONTEXT };
    let issued_meanwhile = sign(header().as_bytes(), CLAIMS.as_bytes());
    let issued_before = license_with("1767200000", "1760000000");
    let from_the_future = license_with("1767200000", &(NOW + 1).to_string());
    let code = |texts: &[&str]| {
        let keyring = keyring();
        evaluate(&texts.join("\n"), &keyring, &context, |token| open(token, &keyring).map(Arc::new)).code
    };
    assert_eq!(code(&[&issued_before]), Code::Expired);
    assert_eq!(code(&[&issued_before, &from_the_future]), Code::Expired);
    assert_eq!(code(&[&issued_meanwhile]), Code::Valid);
    assert_eq!(code(&[&issued_meanwhile, &from_the_future]), Code::Valid);
    assert_eq!(code(&[&from_the_future, &issued_meanwhile]), Code::Valid);
}
