//! Revocation lists: their numbers, what they name, and what they leave out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;

use aegis_core::{KeyUse, LicenseId, TrustContent};
use aegis_issuer::ledger::LedgerEntry;
use aegis_issuer::revocation::{
    KeptList, ListPlan, REVOCATIONS_FILE, Revocation, RevocationBook, Revoked, SignedList, sign_list,
};
use aegis_issuer::{Error, FileSigner, IssueContext, LicenseRequest, Signer as _, UnverifiedToken, issue};
use common::{DAY, ISSUER, NOW, certified, context, issued, keyring, parts, perpetual, root, subscription};
use tempfile::{TempDir, tempdir};

const JTI: &str = "7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01";

fn book() -> (TempDir, RevocationBook) {
    let dir = tempdir().unwrap();
    let book = RevocationBook::in_folder(dir.path());
    (dir, book)
}

fn revocation(what: Revoked) -> Revocation {
    Revocation { at: NOW, iss: ISSUER.to_owned(), what, reason: None }
}

fn license(jti: &str, ends: Option<i64>) -> Revocation {
    revocation(Revoked::License { jti: jti.to_owned(), ends })
}

fn key(kid: &str) -> Revocation {
    revocation(Revoked::Key { kid: kid.to_owned() })
}

fn at(now: i64) -> IssueContext<'static> {
    IssueContext { now, ..context() }
}

fn sign(book: &RevocationBook, signer: &FileSigner, now: i64) -> SignedList {
    book.sign(true, &[], signer, &at(now)).unwrap()
}

#[test]
fn a_list_names_licenses_by_the_hash_of_their_ids_and_says_nothing_else() {
    let (_dir, book) = book();
    let (root, _) = root("root-a");
    let secret = Revocation { reason: Some("leaked by C-1".to_owned()), ..license(JTI, None) };
    book.add(vec![secret, key("k9")]).unwrap();
    let token = UnverifiedToken::decode(&sign(&book, &root, NOW).token).unwrap();
    assert_eq!(token.header["typ"], "aegis-revocation+jwt");
    let expected = serde_json::json!({
        "iss": ISSUER, "iat": NOW, "seq": NOW, "revoked": ["QLfkhalZsbLljuE0Gfiw8Q"], "revoked_keys": ["k9"],
    });
    assert_eq!(token.claims, expected);
}

#[test]
fn numbers_are_the_time_and_never_go_back() {
    let (dir, book) = book();
    let (root, _) = root("root-a");
    let seq = |now| sign(&book, &root, now).list.seq;
    assert_eq!([seq(NOW), seq(NOW), seq(NOW - DAY), seq(NOW + DAY)], [NOW, NOW + 1, NOW + 2, NOW + DAY]);
    fs::remove_file(dir.path().join(REVOCATIONS_FILE)).unwrap();
    assert_eq!(seq(NOW), NOW + DAY + 1);
}

#[test]
fn the_first_number_after_everything_was_lost_is_the_time() {
    let (_dir, book) = book();
    assert_eq!(sign(&book, &root("root-a").0, NOW + 5).list.seq, NOW + 5);
}

#[test]
fn what_was_revoked_stays_revoked_when_the_journal_is_lost() {
    let (dir, book) = book();
    let (root, _) = root("root-a");
    book.add(vec![license(JTI, None), key("k9")]).unwrap();
    sign(&book, &root, NOW);
    fs::remove_file(dir.path().join(REVOCATIONS_FILE)).unwrap();
    book.add(vec![license("another", None)]).unwrap();
    let signed = sign(&book, &root, NOW);
    assert!(signed.list.contains(&LicenseId::of(JTI)) && signed.list.contains(&LicenseId::of("another")));
    assert_eq!((&signed.list.revoked_keys, signed.plan.carried), (&vec!["k9".to_owned()], 1));
}

#[test]
fn licenses_that_have_ended_are_dropped_and_said_so() {
    let (_dir, book) = book();
    let (root, _) = root("root-a");
    book.add(vec![license(JTI, Some(NOW + DAY)), license("for-ever", None)]).unwrap();
    assert_eq!(sign(&book, &root, NOW).list.len(), 2);
    let signed = sign(&book, &root, NOW + DAY);
    assert_eq!((signed.list.len(), signed.plan.ended), (1, vec![JTI.to_owned()]));
    assert!(signed.list.contains(&LicenseId::of("for-ever")));
}

#[test]
fn what_only_the_last_list_names_is_dropped_when_the_ledger_says_that_it_has_ended() {
    let (dir, book) = book();
    let (root, _) = root("root-a");
    let token = issued(&LicenseRequest { grace_days: Some(10), ..subscription() }).token;
    let entry = LedgerEntry::from_token(&token, None).unwrap();
    assert_eq!(entry.end().unwrap(), Some(NOW + 375 * DAY));
    book.add(vec![license(&entry.jti, entry.end().unwrap())]).unwrap();
    sign(&book, &root, NOW);
    fs::remove_file(dir.path().join(REVOCATIONS_FILE)).unwrap();
    let count = |now| book.sign(true, std::slice::from_ref(&entry), &root, &at(now)).unwrap().list.len();
    assert_eq!([count(NOW + 374 * DAY), count(NOW + 375 * DAY)], [1, 0]);
}

