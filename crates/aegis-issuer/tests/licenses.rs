//! Issuing: what is asked for is signed and read back, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use aegis_core::{Key, KeyParts, KeyUse, Keyring, ModulePattern, check};
use aegis_issuer::{
    Bind, Customer, Error, IssueContext, LicenseRequest, LicenseType, Limits, ModuleGrant, SignError, Signer,
    UnverifiedToken, issue,
};
use common::{DAY, ISSUER, NOW, context, issued, module, perpetual, signer, subscription};

const UUID: &str = "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11";

/// The claim at which a request is refused.
fn refused(request: &LicenseRequest) -> &'static str {
    match issue(request, &signer(), &context()) {
        Err(Error::BadRequest { claim, .. }) => claim,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_header_says_alg_kid_typ_and_nothing_else() {
    let token = UnverifiedToken::decode(&issued(&perpetual()).token).unwrap();
    let expected = serde_json::json!({ "alg": "EdDSA", "kid": "k1", "typ": "aegis-license+jwt" });
    assert_eq!(token.header, expected);
}

#[test]
fn the_id_is_a_random_uuid_of_version_4() {
    let (one, other) = (issued(&perpetual()).claims.jti, issued(&perpetual()).claims.jti);
    assert_ne!(one, other);
    assert_eq!(uuid::Uuid::parse_str(&one).unwrap().get_version_num(), 4);
    assert_eq!(one.len(), 36);
}

#[test]
fn absent_claims_are_absent_and_never_null() {
    let token = UnverifiedToken::decode(&issued(&perpetual()).token).unwrap();
    let names: Vec<_> = token.claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["customer", "iat", "iss", "jti", "license_type", "modules"]);
}

#[test]
fn every_claim_asked_for_is_signed() {
    let request = LicenseRequest {
        nbf: Some(NOW + DAY),
        exp: Some(NOW + 365 * DAY),
        days: None,
        grace_days: Some(14),
        updates_until: Some(NOW + 100 * DAY),
        notify_admins_from: Some(NOW + 300 * DAY),
        notify_users_from: Some(NOW + 360 * DAY),
        bind: Some(Bind { database_uuid: UUID.to_owned(), domain: "acme.odoo.com".to_owned() }),
        limits: Some(Limits { users: Some(5), companies: None }),
        must: vec!["limits".to_owned()],
        modules: vec![
            module("biz4a_*", &["17", "18.0"]),
            ModuleGrant { features: Some(vec!["sepa".to_owned()]), ..module("pay", &["19"]) },
        ],
        ..subscription()
    };
    let claims = UnverifiedToken::decode(&issued(&request).token).unwrap().claims;
    assert_eq!(claims["nbf"], NOW + DAY);
    assert_eq!(claims["exp"], NOW + 365 * DAY);
    assert_eq!(claims["grace_until"], NOW + 379 * DAY);
    assert_eq!(claims["limits"], serde_json::json!({ "users": 5 }));
    assert_eq!(claims["must"], serde_json::json!(["limits"]));
    assert_eq!(
        claims["modules"],
        serde_json::json!([
            { "technical_name": "biz4a_*", "allowed_major_versions": ["17", "18"] },
            { "technical_name": "pay", "allowed_major_versions": ["19"], "features": ["sepa"] },
        ])
    );
    let fingerprint = aegis_core::Fingerprint::of(UUID, "acme.odoo.com").to_string();
    assert_eq!(claims["instance_fingerprint"], fingerprint);
}

#[test]
fn days_count_from_the_begin_and_without_one_from_the_issue() {
    assert_eq!(issued(&subscription()).claims.exp, Some(NOW + 365 * DAY));
    let later = LicenseRequest { nbf: Some(NOW + DAY), ..subscription() };
    assert_eq!(issued(&later).claims.exp, Some(NOW + 366 * DAY));
}

#[test]
fn a_version_is_written_without_its_zero_and_once() {
    let request = LicenseRequest { modules: vec![module("m", &["17.0", "17", "18.0"])], ..perpetual() };
    assert_eq!(issued(&request).claims.modules[0].allowed_major_versions, ["17", "18"]);
}

#[test]
fn an_issue_time_ahead_of_the_own_clock_is_refused() {
    assert_eq!(refused(&LicenseRequest { iat: Some(NOW + 1), ..perpetual() }), "iat");
    assert_eq!(issued(&LicenseRequest { iat: Some(NOW), ..perpetual() }).claims.iat, NOW);
}

