//! Licenses are stored once each, together with their rows of the audit log, or not at all.

use crate::common::{NOW, TestStore, add_customer, at, issue, issued, license, note, on_both, repeatable};
use aegis_storage::{Error, LicenseFilter, NewLicense, NewRevocation, Outcome, Store};
use sea_orm::{ConnectionTrait, Database, TransactionTrait};

on_both! {
    /// What was stored is found again, column by column.
    async fn a_license_comes_back_as_it_was_stored(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let new = license("C1");
        issued(&store, new.clone()).await;
        let found = store.license(&new.id).await.expect("is there");
        assert_eq!((found.seq, found.token, found.module_names), (1, new.token, "acme_sale,acme_stock_*".to_owned()));
        assert_eq!((found.issued_at, found.expires_at, found.ends_at), (new.issued_at, new.expires_at, new.ends_at));
        assert_eq!((found.customer_name, found.kid, found.revoked_at), (new.customer_name, new.kid, None));
    }

    async fn an_unknown_license_is_not_found(stores: TestStore) {
        let error = stores.store.license("nobody").await.expect_err("is refused");
        assert!(matches!(error, Error::NotFound { what: "license", .. }), "{error}");
    }

    async fn an_unknown_customer_is_refused_and_nothing_stored(stores: TestStore) {
        let error = stores.store.issue(issue(license("nobody"))).await.expect_err("is refused");
        assert!(matches!(error, Error::NotFound { what: "customer", .. }), "{error}");
        assert_eq!(stores.store.verify_audit_log().await.expect("holds").0, 0);
    }

    async fn a_deactivated_customer_is_refused(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        issued(&store, license("C1")).await;
        store.delete_customer("C1", note("customer.delete", "C1"), at(NOW)).await.expect("is deactivated");
        let error = store.issue(issue(license("C1"))).await.expect_err("is refused");
        assert!(matches!(error, Error::CustomerInactive(_)), "{error}");
    }

    async fn a_revoked_license_is_not_replaced(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let old = issued(&store, license("C1")).await;
        let renewal = || NewLicense { replaces: Some(old.clone()), ..license("C1") };
        issued(&store, renewal()).await;
        let what = NewRevocation::License(old.clone());
        store.revoke(&what, "leaked", note("license.revoke", &old), at(NOW)).await.expect("is revoked");
        let error = store.issue(issue(renewal())).await.expect_err("is refused");
        assert!(matches!(error, Error::Revoked(id) if id == old));
    }

    async fn the_same_license_is_not_stored_twice(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let new = license("C1");
        issued(&store, new.clone()).await;
        let error = store.issue(issue(new)).await.expect_err("is refused");
        assert!(matches!(error, Error::Exists { what: "license", .. }), "{error}");
    }

    async fn a_repeated_request_gets_the_license_of_the_first(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let first = license("C1");
        let request = repeatable(first.clone(), "key", "hash");
        assert_eq!(store.repeated(request.idempotency.as_ref().expect("has one")).await.expect("reads"), None);
        assert!(matches!(store.issue(request.clone()).await, Ok(Outcome::Stored(_))));
        let again = store.issue(repeatable(license("C1"), "key", "hash")).await.expect("is answered");
        assert_eq!(again, Outcome::Repeated(first.id.clone()));
        let known = store.repeated(request.idempotency.as_ref().expect("has one")).await.expect("reads");
        assert_eq!(known, Some(first.id));
        assert_eq!(store.licenses(&LicenseFilter::default(), 10).await.expect("reads").items.len(), 1);
    }

    async fn a_key_used_for_another_request_is_refused(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        store.issue(repeatable(license("C1"), "key", "hash")).await.expect("is stored");
        let other = repeatable(license("C1"), "key", "another");
        assert!(matches!(store.repeated(other.idempotency.as_ref().expect("has one")).await, Err(Error::KeyReused)));
        assert!(matches!(store.issue(other).await, Err(Error::KeyReused)));
    }

    /// Many at once, the same key three times each, by two servers: one license each, one chain.
    async fn many_at_once_are_each_stored_once(stores: TestStore) {
        let store = stores.store;
        let other = Store::connect(&stores.address).await.expect("connects");
        for number in 0..3 {
            add_customer(&store, &format!("C{number}")).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..180 {
            let server = if number % 2 == 0 { store.clone() } else { other.clone() };
            let key = format!("key {}", number / 3);
            tasks.spawn(async move {
                server.issue(repeatable(license(&format!("C{}", number % 3)), &key, "hash")).await
            });
        }
        let outcomes: Vec<Outcome> = tasks.join_all().await.into_iter().map(|each| each.expect("is answered")).collect();
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Stored(_))).count(), 60);
        assert_eq!(store.licenses(&LicenseFilter::default(), 1000).await.expect("reads").items.len(), 60);
        assert_eq!(store.verify_audit_log().await.expect("holds").0, 63);
    }

    /// In one batch the good are stored and the bad answered, each with its own reason.
    async fn one_bad_license_does_not_spoil_the_others(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let (good, nobodys, another) = (license("C1"), license("nobody"), license("C1"));
        let (first, second, third) =
            tokio::join!(store.issue(issue(good)), store.issue(issue(nobodys)), store.issue(issue(another)));
        assert!(matches!((first, third), (Ok(Outcome::Stored(_)), Ok(Outcome::Stored(_)))));
        assert!(matches!(second, Err(Error::NotFound { .. })));
    }

    /// One that is there already is refused by itself, also where many are stored together.
    async fn the_same_license_among_others_is_refused_alone(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let stored = license("C1");
        issued(&store, stored.clone()).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (store, license) = (store.clone(), if number == 10 { stored.clone() } else { license("C1") });
            tasks.spawn(async move { store.issue(issue(license)).await });
        }
        let (stored, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
        assert!(matches!(refused[..], [Err(Error::Exists { what: "license", .. })]), "{refused:?}");
        assert_eq!(stored.len(), 19);
        assert_eq!(store.verify_audit_log().await.expect("holds").0, 21);
    }

    /// Closing waits for what was sent.
    async fn closing_waits_for_what_is_being_stored(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let issuing: Vec<_> = (0..20).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.issue(issue(license("C1"))).await })
        }).collect();
        tokio::task::yield_now().await;
        store.close().await.expect("closes");
        let mut stored = 0;
        for each in issuing {
            stored += usize::from(each.await.expect("ends").is_ok());
        }
        let again = Store::connect(&stores.address).await.expect("connects");
        assert_eq!(again.licenses(&LicenseFilter::default(), 100).await.expect("reads").items.len(), stored);
    }
}

