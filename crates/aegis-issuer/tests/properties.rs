//! For arbitrary claims: what is issued verifies, and reads as it was asked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::sync::LazyLock;

use aegis_core::{ActivationRequest, Context, Instance, Key, KeyParts, KeyUse, Keyring, check, verify};
use aegis_issuer::ledger::LedgerEntry;
use aegis_issuer::{
    Bind, BindRequest, Customer, FileSigner, LicenseRequest, LicenseType, Limits, ModuleGrant, Signer as _,
    UnverifiedToken, issue,
};
use common::{DAY, ISSUER, NOW, context, signer};
use proptest::option;
use proptest::prelude::*;

static SIGNER: LazyLock<FileSigner> = LazyLock::new(signer);

fn keyring() -> Keyring {
    let (kid, issuer, public) = (SIGNER.kid().to_owned(), ISSUER.to_owned(), SIGNER.public_key());
    let uses = vec![KeyUse::License];
    let parts = KeyParts { kid, issuer, uses, modules: None, not_before: None, not_after: None, public };
    Keyring::new(vec![Key::new(parts).unwrap()]).unwrap()
}

prop_compose! {
    fn a_module()(
        technical_name in "[A-Za-z0-9_]{1,20}\\*?",
        allowed_major_versions in prop::collection::vec("[1-9][0-9]{0,2}(\\.0)?", 1..4),
        features in option::of(prop::collection::vec("[a-z_.-]{1,10}", 1..4)),
    ) -> ModuleGrant {
        ModuleGrant { technical_name, allowed_major_versions, features }
    }
}

prop_compose! {
    fn a_customer()(id in "[^\\p{C}\\p{Z}]{1,40}", name in "[^\\p{C}\\p{Z}][^\\p{C}]{0,40}[^\\p{C}\\p{Z}]") -> Customer {
        Customer { id, name }
    }
}

prop_compose! {
    /// Proper requests of every kind; times as they follow each other.
    fn a_request()(
        customer in a_customer(),
        license_type in prop::sample::select(vec![LicenseType::Perpetual, LicenseType::Subscription, LicenseType::Demo]),
        modules in prop::collection::btree_map("[a-z]{8}", a_module(), 1..5),
        back in 0..3_000 * DAY,
        begin in option::of(0..100 * DAY),
        days in 101..4_000_u32,
        grace_days in option::of(1..400_u32),
        updates_until in option::of(0..200_000_000_000_i64),
        (admins, users) in (option::of(0..101 * DAY), option::of(0..101 * DAY)),
        bind in option::of(("[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}", "[a-z0-9.-]{1,20}(:[0-9]{1,5})?")),
        limits in option::of((option::of(any::<u32>()), option::of(any::<u32>()))),
    ) -> LicenseRequest {
        let iat = NOW - back;
        let ends = license_type != LicenseType::Perpetual;
        let unique = modules.into_iter().map(|(prefix, module)| {
            let technical_name = format!("{prefix}{}", module.technical_name);
            ModuleGrant { technical_name, ..module }
        });
        LicenseRequest {
            iat: Some(iat),
            nbf: begin.map(|begin| iat + begin),
            days: ends.then_some(days),
            grace_days: grace_days.filter(|_| ends),
            updates_until,
            notify_admins_from: admins.filter(|_| ends).map(|after| iat + after),
            notify_users_from: users.filter(|_| ends).map(|after| iat + after),
            bind: bind.map(|(database_uuid, domain)| Bind { database_uuid, domain }),
            limits: limits.map(|(users, companies)| Limits { users, companies }),
            ..LicenseRequest::new(customer, license_type, unique.collect())
        }
    }
}

proptest! {
    #[test]
    fn what_is_issued_verifies_and_reads_as_it_was_asked_for(request in a_request()) {
        let issued = issue(&request, &*SIGNER, &context()).unwrap();
        let bind = request.bind.as_ref();
        let instance = bind.map(|bind| Instance::new(&bind.database_uuid, &bind.domain).unwrap());
        for covered in &issued.license.modules {
            let name = covered.pattern.to_string().replace('*', "x");
            let context = Context {
                module: Some(&name),
                feature: covered.features.as_ref().map(|features| features[0].as_str()),
                instance: instance.as_ref(),
                ..Context::new(covered.versions[0], request.nbf.unwrap_or(request.iat.unwrap()))
            };
            let (license, code) = verify(&issued.token, &keyring(), &context).unwrap();
            prop_assert!(code.works());
            prop_assert_eq!(&license, &issued.license);
        }
        prop_assert_eq!(&issued.license.customer.name, &request.customer.name);
        prop_assert_eq!(issued.license.updates_until, request.updates_until);
        let claims = UnverifiedToken::decode(&issued.token).unwrap().claims;
        prop_assert_eq!(claims, serde_json::to_value(&issued.claims).unwrap());
    }

    #[test]
    fn what_is_bound_by_an_activation_request_works_on_that_instance_only(
        request in a_request(),
        id in option::of("[a-z0-9-]{1,20}"),
        move_grace_days in option::of(0..=90_u32),
    ) {
        let instance = |uuid: &str| {
            let instance = Instance::new(uuid, "acme.odoo.com").unwrap();
            id.iter().fold(instance, |instance, id| instance.with_instance_id(id).unwrap())
        };
        let ours = instance("5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11");
        let mailed = format!("Hello, {} bye", ActivationRequest::of(&ours));
        let bind_request = Some(BindRequest { request: mailed, need: None, require: None });
        let request = LicenseRequest { bind: None, bind_request, move_grace_days, ..request };
        let issued = issue(&request, &*SIGNER, &context()).unwrap();
        let now = request.nbf.unwrap_or(request.iat.unwrap());
        let works = |instance: &Instance| {
            let major = issued.license.modules[0].versions[0];
            check(&issued.license, &keyring(), &Context { instance: Some(instance), ..Context::new(major, now) }).is_ok()
        };
        prop_assert!(works(&ours));
        prop_assert!(!works(&instance("00000000-0c3e-4a57-9d3a-2f6f0f1f8a11")));
        prop_assert_eq!(issued.license.move_grace, i64::from(move_grace_days.unwrap_or(14)) * DAY);
    }

    #[test]
    fn the_ledger_entry_of_a_license_says_what_the_license_says(request in a_request()) {
        let issued = issue(&request, &*SIGNER, &context()).unwrap();
        let entry = LedgerEntry::from_token(&issued.token, None).unwrap();
        prop_assert_eq!(&entry.jti, &issued.license.jti);
        prop_assert_eq!(entry.exp, issued.license.exp);
        prop_assert_eq!(entry.modules.len(), issued.license.modules.len());
        prop_assert_eq!(entry.token, issued.token);
    }

    #[test]
    fn no_request_text_panics(text in ".{0,300}") {
        let _ = LicenseRequest::from_json(&text);
        let _ = aegis_issuer::dates::parse_end(&text);
        let _ = aegis_issuer::keyfile::PrivateKey::from_pem(&text, None);
        let _ = LedgerEntry::from_token(&text, None);
    }
}
