//! An empty store of each kind, and things to put into it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::env;

use aegis_storage::{Idempotency, Instant, Issue, NewCustomer, NewLicense, Note, Outcome, Store, Subject};
use chrono::DateTime;
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

/// Names a PostgreSQL in which databases may be made.
const POSTGRES: &str = "AEGIS_TEST_POSTGRES";

/// A store of a test's own, with its tables.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    /// By which others can connect.
    pub(crate) address: String,
    _folder: Option<TempDir>,
}

/// A store in a new file.
pub(crate) async fn sqlite() -> TestStore {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite://{}", folder.path().join("aegis.db").display());
    let store = Store::connect(&address).await.expect("connects");
    store.migrate().await.expect("makes its tables");
    TestStore { store, address, _folder: Some(folder) }
}

/// A store in a new database of the PostgreSQL that the environment names.
pub(crate) async fn postgres() -> TestStore {
    let server = env::var(POSTGRES).unwrap_or_else(|_| {
        panic!("{POSTGRES} names no PostgreSQL: run the tests with `make test-rust`, which starts one")
    });
    let name = format!("aegis_{}", Uuid::new_v4().simple());
    let (place, query) = server.split_once('?').map_or((server.as_str(), ""), |(place, query)| (place, query));
    let place = place.rsplit_once('/').map_or(place, |(place, _)| place);
    let admin = Database::connect(server.as_str()).await.expect("the PostgreSQL answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("makes a database");
    admin.close().await.expect("closes");
    let address = format!("{place}/{name}?{query}");
    let store = Store::connect(&address).await.expect("connects");
    store.migrate().await.expect("makes its tables");
    TestStore { store, address, _folder: None }
}

/// Makes of each function two tests, one on each database.
#[macro_export]
macro_rules! on_both {
    ($($(#[$about:meta])* async fn $name:ident($stores:ident: TestStore) $body:block)*) => {
        $(
            $(#[$about])*
            mod $name {
                #[allow(unused_imports, reason = "each test uses its part")]
                use super::*;

                async fn test($stores: TestStore) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_sqlite() {
                    test($crate::common::sqlite().await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_postgres() {
                    test($crate::common::postgres().await).await;
                }
            }
        )*
    };
}

/// An instant, in Unix seconds.
pub(crate) fn at(seconds: i64) -> Instant {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

/// 2026-09-21.
pub(crate) const NOW: i64 = 1_790_000_000;
pub(crate) const DAY: i64 = 86_400;

pub(crate) fn note(action: &'static str, id: &str) -> Note {
    let subject = Subject { kind: action.split('.').next().unwrap_or(action), id: id.to_owned() };
    Note { actor: "tester".to_owned(), action, subject, detail: json!({ "ip": "127.0.0.1" }) }
}

pub(crate) fn customer(id: &str) -> NewCustomer {
    NewCustomer { id: id.to_owned(), name: format!("Customer {id}"), email: None }
}

pub(crate) async fn add_customer(store: &Store, id: &str) {
    store.add_customer(customer(id), note("customer.add", id), at(NOW)).await.expect("is added");
}

pub(crate) fn license(customer_id: &str) -> NewLicense {
    let id = Uuid::new_v4().to_string();
    NewLicense {
        token: format!("token of {id}"),
        id,
        issuer: "acme.example".to_owned(),
        kid: "acme-2026".to_owned(),
        customer_id: customer_id.to_owned(),
        customer_name: format!("Customer {customer_id}"),
        modules: vec!["acme_sale".to_owned(), "acme_stock_*".to_owned()],
        license_type: "subscription".to_owned(),
        instance: None,
        issued_at: at(NOW),
        expires_at: Some(at(NOW + 365 * DAY)),
        ends_at: Some(at(NOW + 379 * DAY)),
        replaces: None,
    }
}

pub(crate) fn issue(license: NewLicense) -> Issue {
    let note = note("license.issue", &license.id);
    Issue { license, note, idempotency: None, at: at(NOW) }
}

pub(crate) fn repeatable(license: NewLicense, key: &str, request_hash: &str) -> Issue {
    let idempotency =
        Idempotency { actor: "tester".to_owned(), key: key.to_owned(), request_hash: request_hash.to_owned() };
    Issue { idempotency: Some(idempotency), ..issue(license) }
}

/// Issues a license and returns its id.
pub(crate) async fn issued(store: &Store, license: NewLicense) -> String {
    let id = license.id.clone();
    assert_eq!(store.issue(issue(license)).await.expect("is stored"), Outcome::Stored);
    id
}
