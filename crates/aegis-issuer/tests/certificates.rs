//! Key certificates: what is asked for is signed and read back, and nothing wider.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use aegis_core::{KeyUse, ModulePattern};
use aegis_issuer::keyfile::{PrivateKey, thumbprint};
use aegis_issuer::{
    CertificateRequest, Error, FileSigner, IssueContext, LicenseRequest, ROOT_USES, Signer as _, UnverifiedCertificate,
    UnverifiedToken, certificate_for, certify, issue,
};
use common::{DAY, NOW, certified, context, keyring, module, parts, perpetual, root, to_certify};

fn key() -> FileSigner {
    FileSigner::certified(PrivateKey::generate().unwrap())
}

fn patterns(texts: &[&str]) -> Vec<ModulePattern> {
    texts.iter().map(|text| ModulePattern::parse(text).unwrap()).collect()
}

#[test]
fn a_certificate_says_what_was_asked_for() {
    let (root, _) = root("root-a");
    let key = key();
    let request = CertificateRequest { modules: Some(patterns(&["biz4a_*"])), ..to_certify(&key) };
    let certified = certify(&request, &root, &context()).unwrap();
    let token = UnverifiedToken::decode(&certified.token).unwrap();
    let header = serde_json::json!({ "alg": "EdDSA", "kid": "root-a", "typ": "aegis-key+jwt" });
    assert_eq!(token.header, header);
    assert_eq!(token.claims["kid"], thumbprint(&key.public_key()));
    assert_eq!(token.claims["use"], serde_json::json!(["license"]));
    assert_eq!((&token.claims["nbf"], &token.claims["exp"]), (&(NOW - DAY).into(), &(NOW + 730 * DAY).into()));
    assert_eq!(certified.certificate.key.kid(), key.kid());
    let stated = UnverifiedCertificate::decode(&certified.token).unwrap();
    assert_eq!((stated.root.as_str(), stated.name.as_str()), ("root-a", "acme-2026"));
    assert_eq!([NOW - DAY - 1, NOW - DAY, NOW + 730 * DAY].map(|time| stated.is_in_use(time)), [false, true, false]);
}

#[test]
fn every_bad_certificate_is_refused() {
    let (root, _) = root("root-a");
    let good = to_certify(&key());
    let bad = [
        CertificateRequest { public_key: root.public_key(), ..good.clone() },
        CertificateRequest { uses: vec![], ..good.clone() },
        CertificateRequest { uses: vec![KeyUse::License, KeyUse::Certify], ..good.clone() },
        CertificateRequest { modules: Some(vec![]), ..good.clone() },
        CertificateRequest { not_after: good.not_before, ..good.clone() },
        CertificateRequest { name: String::new(), ..good.clone() },
        CertificateRequest { name: "two\nlines".to_owned(), ..good.clone() },
    ];
    for request in bad {
        let error = certify(&request, &root, &context()).unwrap_err();
        assert!(matches!(error, Error::BadCertificate { .. }) && !error.remedy().is_empty(), "{error}");
    }
    let request = CertificateRequest { not_after: Some(i64::MAX), ..good };
    assert!(matches!(certify(&request, &root, &context()), Err(Error::TimeOutOfRange)));
}

#[test]
fn a_key_that_is_no_root_certifies_nothing() {
    let (root, _) = root("root-a");
    let plain = keyring(&[parts(&root, &[KeyUse::License])]);
    let context = IssueContext { keyring: Some(&plain), ..context() };
    let error = certify(&to_certify(&key()), &root, &context).unwrap_err();
    assert!(matches!(error, Error::VerifierRefuses(_)), "{error}");
}

#[test]
fn a_weak_key_is_not_certified() {
    let (root, _) = root("root-a");
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let request = CertificateRequest { public_key: neutral, ..to_certify(&key()) };
    assert!(matches!(certify(&request, &root, &context()), Err(Error::VerifierRefuses(_))));
}

#[test]
fn a_scope_outside_the_root_is_not_handed_out_and_a_wider_one_is_cut() {
    let (root, _) = root("root-a");
    let mut limited = parts(&root, &ROOT_USES);
    (limited.modules, limited.not_after) = (Some(patterns(&["biz4a_*"])), Some(NOW + 10 * DAY));
    let limited = keyring(&[limited]);
    let context = IssueContext { keyring: Some(&limited), ..context() };
    let request = to_certify(&key());
    let cut = certify(&request, &root, &context).unwrap().certificate;
    assert_eq!(
        (&cut.key.parts().modules, cut.key.parts().not_after),
        (&Some(patterns(&["biz4a_*"])), Some(NOW + 10 * DAY))
    );
    let outside = [
        CertificateRequest { modules: Some(patterns(&["other"])), ..request.clone() },
        CertificateRequest { not_before: Some(NOW + 10 * DAY), ..request },
    ];
    for request in outside {
        assert!(matches!(certify(&request, &root, &context), Err(Error::VerifierRefuses(_))));
    }
}

#[test]
fn a_certified_key_issues_inside_its_certificate_only() {
    let (root, roots) = root("root-a");
    let key = key();
    let request = CertificateRequest { modules: Some(patterns(&["biz4a_*"])), ..to_certify(&key) };
    let certificate = certify(&request, &root, &context()).unwrap().token;
    let (trusting, _) = roots.with_trust(&certificate);
    let at = |now| IssueContext { now, keyring: Some(&trusting), ..context() };
    let license = issue(&perpetual(), &key, &at(NOW)).unwrap().license;
    assert_eq!(license.kid, thumbprint(&key.public_key()));
    assert!(issue(&perpetual(), &key, &at(NOW + 730 * DAY)).is_err());
    let other = LicenseRequest { modules: vec![module("other", &["18"])], ..perpetual() };
    assert!(issue(&other, &key, &at(NOW)).is_err());
}

#[test]
fn the_certificate_that_a_license_needs_is_the_last_that_serves() {
    let (root, roots) = root("root-a");
    let key = key();
    let certificate = |from, until| {
        let request = CertificateRequest { not_before: Some(from), not_after: Some(until), ..to_certify(&key) };
        certify(&request, &root, &context()).unwrap().token
    };
    let certificates = [
        certificate(NOW - 300 * DAY, NOW + DAY),
        certificate(NOW - DAY, NOW + 300 * DAY),
        certificate(NOW + DAY, NOW + 600 * DAY),
    ];
    let issued_at = |now| {
        let (keyring, _) = roots.with_trust(&certificates.join("\n"));
        issue(&perpetual(), &key, &IssueContext { now, keyring: Some(&keyring), ..context() }).unwrap().token
    };
    let needed = |now| certificate_for(&issued_at(now), &certificates, &roots).map(str::to_owned);
    assert_eq!(needed(NOW - 9 * DAY).as_ref(), Some(&certificates[0]));
    assert_eq!(needed(NOW).as_ref(), Some(&certificates[1]));
    assert_eq!(needed(NOW + 400 * DAY).as_ref(), Some(&certificates[2]));
    let stranger = common::root("root-b").1;
    assert_eq!(certificate_for(&issued_at(NOW), &certificates, &stranger), None);
    let (_, of_another) = certified(&root, &[KeyUse::License]);
    assert_eq!(certificate_for(&issued_at(NOW), &[of_another], &roots), None);
}
