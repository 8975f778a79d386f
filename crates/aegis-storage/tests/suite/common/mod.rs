//! An empty store of each kind, and things to put into it.

use aegis_storage::{Idempotency, Instant, Issue, NewCustomer, NewLicense, Note, Outcome, Store, Subject};
#[allow(unused_imports, reason = "each test file uses its part")]
pub(crate) use aegis_storage::{on_both, testing::TestStore};
use chrono::DateTime;
use serde_json::json;
use uuid::Uuid;

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
    let Outcome::Stored(stored) = store.issue(issue(license)).await.expect("is stored") else { panic!("was there") };
    assert_eq!(store.license(&stored.id).await.expect("reads"), *stored);
    stored.id
}
