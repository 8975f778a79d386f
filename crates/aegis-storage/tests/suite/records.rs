//! Customers, lists of licenses, revocations, API keys, the audit log.

use crate::common::{DAY, NOW, TestStore, add_customer, at, customer, issued, license, note, on_both};
use aegis_storage::{
    AuditFilter, CustomerPatch, Database, Error, LicenseFilter, NewApiKey, NewLicense, NewRevocation, RevocationKind,
    SignedList, Standing, Stats, Store,
};
use sea_orm::{ConnectionTrait, Database as Connector};

fn of_type(license_type: &str, new: NewLicense) -> NewLicense {
    let (expires_at, ends_at) = if license_type == "perpetual" { (None, None) } else { (new.expires_at, new.ends_at) };
    NewLicense { license_type: license_type.to_owned(), expires_at, ends_at, ..new }
}

async fn ids(store: &Store, filter: LicenseFilter) -> Vec<String> {
    let page = store.licenses(&filter, 100).await.expect("reads");
    page.items.into_iter().map(|license| license.id).collect()
}

on_both! {
    async fn tables_are_made_once(stores: TestStore) {
        assert_eq!(stores.store.pending_migrations().await.expect("reads"), 0);
        stores.store.migrate().await.expect("does nothing");
        stores.store.ping().await.expect("answers");
        let kind = if stores.address.starts_with("sqlite") { Database::Sqlite } else { Database::PostgreSql };
        assert_eq!(stores.store.database(), kind);
    }

    async fn a_database_of_a_newer_version_is_refused(stores: TestStore) {
        let db = Connector::connect(stores.address).await.expect("connects");
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_later', 0)";
        db.execute_unprepared(newer).await.expect("is written");
        let error = stores.store.migrate().await.expect_err("is refused");
        assert!(matches!(error, Error::Schema(_)), "{error}");
    }

    async fn a_customer_is_added_changed_and_deleted(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let again = store.add_customer(customer("C1"), note("customer.add", "C1"), at(NOW)).await;
        assert!(matches!(again, Err(Error::Exists { what: "customer", .. })));
        let patch = CustomerPatch {
            name: Some("Ångström & Söhne".to_owned()),
            email: Some(Some("a@example".to_owned())),
            active: None,
        };
        let changed = store.change_customer("C1", patch, note("customer.change", "C1"), at(NOW + 5)).await;
        let changed = changed.expect("is changed");
        assert_eq!((changed.name.as_str(), changed.email.as_deref()), ("Ångström & Söhne", Some("a@example")));
        assert_eq!((changed.created_at, changed.updated_at), (at(NOW), at(NOW + 5)));
        assert_eq!(store.customer("C1").await.expect("is there"), changed);
        let deleted = store.delete_customer("C1", note("customer.delete", "C1"), at(NOW)).await;
        assert_eq!(deleted.expect("is deleted"), None);
        let gone = store.customer("C1").await;
        assert!(matches!(gone, Err(Error::NotFound { what: "customer", .. })));
    }

    async fn a_customer_with_licenses_is_deactivated(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        issued(&store, license("C1")).await;
        let left = store.delete_customer("C1", note("customer.delete", "C1"), at(NOW + 1)).await.expect("is done");
        assert_eq!(left.and_then(|customer| customer.deactivated_at), Some(at(NOW + 1)));
        let patch = CustomerPatch { active: Some(true), ..CustomerPatch::default() };
        let back = store.change_customer("C1", patch, note("customer.change", "C1"), at(NOW + 2)).await;
        assert_eq!(back.expect("is changed").deactivated_at, None);
    }

    async fn customers_come_in_pages(stores: TestStore) {
        let store = stores.store;
        for id in ["b", "a", "c"] {
            add_customer(&store, id).await;
        }
        let first = store.customers(None, 2).await.expect("reads");
        assert_eq!(first.items.iter().map(|customer| customer.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let last = store.customers(first.next.as_deref(), 2).await.expect("reads");
        assert_eq!((last.items.len(), last.next), (1, None));
    }

    async fn licenses_are_found_by_customer_module_type_end_and_standing(stores: TestStore) {
        let store = stores.store;
        for id in ["C1", "C2"] {
            add_customer(&store, id).await;
        }
        let yearly = issued(&store, license("C1")).await;
        let perpetual = issued(&store, of_type("perpetual", license("C1"))).await;
        let other = NewLicense { modules: vec!["acme_hr".to_owned()], ..license("C2") };
        let ended = NewLicense { expires_at: Some(at(NOW - DAY)), ends_at: Some(at(NOW)), ..other };
        let ended = issued(&store, ended).await;
        let revoked = issued(&store, license("C2")).await;
        let what = NewRevocation::License(revoked.clone());
        store.revoke(&what, "unpaid", note("license.revoke", &revoked), at(NOW)).await.expect("is revoked");

        let all = LicenseFilter::default();
        assert_eq!(ids(&store, all.clone()).await, [&revoked, &ended, &perpetual, &yearly].map(String::clone));
        let of_customer = LicenseFilter { customer_id: Some("C1".to_owned()), ..all.clone() };
        assert_eq!(ids(&store, of_customer).await, [perpetual.clone(), yearly.clone()]);
        let of_module = LicenseFilter { module: Some("acme_hr".to_owned()), ..all.clone() };
        assert_eq!(ids(&store, of_module).await, std::slice::from_ref(&ended));
        let of_type = LicenseFilter { license_type: Some("perpetual".to_owned()), ..all.clone() };
        assert_eq!(ids(&store, of_type).await, std::slice::from_ref(&perpetual));
        let before = LicenseFilter { expires_before: Some(at(NOW)), ..all.clone() };
        assert_eq!(ids(&store, before).await, std::slice::from_ref(&ended));
        let from = LicenseFilter { expires_from: Some(at(NOW)), ..all.clone() };
        assert_eq!(ids(&store, from).await, [revoked.clone(), yearly.clone()]);
        for (standing, expected) in [
            (Standing::Active, vec![perpetual, yearly]),
            (Standing::Expired, vec![ended]),
            (Standing::Revoked, vec![revoked]),
        ] {
            let filter = LicenseFilter { standing: Some((standing, at(NOW))), ..all.clone() };
            assert_eq!(ids(&store, filter).await, expected, "{standing:?}");
        }
        let stats = Stats { licenses: 4, active: 2, expired: 1, revoked: 1, ending_soon: 0, customers: 2, active_customers: 2 };
        assert_eq!(store.stats(at(NOW)).await.expect("counts"), stats);
        assert_eq!(store.stats(at(NOW + 350 * DAY)).await.expect("counts").ending_soon, 1);
        let later = NOW + 375 * DAY;
        for (days, ending) in [(3, 0), (4, 0), (5, 1)] {
            let counted = store.count_ending(at(later), at(later + days * DAY)).await.expect("counts");
            assert_eq!(counted, ending, "{days} days before the end, which is after 379");
        }
        assert_eq!(store.count_ending(at(NOW + 379 * DAY), at(NOW + 400 * DAY)).await.expect("counts"), 0, "has ended");
    }

    async fn pages_of_licenses_miss_none_and_repeat_none(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let mut expected = Vec::new();
        for _ in 0..7 {
            expected.insert(0, issued(&store, license("C1")).await);
        }
        for module in [None, Some("acme_sale".to_owned())] {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let filter = LicenseFilter { before, module: module.clone(), ..LicenseFilter::default() };
                let page = store.licenses(&filter, 3).await.expect("reads");
                found.extend(page.items.into_iter().map(|license| license.id));
                // One that is issued meanwhile does not shift the pages.
                issued(&store, license("C1")).await;
                before = match page.next {
                    Some(place) => Some(place.parse().expect("a number")),
                    None => break,
                };
            }
            assert_eq!(found[found.len() - 7..], expected[..]);
        }
    }

    async fn what_was_revoked_stays_as_it_was(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let id = issued(&store, license("C1")).await;
        let what = NewRevocation::License(id.clone());
        let revoke = async |reason: &'static str, when| {
            store.revoke(&what, reason, note("license.revoke", &id), at(when)).await.expect("is revoked")
        };
        let (first, new) = revoke("leaked", NOW).await;
        assert!(new);
        assert_eq!(first.ends_at, Some(at(NOW + 379 * DAY)));
        let (second, new) = revoke("something else", NOW + 9).await;
        assert!(!new);
        assert_eq!(second, first);
        let stored = store.license(&id).await.expect("is there");
        assert_eq!((stored.revoked_at, stored.status_reason.as_deref()), (Some(at(NOW)), Some("leaked")));
        let unknown = store.revoke(&NewRevocation::License("x".to_owned()), "", note("license.revoke", "x"), at(NOW)).await;
        assert!(matches!(unknown, Err(Error::NotFound { what: "license", .. })));
    }

    /// A list that was worked out before something was revoked, or that comes after a later one, is not stored.
    async fn a_list_never_forgets_what_was_revoked_meanwhile(stores: TestStore) {
        let store = stores.store;
        let key = |kid: &str| NewRevocation::Key { issuer: "acme.example".to_owned(), kid: kid.to_owned() };
        let list = |seq, counted| SignedList {
            issuer: "acme.example".to_owned(),
            seq,
            kid: "acme-root".to_owned(),
            signed_at: at(NOW),
            counted,
            token: format!("list {seq}"),
        };
        let current = async || store.current_list("acme.example").await.expect("reads");
        store.revoke(&key("one"), "stolen", note("key.revoke", "one"), at(NOW)).await.expect("is revoked");
        let (revoked, last) = store.revocations("acme.example").await.expect("reads");
        assert_eq!((revoked.len(), last, current().await), (1, Vec::new(), None));
        assert_eq!(revoked[0].kind(), RevocationKind::Key);
        store.revoke(&key("two"), "stolen", note("key.revoke", "two"), at(NOW)).await.expect("is revoked");
        let add = async |seq, counted, from: &[i64]| {
            store.add_list(list(seq, counted), from, note("list.sign", "x"), at(NOW)).await.expect("is answered")
        };
        assert!(!add(5, 1, &[]).await);
        assert!(add(5, 2, &[]).await);
        assert!(!add(6, 2, &[]).await);
        assert!(!add(5, 2, &[5]).await);
        assert!(!add(4, 2, &[5]).await);
        assert_eq!(current().await, Some(list(5, 2)));
        store.revoke(&key("three"), "stolen", note("key.revoke", "three"), at(NOW)).await.expect("is revoked");
        assert_eq!(current().await, None);
        assert_eq!(store.revocations("acme.example").await.expect("reads").1, [list(5, 2)]);
        assert_eq!(store.revocations("other.example").await.expect("reads"), (Vec::new(), Vec::new()));
    }

    async fn api_keys_are_kept_and_revoked(stores: TestStore) {
        let store = stores.store;
        assert!(store.has_no_api_keys().await.expect("reads"));
        let new = NewApiKey {
            id: "aegis_abc".to_owned(),
            name: "shop".to_owned(),
            hash: "00".repeat(32),
            scopes: "issue read".to_owned(),
            expires_at: Some(at(NOW + DAY)),
        };
        let added = store.add_api_key(new.clone(), note("api_key.add", "aegis_abc"), at(NOW)).await.expect("is added");
        assert!(!store.has_no_api_keys().await.expect("reads"));
        let again = store.add_api_key(new, note("api_key.add", "aegis_abc"), at(NOW)).await;
        assert!(matches!(again, Err(Error::Exists { .. })));
        assert_eq!(store.api_key("aegis_abc").await.expect("is there"), added);
        let revoke = async |when| store.revoke_api_key("aegis_abc", note("api_key.revoke", "aegis_abc"), at(when)).await;
        assert_eq!(revoke(NOW + 1).await.expect("is revoked").revoked_at, Some(at(NOW + 1)));
        assert_eq!(revoke(NOW + 2).await.expect("is revoked").revoked_at, Some(at(NOW + 1)));
        assert_eq!(store.api_keys().await.expect("reads").len(), 1);
        assert!(matches!(store.api_key("other").await, Err(Error::NotFound { .. })));
    }

    async fn the_audit_log_is_found_by_subject_and_actor(stores: TestStore) {
        let store = stores.store;
        for id in ["C1", "C2"] {
            add_customer(&store, id).await;
        }
        let id = issued(&store, license("C1")).await;
        let subjects = async |filter: AuditFilter| {
            let page = store.audit_log(&filter, 10).await.expect("reads");
            page.items.into_iter().map(|entry| entry.subject_id).collect::<Vec<_>>()
        };
        assert_eq!(subjects(AuditFilter::default()).await, [id.as_str(), "C2", "C1"]);
        let customers = AuditFilter { subject: Some(("customer".to_owned(), None)), ..AuditFilter::default() };
        assert_eq!(subjects(customers).await, ["C2", "C1"]);
        let one = Some(("customer".to_owned(), Some("C1".to_owned())));
        assert_eq!(subjects(AuditFilter { subject: one, ..AuditFilter::default() }).await, ["C1"]);
        let nobody = AuditFilter { actor: Some("nobody".to_owned()), ..AuditFilter::default() };
        assert!(subjects(nobody).await.is_empty());
        let page = store.audit_log(&AuditFilter::default(), 2).await.expect("reads");
        assert_eq!(page.next.as_deref(), Some("2"));
        assert_eq!(subjects(AuditFilter { before: Some(2), ..AuditFilter::default() }).await, ["C1"]);
    }

    async fn the_audit_log_refuses_to_be_changed(stores: TestStore) {
        add_customer(&stores.store, "C1").await;
        let db = Connector::connect(stores.address).await.expect("connects");
        for statement in ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"] {
            let error = db.execute_unprepared(statement).await.expect_err("is refused");
            assert!(error.to_string().contains("append-only"), "{error}");
        }
    }

    /// SQLite deletes the row that is in the way, and runs no trigger of DELETE.
    async fn a_row_of_the_audit_log_is_not_replaced(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let db = Connector::connect(stores.address).await.expect("connects");
        let row = "at, 'x', action, subject_kind, subject_id, detail, previous_hash, hash FROM audit_log";
        let insert = match store.database() {
            Database::Sqlite => "INSERT OR REPLACE INTO audit_log",
            Database::PostgreSql => "INSERT INTO audit_log",
        };
        db.execute_unprepared(&format!("{insert} SELECT seq, {row}")).await.expect_err("is refused");
        store.verify_audit_log().await.expect("holds");
        add_customer(&store, "C2").await;
    }

    async fn a_forged_audit_log_is_found_out(stores: TestStore) {
        let store = stores.store;
        for id in ["C1", "C2", "C3"] {
            add_customer(&store, id).await;
        }
        let (rows, hash) = store.verify_audit_log().await.expect("holds");
        assert_eq!((rows, hash.len()), (3, 64));
        let db = Connector::connect(stores.address).await.expect("connects");
        let guards = match store.database() {
            Database::Sqlite => vec!["DROP TRIGGER audit_log_update", "DROP TRIGGER audit_log_delete"],
            Database::PostgreSql => vec!["DROP TRIGGER audit_log_append_only ON audit_log"],
        };
        for statement in guards {
            db.execute_unprepared(statement).await.expect("drops");
        }
        for (forgery, remedy, seq, problem) in [
            ("UPDATE audit_log SET actor = 'x' WHERE seq = 2", "UPDATE audit_log SET actor = 'tester'", 2, "it was changed"),
            (
                "UPDATE audit_log SET seq = 20 WHERE seq = 2",
                "UPDATE audit_log SET seq = 2 WHERE seq = 20",
                2,
                "it is missing",
            ),
            ("UPDATE heads SET audit_seq = 4", "UPDATE heads SET audit_seq = 3", 4, "it is missing"),
            ("UPDATE heads SET audit_seq = 2", "UPDATE heads SET audit_seq = 3", 2, "it is not the one that was written last"),
        ] {
            db.execute_unprepared(forgery).await.expect("is written");
            match store.verify_audit_log().await {
                Err(Error::BrokenChain(broken)) => assert_eq!((broken.seq, broken.problem), (seq, problem)),
                other => panic!("{forgery}: {other:?}"),
            }
            db.execute_unprepared(remedy).await.expect("is written");
            store.verify_audit_log().await.expect("holds again");
        }
    }
}

#[tokio::test]
async fn an_address_of_something_else_is_refused() {
    for address in ["mysql://x", "aegis.db", "", "http://localhost"] {
        assert!(matches!(Store::connect(address).await, Err(Error::BadAddress(_))), "{address}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_not_repeated() {
    for address in [
        "postgres://aegis:s3cret@localhost:port/aegis",
        "postgres://aegis:s3cret@[::1/aegis",
        "postgres://localhost/aegis?password=s3cret&sslmode=s3cret",
        "sqlite://aegis.db?mode=s3cret",
    ] {
        let error = Store::connect(address).await.expect_err("is refused");
        assert!(matches!(error, Error::BadAddress(_)), "{address}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let error = Store::connect("postgres://nobody@127.0.0.1:1/none").await.expect_err("fails");
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
}
