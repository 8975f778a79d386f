//! Who may do what; customers; what is at no path.

use std::collections::BTreeSet;

use crate::common::{DAY, NOW, Server, TestStore, answer, assert_problem, license};
use aegis_server::{Scope, openapi};
use aegis_storage::on_both;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Every endpoint, and the scope that opens it; `None` needs no key.
const ENDPOINTS: [(&str, &str, Option<Scope>); 28] = [
    ("GET", "/health", None),
    ("GET", "/ready", None),
    ("GET", "/info", None),
    ("POST", "/api/v1/licenses", Some(Scope::Issue)),
    ("GET", "/api/v1/licenses", Some(Scope::Read)),
    ("GET", "/api/v1/licenses/{id}", Some(Scope::Read)),
    ("GET", "/api/v1/licenses/{id}/token", Some(Scope::Read)),
    ("DELETE", "/api/v1/licenses/{id}", Some(Scope::Revoke)),
    ("POST", "/api/v1/licenses/{id}/renew", Some(Scope::Issue)),
    ("POST", "/api/v1/licenses/{id}/rebind", Some(Scope::Issue)),
    ("POST", "/api/v1/licenses/{id}/revoke", Some(Scope::Revoke)),
    ("DELETE", "/api/v1/licenses/{id}/revoke", Some(Scope::Revoke)),
    ("POST", "/api/v1/licenses/validate", Some(Scope::Read)),
    ("POST", "/api/v1/licenses/{id}/validate", Some(Scope::Read)),
    ("POST", "/api/v1/licenses/fingerprint", Some(Scope::Read)),
    ("GET", "/api/v1/revocations", None),
    ("GET", "/api/v1/keys", None),
    ("GET", "/api/v1/bundle/{id}", Some(Scope::Read)),
    ("GET", "/api/v1/admin/stats", Some(Scope::Admin)),
    ("GET", "/api/v1/admin/audit-logs", Some(Scope::Admin)),
    ("POST", "/api/v1/customers", Some(Scope::Issue)),
    ("GET", "/api/v1/customers", Some(Scope::Read)),
    ("GET", "/api/v1/customers/{id}", Some(Scope::Read)),
    ("PATCH", "/api/v1/customers/{id}", Some(Scope::Issue)),
    ("DELETE", "/api/v1/customers/{id}", Some(Scope::Issue)),
    ("POST", "/api/v1/admin/api-keys", Some(Scope::Admin)),
    ("GET", "/api/v1/admin/api-keys", Some(Scope::Admin)),
    ("DELETE", "/api/v1/admin/api-keys/{id}", Some(Scope::Admin)),
];