#[test]
fn an_end_not_after_the_issue_is_refused() {
    for exp in [NOW, NOW - 1] {
        assert_eq!(refused(&LicenseRequest { exp: Some(exp), days: None, ..subscription() }), "exp");
    }
    assert_eq!(refused(&LicenseRequest { days: Some(0), ..subscription() }), "exp");
}

#[test]
fn a_begin_not_before_the_end_is_refused() {
    let exp = Some(NOW + DAY);
    assert_eq!(refused(&LicenseRequest { nbf: exp, exp, days: None, ..subscription() }), "nbf");
}

#[test]
fn a_demo_or_subscription_without_end_is_refused() {
    for license_type in [LicenseType::Demo, LicenseType::Subscription] {
        assert_eq!(refused(&LicenseRequest { license_type, ..perpetual() }), "exp");
    }
}

#[test]
fn a_perpetual_license_with_an_end_is_refused() {
    assert_eq!(refused(&LicenseRequest { exp: Some(NOW + DAY), ..perpetual() }), "exp");
    assert_eq!(refused(&LicenseRequest { days: Some(30), ..perpetual() }), "exp");
}

#[test]
fn an_end_given_twice_is_refused() {
    assert_eq!(refused(&LicenseRequest { exp: Some(NOW + DAY), ..subscription() }), "exp");
    let grace = LicenseRequest { grace_until: Some(NOW + 400 * DAY), grace_days: Some(3), ..subscription() };
    assert_eq!(refused(&grace), "grace_until");
}

#[test]
fn a_grace_period_not_after_the_end_is_refused() {
    let end = NOW + 365 * DAY;
    assert_eq!(refused(&LicenseRequest { grace_until: Some(end), ..subscription() }), "grace_until");
    assert_eq!(refused(&LicenseRequest { grace_days: Some(0), ..subscription() }), "grace_until");
    assert_eq!(refused(&LicenseRequest { grace_until: Some(end), ..perpetual() }), "grace_until");
    assert_eq!(refused(&LicenseRequest { grace_days: Some(5), ..perpetual() }), "grace_until");
}

#[test]
fn a_warning_without_end_or_after_it_is_refused() {
    let late = Some(NOW + 365 * DAY);
    assert_eq!(refused(&LicenseRequest { notify_admins_from: late, ..subscription() }), "notify_admins_from");
    assert_eq!(refused(&LicenseRequest { notify_users_from: late, ..perpetual() }), "notify_users_from");
    let in_grace = LicenseRequest { notify_users_from: late, grace_days: Some(1), ..subscription() };
    assert_eq!(issued(&in_grace).claims.notify_users_from, late);
}

#[test]
fn a_license_without_module_is_refused() {
    assert_eq!(refused(&LicenseRequest { modules: vec![], ..perpetual() }), "modules");
}

#[test]
fn a_bad_module_name_is_refused() {
    for name in ["", "*", "a b", "a-b", "a*b", "a**", "é", "a.b", &"m".repeat(129)] {
        assert_eq!(
            refused(&LicenseRequest { modules: vec![module(name, &["18"])], ..perpetual() }),
            "modules",
            "{name}"
        );
    }
}

#[test]
fn a_bad_version_is_refused() {
    for version in ["", "0", "017", "18.1", "18.0.1", "saas~18.2", "1000", "x", " 18"] {
        let modules = vec![module("m", &[version])];
        assert_eq!(refused(&LicenseRequest { modules, ..perpetual() }), "modules", "{version}");
    }
    assert_eq!(refused(&LicenseRequest { modules: vec![module("m", &[])], ..perpetual() }), "modules");
}

#[test]
fn a_module_named_twice_is_refused() {
    let modules = vec![module("m", &["17"]), module("m", &["18"])];
    assert_eq!(refused(&LicenseRequest { modules, ..perpetual() }), "modules");
}

#[test]
fn bad_features_are_refused() {
    for features in [vec![], vec![String::new()], vec!["a b".to_owned()]] {
        let modules = vec![ModuleGrant { features: Some(features), ..module("m", &["18"]) }];
        assert_eq!(refused(&LicenseRequest { modules, ..perpetual() }), "modules");
    }
}

