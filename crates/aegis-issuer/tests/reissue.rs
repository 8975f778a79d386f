//! The same license again under another key, and a look into the future without any.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use aegis_core::{ActivationRequest, Binding, Context, Instance, KeyUse, evaluate, open};
use aegis_issuer::{
    Bind, BindRequest, Error, InstanceClaim, IssueContext, LicenseRequest, Limits, NewInstance, Preview, RebindRequest,
    Signer as _, UnverifiedToken, issue, rebind, reissue, stated,
};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{DAY, NOW, certified, context, issued, keyring, parts, perpetual, root, signer, subscription};

const UUID: &str = "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11";
const OTHER: &str = "11111111-0c3e-4a57-9d3a-2f6f0f1f8a11";

#[test]
fn a_license_is_issued_again_with_the_same_claims_a_new_id_and_the_present_time() {
    let (old_key, new_key) = (signer(), root("k2").0);
    let bind = Bind { database_uuid: "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11".to_owned(), domain: "a.b".to_owned() };
    let request = LicenseRequest {
        bind: Some(bind),
        grace_days: Some(9),
        limits: Some(Limits { users: Some(5), companies: None }),
        must: vec!["limits".to_owned()],
        ..subscription()
    };
    let old = issue(&request, &old_key, &context()).unwrap();
    let trusted = keyring(&[parts(&old_key, &[KeyUse::License])]);
    let later = IssueContext { now: NOW + 9 * DAY, ..context() };
    let new = reissue(&old.token, &trusted, &new_key, &later).unwrap();
    let claims = |token: &str| UnverifiedToken::decode(token).unwrap();
    let (before, mut after) = (claims(&old.token), claims(&new.token));
    assert_eq!((&after.header["kid"], &after.claims["iat"]), (&"k2".into(), &(NOW + 9 * DAY).into()));
    assert_ne!(after.claims["jti"], before.claims["jti"]);
    after.claims["jti"] = before.claims["jti"].clone();
    after.claims["iat"] = before.claims["iat"].clone();
    assert_eq!(after.claims, before.claims);
}

#[test]
fn a_license_of_the_first_form_is_issued_again_in_its_form() {
    let key = signer();
    let encode = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = encode(serde_json::json!({ "alg": "EdDSA", "typ": "JWT", "kid": "k1" }));
    let claims = encode(serde_json::json!({
        "jti": "0b0f6f6e-7a3f-4b1e-9d55-7f6f7b8f2a11", "iss": common::ISSUER, "iat": 1_780_000_000, "exp": NOW + DAY,
        "customer": { "id": "C-1", "name": "Acme" }, "license_type": "perpetual", "instance_fingerprint": null,
        "module": { "technical_name": "m", "allowed_major_versions": ["17.0"] },
    }));
    let signature = key.sign(format!("{header}.{claims}").as_bytes()).unwrap();
    let token = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature));
    let trusted = keyring(&[parts(&key, &[KeyUse::License])]);
    let new_key = root("k2").0;
    let new = reissue(&token, &trusted, &new_key, &context()).unwrap();
    assert_eq!(UnverifiedToken::decode(&new.token).unwrap().header["typ"], "JWT");
    assert_eq!(new.license.exp, Some(NOW + DAY));
}

#[test]
fn what_our_keys_did_not_sign_is_not_signed_again() {
    let trusted = keyring(&[parts(&signer(), &[KeyUse::License])]);
    let error = reissue(&issued(&perpetual()).token, &trusted, &root("k2").0, &context()).unwrap_err();
    assert!(matches!(error, Error::NotOurs(_)) && error.remedy().contains("public key"), "{error}");
}

#[test]
fn what_lies_outside_the_new_key_is_not_issued_again() {
    let old_key = signer();
    let token = issue(&perpetual(), &old_key, &context()).unwrap().token;
    let trusted = keyring(&[parts(&old_key, &[KeyUse::License])]);
    let (root, roots) = root("root-a");
    let (new_key, certificate) = certified(&root, &[KeyUse::Revocation]);
    let (customers, _) = roots.with_trust(&certificate);
    let context = IssueContext { keyring: Some(&customers), ..context() };
    assert!(matches!(reissue(&token, &trusted, &new_key, &context), Err(Error::VerifierRefuses(_))));
}

fn mailed(uuid: &str, id: Option<&str>) -> BindRequest {
    let instance = Instance::new(uuid, "a.b").unwrap();
    let instance = id.map_or(instance.clone(), |id| instance.with_instance_id(id).unwrap());
    BindRequest { request: ActivationRequest::of(&instance).to_string(), need: None, require: None }
}