#[test]
fn the_table_has_every_endpoint() {
    let api = serde_json::to_value(openapi()).expect("is JSON");
    let mut described = BTreeSet::new();
    for (path, item) in api["paths"].as_object().expect("has paths") {
        for method in item.as_object().expect("has methods").keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let listed = ENDPOINTS.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    assert_eq!(described, listed.collect());
}

on_both! {
    /// Every endpoint with a key of every scope, and with none.
    async fn every_endpoint_opens_to_its_scope_alone(stores: TestStore) {
        let server = Server::start(stores).await;
        for scope in Scope::ALL {
            let key = server.make_key(&[scope], None).await;
            for (method, path, needed) in ENDPOINTS {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                let path = path.replace("{id}", "nothing");
                let answered = answer(server.bare(method.clone(), &path).bearer_auth(&key).json(&json!({}))).await;
                match needed {
                    Some(needed) if needed != scope => assert_problem(&answered, 403, "forbidden"),
                    _ => assert!(![401, 403].contains(&answered.0.as_u16()), "{scope} {method} {path}: {answered:?}"),
                }
                let without = answer(server.bare(method, &path).json(&json!({}))).await;
                match needed {
                    Some(_) => assert_problem(&without, 401, "unauthorized"),
                    None => assert_eq!(without.0, StatusCode::OK),
                }
            }
        }
    }

    async fn keys_are_taken_from_both_headers(stores: TestStore) {
        let server = Server::start(stores).await;
        let path = "/api/v1/customers";
        let request = || server.bare(Method::GET, path);
        for request in [
            request().header("X-API-Key", &server.key),
            request().header("Authorization", format!("Bearer {}", server.key)),
            request().header("Authorization", format!("bearer  {}", server.key)),
        ] {
            assert_eq!(answer(request).await.0, StatusCode::OK);
        }
        let response = request().send().await.expect("is answered");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }

    async fn a_wrong_ended_or_revoked_key_opens_nothing(stores: TestStore) {
        let server = Server::start(stores).await;
        let try_key = async |key: &str| answer(server.bare(Method::GET, "/api/v1/licenses").header("X-API-Key", key)).await;
        let (id, secret) = server.key.split_once('.').expect("has two parts");
        let other = server.make_key(&Scope::ALL, None).await;
        let others_secret = other.split_once('.').expect("has two parts").1;
        for key in [
            "",
            "x",
            id,
            secret,
            &format!("{id}."),
            &format!("{id}.{others_secret}"),
            &format!("{id}.{}", &secret[1..]),
            &format!("{}x", server.key),
            &server.key.to_uppercase(),
            "aegis_12345678.x",
            "'; DROP TABLE api_keys; --",
        ] {
            assert_problem(&try_key(key).await, 401, "unauthorized");
        }
        let ending = server.make_key(&[Scope::Read], Some(NOW + DAY)).await;
        assert_eq!(try_key(&ending).await.0, StatusCode::OK);
        server.set_clock(NOW + DAY);
        assert_problem(&try_key(&ending).await, 401, "unauthorized");
        assert_eq!(try_key(&other).await.0, StatusCode::OK);
        let other_id = other.split_once('.').expect("has two parts").0;
        let (status, revoked) = server.delete(&format!("/admin/api-keys/{other_id}")).await;
        assert_eq!((status, revoked["revoked_at"].is_string()), (StatusCode::OK, true));
        assert_problem(&try_key(&other).await, 401, "unauthorized");
    }

    async fn a_key_is_shown_once(stores: TestStore) {
        let server = Server::start(stores).await;
        let wanted = json!({ "name": "shop", "scopes": ["read", "issue"], "expires_at": "2027-01-01T00:00:00Z" });
        let (status, made) = server.post("/admin/api-keys", &wanted).await;
        assert_eq!((status, &made["scopes"]), (StatusCode::CREATED, &json!(["issue", "read"])));
        let key = made["key"].as_str().expect("has a key");
        let path = "/api/v1/customers";
        assert_eq!(answer(server.bare(Method::GET, path).bearer_auth(key)).await.0, StatusCode::OK);
        let (_, listed) = server.get("/admin/api-keys").await;
        let secret = key.split_once('.').expect("has two parts").1;
        assert!(!listed.to_string().contains(secret));
        assert!(listed["items"].as_array().is_some_and(|keys| keys.iter().any(|key| key["id"] == made["id"])));
        for (wanted, status, code) in [
            (json!({ "name": "x", "scopes": [] }), 422, "invalid"),
            (json!({ "name": "", "scopes": ["read"] }), 422, "invalid"),
            (json!({ "name": "x", "scopes": ["root"] }), 400, "bad_request"),
            (json!({ "name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z" }), 422, "invalid"),
        ] {
            assert_problem(&server.post("/admin/api-keys", &wanted).await, status, code);
        }
    }

    async fn customers_are_added_changed_listed_and_deleted(stores: TestStore) {
        let server = Server::start(stores).await;
        let new = json!({ "id": "C1", "name": "Ångström <b>&</b> Söhne'; --", "email": "a@example.com" });
        let (status, added) = server.post("/customers", &new).await;
        assert_eq!((status, &added["name"], &added["active"]), (StatusCode::CREATED, &new["name"], &json!(true)));
        assert_problem(&server.post("/customers", &new).await, 409, "exists");
        let (_, changed) = server.patch("/customers/C1", &json!({ "name": "New", "email": null })).await;
        assert_eq!((&changed["name"], &changed["email"]), (&json!("New"), &Value::Null));
        let (_, unchanged) = server.patch("/customers/C1", &json!({})).await;
        assert_eq!((&unchanged["name"], &unchanged["email"]), (&json!("New"), &Value::Null));
        assert_eq!(server.get("/customers/C1").await.1, unchanged);
        server.add_customer("C2").await;
        let (_, page) = server.get("/customers?limit=1").await;
        assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!("C1"), &json!("C1")));
        assert_eq!(server.get("/customers?cursor=C1").await.1["items"][0]["id"], json!("C2"));
        assert_eq!(server.delete("/customers/C2").await, (StatusCode::NO_CONTENT, Value::Null));
        assert_problem(&server.get("/customers/C2").await, 404, "unknown_customer");
        server.issue("C1").await;
        let (status, left) = server.delete("/customers/C1").await;
        assert_eq!((status, &left["active"]), (StatusCode::OK, &json!(false)));
        for (wanted, status, code) in [
            (json!({ "id": "", "name": "x" }), 422, "invalid"),
            (json!({ "id": "x", "name": "x".repeat(257) }), 422, "invalid"),
            (json!({ "id": "x", "name": "a\u{0}b" }), 422, "invalid"),
            (json!({ "id": "x", "name": "x", "email": "nobody" }), 422, "invalid"),
            (json!({ "id": "x", "name": "x", "surprise": 1 }), 400, "bad_request"),
            (json!({ "id": 5, "name": "x" }), 400, "bad_request"),
        ] {
            assert_problem(&server.post("/customers", &wanted).await, status, code);
        }
        assert_problem(&server.patch("/customers/nobody", &json!({})).await, 404, "unknown_customer");
        assert_problem(&server.delete("/customers/nobody").await, 404, "unknown_customer");
    }

    async fn what_is_not_there_is_a_problem_too(stores: TestStore) {
        let server = Server::start(stores).await;
        assert_problem(&answer(server.bare(Method::GET, "/nothing")).await, 404, "not_found");
        assert_problem(&server.get("/nothing").await, 404, "not_found");
        let put = answer(server.request(Method::PUT, "/licenses").json(&license("C1"))).await;
        assert_problem(&put, 405, "method_not_allowed");
    }

    async fn the_audit_log_says_who_did_what(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let id = server.issue("C1").await;
        let (status, page) = server.get("/admin/audit-logs?limit=2").await;
        assert_eq!(status, StatusCode::OK);
        let actor = server.key.split_once('.').expect("has two parts").0;
        for (row, action, subject) in [(0, "license.issue", id.as_str()), (1, "customer.add", "C1")] {
            let row = &page["items"][row];
            assert_eq!(
                (&row["actor"], &row["action"], &row["subject_id"]),
                (&json!(actor), &json!(action), &json!(subject))
            );
        }
        assert_eq!(page["items"][0]["detail"]["customer"], json!("C1"));
        let (_, last) =
            server.get(&format!("/admin/audit-logs?cursor={}", page["next"].as_str().expect("there is more"))).await;
        assert_eq!((&last["items"][0]["action"], &last["next"]), (&json!("api_key.add"), &Value::Null));
        let (_, of_license) = server.get(&format!("/admin/audit-logs?subject_kind=license&subject_id={id}")).await;
        assert_eq!(of_license["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(server.get("/admin/audit-logs?actor=nobody").await.1["items"], json!([]));
        assert_problem(&server.get("/admin/audit-logs?subject_id=x").await, 422, "invalid");
        assert!(!page.to_string().contains("eyJ"), "no token is in it");
    }

    async fn licenses_and_customers_are_counted(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let id = server.issue("C1").await;
        server.issue("C1").await;
        server.post(&format!("/licenses/{id}/revoke"), &json!({ "reason": "x" })).await;
        let expected = json!({
            "licenses": 2, "active": 1, "expired": 0, "revoked": 1, "ending_soon": 0, "customers": 1, "active_customers": 1,
        });
        assert_eq!(server.get("/admin/stats").await, (StatusCode::OK, expected));
    }
}