/// What PostgreSQL cannot store is refused for itself alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_database_refuses_is_left_out_alone() {
    let stores = aegis_storage::testing::postgres().await;
    let store = stores.store;
    add_customer(&store, "C1").await;
    let mut bad = license("C1");
    bad.customer_name.push('\0');
    // The first keeps the writer busy, so that the others are taken together.
    let (first, second, third) =
        tokio::join!(store.issue(issue(license("C1"))), store.issue(issue(bad)), store.issue(issue(license("C1"))));
    assert!(matches!((first, third), (Ok(Outcome::Stored(_)), Ok(Outcome::Stored(_)))));
    assert!(matches!(second, Err(Error::Refused(_))), "{second:?}");
    assert_eq!(store.verify_audit_log().await.expect("holds").0, 3);
}

/// A database that is gone is said to be, and nothing hangs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_went_away_is_unavailable() {
    let stores = aegis_storage::testing::postgres().await;
    add_customer(&stores.store, "C1").await;
    let name = stores.address.rsplit('/').next().and_then(|end| end.split('?').next()).expect("has a name").to_owned();
    let admin = stores.address.replace(&name, "postgres");
    let admin = Database::connect(admin).await.expect("connects");
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("drops");
    let error = stores.store.issue(issue(license("C1"))).await.expect_err("fails");
    assert!(matches!(error, Error::Unavailable(_) | Error::Refused(_)), "{error}");
}

/// A server that hangs while it holds the lock does not make the others hang; and when it is gone, all goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_stops_nobody_for_long() {
    let stores = aegis_storage::testing::postgres().await;
    add_customer(&stores.store, "C1").await;
    let hanging = Database::connect(&stores.address).await.expect("connects");
    let lock = hanging.begin().await.expect("begins");
    lock.execute_unprepared("SELECT * FROM heads FOR UPDATE").await.expect("locks");
    let error = stores.store.issue(issue(license("C1"))).await.expect_err("waits in vain");
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    lock.rollback().await.expect("lets go");
    issued(&stores.store, license("C1")).await;
}
