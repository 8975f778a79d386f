//! From an activation request to a license that tolerates a change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use aegis_core::{ActivationRequest, Context, Instance, check};
use aegis_issuer::{BindRequest, Error, IssueContext, LicenseRequest, Signer as _, UnverifiedToken, issue};
use common::{NOW, context, issued, keyring, parts, perpetual, signer};

const UUID: &str = "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11";
const OTHER: &str = "11111111-0c3e-4a57-9d3a-2f6f0f1f8a11";

fn instance(uuid: &str, domain: &str) -> Instance {
    Instance::new(uuid, domain).unwrap()
}

fn three() -> Instance {
    instance(UUID, "acme.odoo.com").with_instance_id("acme-erp-1").unwrap()
}

fn mailed(instance: &Instance) -> BindRequest {
    BindRequest { request: ActivationRequest::of(instance).to_string(), need: None, require: None }
}

fn bound(bind: BindRequest) -> LicenseRequest {
    LicenseRequest { bind_request: Some(bind), ..perpetual() }
}

/// Why a request is refused.
fn refused(request: &LicenseRequest) -> (&'static str, String) {
    match issue(request, &signer(), &context()) {
        Err(error @ Error::BadRequest { claim, .. }) => (claim, format!("{error}; {}", error.remedy())),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn all_components_but_one_have_to_match_and_the_database_among_them() {
    let claims = UnverifiedToken::decode(&issued(&bound(mailed(&three()))).token).unwrap().claims;
    assert_eq!(claims["instance"]["need"], 2);
    let of = claims["instance"]["of"].as_array().unwrap();
    let said: Vec<_> = of.iter().map(|one| (one["kind"].as_str().unwrap(), one.get("required").is_some())).collect();
    assert_eq!(said, [("database_uuid", true), ("domain", false), ("instance_id", false)]);
    assert_eq!(claims["instance"]["salt"], ActivationRequest::of(&three()).salt);
    let two = UnverifiedToken::decode(&issued(&bound(mailed(&instance(UUID, "a.b")))).token).unwrap().claims;
    assert_eq!(two["instance"]["need"], 1);
}

#[test]
fn a_license_bound_by_request_works_after_one_change_and_never_on_another_database() {
    let signer = signer();
    let license = issue(&bound(mailed(&three())), &signer, &context()).unwrap().license;
    let keyring = keyring(&[parts(&signer, &[aegis_core::KeyUse::License])]);
    let works = |instance: &Instance| {
        check(&license, &keyring, &Context { instance: Some(instance), ..Context::new(18, NOW) }).is_ok()
    };
    let with_id = |uuid: &str, domain: &str| instance(uuid, domain).with_instance_id("acme-erp-1").unwrap();
    assert!(works(&three()) && works(&with_id(UUID, "new.odoo.com")) && works(&instance(UUID, "acme.odoo.com")));
    assert!(!works(&instance(UUID, "new.odoo.com")) && !works(&with_id(OTHER, "acme.odoo.com")));
    assert_eq!(license.kid, signer.kid());
}

#[test]
fn a_request_is_found_in_a_mail_that_wrapped_and_quoted_it() {
    let request = mailed(&three()).request;
    let wrapped: Vec<String> =
        request.as_bytes().chunks(40).map(|line| format!("> {}\u{a0}\r\n", String::from_utf8_lossy(line))).collect();
    let mail = format!("Hello,\n\nours:\n{}\nRegards. J.\n\n{request}\n", wrapped.concat());
    let from_mail = issued(&bound(BindRequest { request: mail, need: None, require: None })).claims.instance;
    assert_eq!(from_mail, issued(&bound(mailed(&three()))).claims.instance);
}

#[test]
fn a_request_that_is_cut_or_changed_is_refused_with_a_remedy() {
    let request = mailed(&three()).request;
    let cut = request[..request.len() - 9].to_owned();
    let other = if &request[60..61] == "x" { "y" } else { "x" };
    let changed = format!("{}{other}{}", &request[..60], &request[61..]);
    for request in [cut, changed, format!("{}.", &request[..100]), "aegis-request.".to_owned()] {
        let (claim, text) = refused(&bound(BindRequest { request, need: None, require: None }));
        assert_eq!(claim, "instance");
        assert!(text.contains("not whole, or was changed") && text.contains("copy it again"), "{text}");
    }
}

#[test]
fn a_text_without_a_request_or_with_two_is_refused() {
    let text = |request: String| refused(&bound(BindRequest { request, need: None, require: None })).1;
    assert!(text("hello".to_owned()).contains("there is no activation request"));
    let (one, two) = (mailed(&three()).request, mailed(&instance(OTHER, "acme.odoo.com")).request);
    assert!(text(format!("{one}\n{two}")).contains("several activation requests"));
}

#[test]
fn what_has_to_match_can_be_said() {
    let claims = |need, require: Option<&[&str]>| {
        let require = require.map(|kinds| kinds.iter().map(ToString::to_string).collect());
        issue(&bound(BindRequest { need, require, ..mailed(&three()) }), &signer(), &context())
    };
    let need = |need, require| claims(need, require).unwrap().claims.instance.unwrap().need;
    assert_eq!(need(Some(3), None), 3);
    assert_eq!(need(None, Some(&["domain"])), 2);
    assert_eq!(need(None, Some(&["database_uuid", "domain", "instance_id", "domain"])), 3);
    for (need, require) in [(Some(0), None), (Some(4), None), (None, Some(&["mac"][..]))] {
        assert!(matches!(claims(need, require), Err(Error::BadRequest { claim: "instance", .. })));
    }
    let two = BindRequest { require: Some(vec!["instance_id".to_owned()]), ..mailed(&instance(UUID, "a.b")) };
    assert!(refused(&bound(two)).1.contains("has no \"instance_id\", only database_uuid, domain"));
}

#[test]
fn a_license_is_bound_in_one_way_only() {
    let bind = Some(aegis_issuer::Bind { database_uuid: UUID.to_owned(), domain: "a.b".to_owned() });
    assert_eq!(refused(&LicenseRequest { bind, ..bound(mailed(&three())) }).0, "instance");
}

#[test]
fn days_after_a_move_are_0_to_90_and_for_bound_licenses() {
    let with = |days, request| LicenseRequest { move_grace_days: Some(days), ..request };
    for days in [0, 90] {
        let issued = issued(&with(days, bound(mailed(&three()))));
        assert_eq!((issued.claims.move_grace_days, issued.license.move_grace), (Some(days), i64::from(days) * 86_400));
    }
    assert_eq!(refused(&with(91, bound(mailed(&three())))).0, "move_grace_days");
    assert!(refused(&with(14, perpetual())).1.contains("bound to no instance"));
}

#[test]
fn a_request_in_json_takes_the_activation_request() {
    let mut json = serde_json::to_value(perpetual()).unwrap();
    json["bind_request"] = serde_json::json!({ "request": mailed(&three()).request, "need": 3, "require": ["domain"] });
    json["move_grace_days"] = 30.into();
    let request = LicenseRequest::from_json(&json.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&request).unwrap(), json);
    let claims = issue(&request, &signer(), &IssueContext { ..context() }).unwrap().claims;
    assert_eq!((claims.instance.unwrap().need, claims.move_grace_days), (3, Some(30)));
}