#[test]
fn keys_are_named_in_the_list_of_a_root_only() {
    let (_dir, book) = book();
    let (root, roots) = root("root-a");
    let (day_key, certificate) = certified(&root, &[KeyUse::Revocation]);
    let (trusting, _) = roots.with_trust(&certificate);
    book.add(vec![license(JTI, None), key("k9")]).unwrap();
    let context = IssueContext { keyring: Some(&trusting), ..context() };
    let signed = book.sign(false, &[], &day_key, &context).unwrap();
    assert_eq!((signed.list.len(), &signed.list.revoked_keys), (1, &vec![]));
    assert!(signed.plan.keys_left_out.contains("k9"));
    let by_root = sign(&book, &root, NOW);
    assert_eq!(by_root.list.revoked_keys, ["k9"]);
    let newest = book.sign(false, &[], &day_key, &context).unwrap();
    assert!(newest.plan.keys_left_out.is_empty(), "the list of the root names it");
    let lists = book.lists.read().unwrap();
    let in_force: Vec<i64> = KeptList::in_force(&lists, ISSUER).iter().map(|list| list.seq).collect();
    assert_eq!(in_force, [by_root.list.seq, newest.list.seq]);
}

#[test]
fn the_revocation_of_a_key_is_found_under_each_of_its_ids() {
    let (_dir, book) = book();
    assert!(book.of_key(&["k9"]).unwrap().is_none());
    book.add(vec![license("k9", None), key("thumbprint")]).unwrap();
    assert!(book.of_key(&["k9"]).unwrap().is_none(), "that is a license");
    assert_eq!(book.of_key(&["k9", "thumbprint"]).unwrap(), Some(key("thumbprint")));
}

#[test]
fn a_list_speaks_about_its_own_issuer_only() {
    let (_dir, book) = book();
    let other = Revocation { iss: "other.example".to_owned(), ..license("theirs", None) };
    book.add(vec![license(JTI, None), other]).unwrap();
    let signed = sign(&book, &root("root-a").0, NOW);
    assert!(signed.list.contains(&LicenseId::of(JTI)) && !signed.list.contains(&LicenseId::of("theirs")));
}

#[test]
fn a_license_is_revoked_once() {
    let (_dir, book) = book();
    assert_eq!(book.add(vec![license(JTI, None), license(JTI, None), key("k9")]).unwrap().added.len(), 2);
    let again = book.add(vec![key("k9"), license(JTI, Some(5)), key(JTI)]).unwrap();
    assert_eq!((again.added, again.known.len()), (vec![key(JTI)], 2));
}

#[test]
fn a_torn_line_of_the_journal_is_reported_and_stops_nothing() {
    let (dir, book) = book();
    book.add(vec![license(JTI, None)]).unwrap();
    let path = dir.path().join(REVOCATIONS_FILE);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{}", &text[..text.len() / 2])).unwrap();
    let report = book.add(vec![key("k9")]).unwrap();
    assert!(matches!(report.damage[..], [Error::BadLine { line: 2, .. }]));
    assert!(report.damage[0].to_string().contains("the journal of revocations"));
    assert_eq!(book.journal.read().unwrap().entries, [license(JTI, None), key("k9")]);
}

#[test]
fn a_key_that_may_not_sign_lists_signs_none() {
    let (_dir, book) = book();
    let (root, roots) = root("root-a");
    let (day_key, certificate) = certified(&root, &[KeyUse::License]);
    let (trusting, _) = roots.with_trust(&certificate);
    let context = IssueContext { keyring: Some(&trusting), ..context() };
    assert!(matches!(book.sign(false, &[], &day_key, &context), Err(Error::VerifierRefuses(_))));
    assert!(book.lists.read().unwrap().is_empty());
}

#[test]
fn a_list_that_cannot_be_read_stops_signing_and_is_named() {
    let (dir, book) = book();
    sign(&book, &root("root-a").0, NOW);
    fs::write(dir.path().join("revocation-lists/5.jwt"), "hello").unwrap();
    let error = book.sign(true, &[], &root("root-a").0, &context()).unwrap_err();
    assert!(error.to_string().contains("5.jwt"), "{error}");
}

#[test]
fn more_than_twenty_thousand_licenses_are_refused() {
    let ids = |count: u32| (0..count).map(|number| license(&number.to_string(), None)).collect::<Vec<_>>();
    let (root, _) = root("root-a");
    let sign = |count| {
        let plan = ListPlan::new(ISSUER, true, &ids(count), &[], &[], NOW);
        sign_list(&plan, NOW, &root, &context())
    };
    let signed = sign(20_000).unwrap();
    assert!(signed.token.len() < aegis_core::MAX_LIST, "{}", signed.token.len());
    assert!(matches!(sign(20_001), Err(Error::ListTooLong(20_001))));
}

#[test]
fn customers_refuse_what_a_list_names() {
    let (_dir, book) = book();
    let (root, _) = root("root-a");
    let (stolen, certificate) = certified(&root, &[KeyUse::License, KeyUse::Revocation]);
    let roots = keyring(&[parts(&root, &aegis_issuer::ROOT_USES)]);
    let (trusting, _) = roots.with_trust(&certificate);
    let token = issue(&perpetual(), &stolen, &IssueContext { keyring: Some(&trusting), ..context() }).unwrap().token;
    book.add(vec![key(stolen.kid())]).unwrap();
    let list = sign(&book, &root, NOW).token;
    let (warned, trust) = roots.with_trust(&format!("{certificate}\n{list}"));
    assert!(trust.iter().any(|found| matches!(&found.content, Ok(TrustContent::List(_))) && found.in_force));
    let question = aegis_core::Context::new(18, NOW);
    let refused = aegis_core::verify(&token, &warned, &question).unwrap_err();
    assert_eq!(refused.code().as_str(), "revoked");
    assert!(aegis_core::verify(&token, &trusting, &question).is_ok());
}