#[test]
fn an_empty_customer_is_refused() {
    for (id, name) in [("", "Acme"), ("C-1", ""), (" ", "Acme"), ("C-1", "a\nb"), ("C-1", &"x".repeat(257))] {
        let customer = Customer { id: id.to_owned(), name: name.to_owned() };
        assert_eq!(refused(&LicenseRequest { customer, ..perpetual() }), "customer");
    }
}

#[test]
fn a_binding_needs_a_database_uuid_of_any_case_and_in_first_place() {
    let asked = |database_uuid: &str, domain: &str| {
        let bind = Some(Bind { database_uuid: database_uuid.to_owned(), domain: domain.to_owned() });
        issue(&LicenseRequest { bind, ..perpetual() }, &signer(), &context())
    };
    assert!(asked(UUID, "localhost:8069").is_ok());
    assert!(asked(&UUID.to_uppercase(), "localhost:8069").is_ok());
    let (simple, braced, short) = (UUID.replace('-', ""), format!("{{{UUID}}}"), &UUID[1..]);
    for other in ["", "d0c2", "acme.odoo.com", &simple, &braced, short, &UUID.replace('a', "g")] {
        let error = asked(other, "acme.odoo.com").unwrap_err();
        assert!(error.to_string().contains("is not a database UUID"), "{error}");
        assert!(error.remedy().contains("the customer's system parameter database.uuid"));
    }
    assert!(asked("acme.odoo.com", UUID).unwrap_err().to_string().contains("\"acme.odoo.com\" is not a database UUID"));
}

#[test]
fn a_bad_binding_is_refused() {
    let claim = "instance_fingerprint";
    for (database_uuid, domain) in [("", "acme.odoo.com"), (UUID, ""), (UUID, "https://acme.odoo.com")] {
        let bind = Some(Bind { database_uuid: database_uuid.to_owned(), domain: domain.to_owned() });
        assert_eq!(refused(&LicenseRequest { bind, ..perpetual() }), claim);
    }
    for text in ["", "sha256:", "sha256:00", &"0".repeat(64)] {
        assert_eq!(refused(&LicenseRequest { instance_fingerprint: Some(text.to_owned()), ..perpetual() }), claim);
    }
}

#[test]
fn a_time_out_of_range_is_refused() {
    for time in [-1, 253_402_300_800, i64::MAX, i64::MIN] {
        let result = issue(&LicenseRequest { updates_until: Some(time), ..perpetual() }, &signer(), &context());
        assert!(matches!(result, Err(Error::TimeOutOfRange)), "{time}");
    }
    let result = issue(&LicenseRequest { days: Some(u32::MAX), ..subscription() }, &signer(), &context());
    assert!(matches!(result, Err(Error::TimeOutOfRange)));
}

#[test]
fn a_must_that_no_verifier_knows_is_refused() {
    let request = LicenseRequest { must: vec!["teleport".to_owned()], ..perpetual() };
    assert!(matches!(issue(&request, &signer(), &context()), Err(Error::VerifierRefuses(_))));
}

#[test]
fn a_license_too_large_for_customers_is_refused() {
    let modules = (0..400).map(|number| module(&format!("module_{number}"), &["17", "18"])).collect();
    let result = issue(&LicenseRequest { modules, ..perpetual() }, &signer(), &context());
    assert!(matches!(result, Err(Error::VerifierRefuses(reason)) if reason.contains("16384")));
}

fn keyring(signer: &dyn Signer, change: impl FnOnce(&mut KeyParts)) -> Keyring {
    let mut parts = KeyParts {
        kid: signer.kid().to_owned(),
        issuer: ISSUER.to_owned(),
        uses: vec![KeyUse::License],
        modules: None,
        not_before: None,
        not_after: None,
        public: signer.public_key(),
    };
    change(&mut parts);
    Keyring::new(vec![Key::new(parts).unwrap()]).unwrap()
}

