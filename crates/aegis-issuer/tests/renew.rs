//! The same license for longer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use aegis_core::{KeyUse, License};
use aegis_issuer::{Error, FileSigner, IssueContext, LicenseRequest, Renewal, UnverifiedToken, issue, renew};
use common::{DAY, NOW, context, keyring, parts, perpetual, signer, subscription};

/// A year, with a grace period and warnings.
fn sold() -> LicenseRequest {
    LicenseRequest {
        exp: None,
        days: Some(365),
        grace_days: Some(14),
        updates_until: Some(NOW + 365 * DAY),
        notify_admins_from: Some(NOW + 335 * DAY),
        notify_users_from: Some(NOW + 358 * DAY),
        ..subscription()
    }
}

fn renewed(request: &LicenseRequest, renewal: Renewal, now: i64) -> Result<License, Error> {
    renewed_by(&signer(), request, renewal, now).map(|(_, license)| license)
}

fn renewed_by(
    key: &FileSigner,
    request: &LicenseRequest,
    renewal: Renewal,
    now: i64,
) -> Result<([String; 2], License), Error> {
    let old = issue(request, key, &context()).unwrap().token;
    let trusted = keyring(&[parts(key, &[KeyUse::License])]);
    let new = renew(&old, &renewal, &trusted, key, &IssueContext { now, ..context() })?;
    Ok(([old, new.token], new.license))
}

fn days(days: u32) -> Renewal {
    Renewal { days: Some(days), ..Renewal::default() }
}

#[track_caller]
fn assert_refused(request: &LicenseRequest, renewal: Renewal, claim: &str) {
    match renewed(request, renewal, NOW + DAY) {
        Err(Error::BadRequest { claim: named, .. }) => assert_eq!(named, claim),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_renewal_is_as_long_as_the_license_was_and_moves_everything_with_its_end() {
    let license = renewed(&sold(), Renewal::default(), NOW + 350 * DAY).unwrap();
    assert_eq!(license.exp, Some(NOW + 730 * DAY));
    assert_eq!(license.grace_until, Some(NOW + 744 * DAY));
    assert_eq!(license.notify_admins_from, Some(NOW + 700 * DAY));
    assert_eq!(license.notify_users_from, Some(NOW + 723 * DAY));
    assert_eq!((license.updates_until, license.iat), (Some(NOW + 365 * DAY), NOW + 350 * DAY));
}

#[test]
fn nothing_but_times_and_the_id_differs() {
    let ([old, new], _) = renewed_by(&signer(), &sold(), days(30), NOW + DAY).unwrap();
    let claims = |token: &str| {
        let mut claims = UnverifiedToken::decode(token).unwrap().claims;
        for name in ["jti", "iat", "exp", "grace_until", "notify_admins_from", "notify_users_from"] {
            claims.as_object_mut().unwrap().remove(name).unwrap();
        }
        claims
    };
    assert_eq!(claims(&new), claims(&old));
}

#[test]
fn a_renewal_within_the_grace_period_begins_at_the_old_end_and_later_now() {
    let within = renewed(&sold(), days(10), NOW + 370 * DAY).unwrap();
    assert_eq!(within.exp, Some(NOW + 375 * DAY));
    let later = renewed(&sold(), days(10), NOW + 400 * DAY).unwrap();
    assert_eq!((later.exp, later.grace_until), (Some(NOW + 410 * DAY), Some(NOW + 424 * DAY)));
}

#[test]
fn an_end_and_a_grace_period_may_be_given() {
    let renewal = Renewal { exp: Some(NOW + 500 * DAY), grace_days: Some(3), ..Renewal::default() };
    let license = renewed(&sold(), renewal, NOW + DAY).unwrap();
    assert_eq!((license.exp, license.grace_until), (Some(NOW + 500 * DAY), Some(NOW + 503 * DAY)));
    let without = renewed(&sold(), Renewal { grace_days: Some(0), ..days(1) }, NOW + DAY).unwrap();
    assert_eq!(without.grace_until, None);
}

#[test]
fn a_perpetual_license_is_renewed_by_its_updates_alone() {
    let sold = LicenseRequest { updates_until: Some(NOW + 365 * DAY), ..perpetual() };
    let updates = Renewal { updates_until: Some(NOW + 730 * DAY), ..Renewal::default() };
    let license = renewed(&sold, updates, NOW + DAY).unwrap();
    assert_eq!((license.exp, license.updates_until), (None, Some(NOW + 730 * DAY)));
    assert_refused(&sold, Renewal::default(), "updates_until");
    assert_refused(&sold, days(30), "exp");
    assert_refused(&sold, Renewal { updates_until: Some(NOW + DAY), ..Renewal::default() }, "updates_until");
    assert_refused(&perpetual(), updates, "updates_until");
}

#[test]
fn a_renewal_that_ends_no_later_is_refused() {
    assert_refused(&sold(), days(0), "exp");
    assert_refused(&sold(), Renewal { exp: Some(NOW + 365 * DAY), ..Renewal::default() }, "exp");
    assert_refused(&sold(), Renewal { exp: Some(NOW + 500 * DAY), ..days(9) }, "exp");
}

#[test]
fn a_renewal_past_the_end_of_time_is_refused() {
    let refused = renewed(&sold(), days(u32::MAX), NOW + DAY);
    assert!(matches!(refused, Err(Error::TimeOutOfRange)), "{refused:?}");
}

#[test]
fn what_our_keys_did_not_sign_is_not_renewed() {
    let old = issue(&sold(), &signer(), &context()).unwrap().token;
    let mine = signer();
    let trusted = keyring(&[parts(&mine, &[KeyUse::License])]);
    assert!(matches!(renew(&old, &days(9), &trusted, &mine, &context()), Err(Error::NotOurs(_))));
}