#[test]
fn a_license_is_bound_anew_with_all_other_claims_as_they_were() {
    let (old_key, new_key) = (signer(), root("k2").0);
    let request =
        LicenseRequest { bind_request: Some(mailed(UUID, None)), move_grace_days: Some(30), ..subscription() };
    let old = issue(&request, &old_key, &context()).unwrap();
    let trusted = keyring(&[parts(&old_key, &[KeyUse::License])]);
    let instance = InstanceClaim::in_place_of(None, &mailed(OTHER, None)).unwrap();
    let new = rebind(&old.token, &NewInstance::Tolerant(instance.clone()), &trusted, &new_key, &context()).unwrap();
    assert_eq!(InstanceClaim::of_token(&new.token).unwrap(), Some(instance.clone()));
    assert_eq!(new.license.move_grace, old.license.move_grace);
    let claims = |token: &str| {
        let mut claims = UnverifiedToken::decode(token).unwrap().claims;
        for name in ["jti", "instance"] {
            claims.as_object_mut().unwrap().remove(name);
        }
        claims
    };
    assert_eq!(claims(&new.token), claims(&old.token));
    let theirs = issue(&subscription(), &signer(), &context()).unwrap().token;
    assert!(matches!(
        rebind(&theirs, &NewInstance::Tolerant(instance), &trusted, &new_key, &context()),
        Err(Error::NotOurs(_))
    ));
}

#[test]
fn a_new_binding_tolerates_as_much_as_the_one_before() {
    let claim = |id, need, require: Option<&[&str]>| {
        let require = require.map(|kinds| kinds.iter().map(ToString::to_string).collect());
        InstanceClaim::in_place_of(None, &BindRequest { need, require, ..mailed(UUID, id) }).unwrap()
    };
    let strict = claim(Some("erp"), Some(3), Some(&["domain"]));
    let loose = claim(Some("erp"), Some(1), Some(&[]));
    let again = |before, id| {
        let new = InstanceClaim::in_place_of(Some(before), &mailed(OTHER, id)).unwrap();
        (new.need, new.of.iter().filter(|one| one.required).map(|one| one.kind.clone()).collect::<Vec<_>>())
    };
    assert_eq!(again(&strict, Some("erp")), (3, vec!["domain".to_owned()]));
    assert_eq!(again(&strict, None), (2, vec!["domain".to_owned()]));
    assert_eq!(again(&loose, Some("erp")), (1, vec![]));
    assert_eq!(again(&loose, None), (1, vec![]));
    assert_eq!(again(&claim(None, None, None), Some("erp")), (2, vec!["database_uuid".to_owned()]));
    let with_id = claim(Some("erp"), None, Some(&["instance_id"]));
    assert!(matches!(
        InstanceClaim::in_place_of(Some(&with_id), &mailed(OTHER, None)),
        Err(Error::BadRequest { claim: "instance", .. })
    ));
}

#[test]
fn what_a_license_says_is_read_without_its_key() {
    let bind = Some(mailed(UUID, None));
    let issued = issued(&LicenseRequest { bind_request: bind, grace_days: Some(9), ..subscription() });
    assert_eq!(stated(&issued.token).unwrap(), issued.license);
    assert!(matches!(stated("eyJh"), Err(Error::NotAToken(_))));
    assert_eq!(InstanceClaim::of_token(&common::issued(&perpetual()).token).unwrap(), None);
}

#[test]
fn a_preview_needs_no_key_of_the_vendor_and_is_bound_to_nothing() {
    let bind = Bind { database_uuid: "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11".to_owned(), domain: "a.b".to_owned() };
    let request = LicenseRequest { bind: Some(bind), grace_days: Some(10), ..subscription() };
    let of_request = Preview::of_request(&request, common::ISSUER, NOW).unwrap();
    let of_token = Preview::of_token(&issued(&request).token).unwrap();
    for Preview { token, keyring, .. } in [of_request, of_token] {
        let open = |token: &str| open(token, &keyring).map(std::sync::Arc::new);
        let report = evaluate(&token, &keyring, &Context::new(18, NOW), open);
        let codes: Vec<_> = report.timeline().iter().map(|change| (change.at - NOW) / DAY).collect();
        assert_eq!((report.code.as_str(), codes), ("valid", vec![335, 365, 375]));
    }
    let preview = Preview::of_request(&perpetual(), common::ISSUER, NOW).unwrap();
    let stranger = keyring(&[parts(&signer(), &[KeyUse::License])]);
    assert!(open(&preview.token, &stranger).is_err());
}

#[test]
fn a_license_is_bound_anew_by_a_fingerprint() {
    let key = signer();
    let request = LicenseRequest { bind_request: Some(mailed(UUID, None)), ..subscription() };
    let old = issue(&request, &key, &context()).unwrap().token;
    let trusted = keyring(&[parts(&key, &[KeyUse::License])]);
    let bind = Some(Bind { database_uuid: OTHER.to_owned(), domain: "a.b".to_owned() });
    let wanted = RebindRequest { bind, ..RebindRequest::default() };
    let instance = NewInstance::from_request(&wanted, None).unwrap();
    let new = rebind(&old, &instance, &trusted, &key, &context()).unwrap();
    let fingerprint = Instance::new(OTHER, "a.b").unwrap().fingerprint();
    assert_eq!(new.license.binding, Some(Binding::Exact(fingerprint)));
}

#[test]
fn a_new_binding_names_one_instance() {
    let bind = Some(Bind { database_uuid: OTHER.to_owned(), domain: "a.b".to_owned() });
    let both = RebindRequest { bind, bind_request: Some(mailed(OTHER, None)), ..RebindRequest::default() };
    for wanted in [RebindRequest::default(), both] {
        let refused = NewInstance::from_request(&wanted, None);
        assert!(matches!(refused, Err(Error::BadRequest { claim: "instance", .. })), "{refused:?}");
    }
}