#[test]
fn what_lies_outside_the_limits_of_the_key_is_not_handed_out() {
    let signer = signer();
    let issue_with =
        |keyring: &Keyring| issue(&perpetual(), &signer, &IssueContext { keyring: Some(keyring), ..context() });
    let pattern = |text| Some(vec![ModulePattern::parse(text).unwrap()]);
    assert!(issue_with(&keyring(&signer, |parts| parts.modules = pattern("biz4a_*"))).is_ok());
    let outside = [
        keyring(&signer, |parts| parts.modules = pattern("other_*")),
        keyring(&signer, |parts| parts.not_after = Some(NOW)),
        keyring(&signer, |parts| parts.not_before = Some(NOW + 1)),
        keyring(&signer, |parts| parts.issuer = "other.example".to_owned()),
        keyring(&signer, |parts| parts.uses = vec![KeyUse::Revocation]),
        keyring(&signer, |parts| parts.kid = "k2".to_owned()),
        keyring(&common::signer(), |_| {}),
    ];
    for keyring in outside {
        assert!(matches!(issue_with(&keyring), Err(Error::VerifierRefuses(_))), "{keyring:?}");
    }
}

/// A signer that does not do what it should.
struct Faulty(Result<[u8; 64], SignError>);

impl Signer for Faulty {
    fn kid(&self) -> &'static str {
        "k1"
    }

    fn public_key(&self) -> [u8; 32] {
        signer().public_key()
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        self.0.clone()
    }
}

#[test]
fn a_signature_that_does_not_verify_is_not_handed_out() {
    let result = issue(&perpetual(), &Faulty(Ok([0; 64])), &context());
    assert!(matches!(result, Err(Error::VerifierRefuses(_))));
}

#[test]
fn a_signer_that_fails_is_reported() {
    let failure = SignError::Unavailable("the vault is sealed".to_owned());
    let error = issue(&perpetual(), &Faulty(Err(failure)), &context()).unwrap_err();
    assert!(error.to_string().contains("the vault is sealed"));
}

#[test]
fn a_bound_license_works_on_its_instance_only() {
    let signer = signer();
    let bind = Some(Bind { database_uuid: UUID.to_owned(), domain: "acme.odoo.com".to_owned() });
    let license = issue(&LicenseRequest { bind, ..perpetual() }, &signer, &context()).unwrap().license;
    let keyring = keyring(&signer, |_| {});
    let works = |instance: Option<&aegis_core::Instance>| {
        let question =
            aegis_core::Context { module: Some("biz4a_payroll"), instance, ..aegis_core::Context::new(18, NOW) };
        check(&license, &keyring, &question).is_ok()
    };
    let instance = |domain| aegis_core::Instance::new(UUID, domain).unwrap();
    assert!(works(Some(&instance("acme.odoo.com"))));
    assert!(!works(Some(&instance("other.odoo.com"))));
    assert!(!works(None));
}

#[test]
fn a_request_is_read_from_json_with_dates_as_people_write_them() {
    let json = r#"{
        "customer": {"id": "C-1", "name": "Acme"},
        "license_type": "subscription",
        "modules": [{"technical_name": "m", "allowed_major_versions": ["18"]}],
        "nbf": "2026-10-01", "exp": "2027-03-01", "grace_until": 1900000000, "updates_until": null
    }"#;
    let request = LicenseRequest::from_json(json).unwrap();
    assert_eq!(request.nbf.map(aegis_issuer::dates::format_utc).unwrap(), "2026-10-01T00:00:00Z");
    assert_eq!(request.exp.map(aegis_issuer::dates::format_utc).unwrap(), "2027-03-02T00:00:00Z");
    assert_eq!((request.grace_until, request.updates_until), (Some(1_900_000_000), None));
}

#[test]
fn a_request_written_as_json_reads_the_same() {
    for request in [perpetual(), subscription()] {
        let json = serde_json::to_string(&request).unwrap();
        assert_eq!(LicenseRequest::from_json(&json).unwrap(), request);
    }
}

#[test]
fn json_with_unknown_or_wrong_members_is_refused() {
    let proper = serde_json::to_value(perpetual()).unwrap();
    for (name, value) in [
        ("expires", serde_json::json!("2027-03-01")),
        ("exp", serde_json::json!(1.5)),
        ("exp", serde_json::json!(-1)),
        ("exp", serde_json::json!("soon")),
        ("exp", serde_json::json!(u64::MAX)),
        ("license_type", serde_json::json!("lifetime")),
        ("days", serde_json::json!(-3)),
        ("instance", serde_json::json!({})),
        ("move_grace_days", serde_json::json!(-1)),
        ("bind_request", serde_json::json!("aegis-request.x.y")),
    ] {
        let mut request = proper.clone();
        request[name] = value.clone();
        let result = LicenseRequest::from_json(&request.to_string());
        assert!(matches!(result, Err(Error::BadJson(_))), "{name} {value}");
    }
}
