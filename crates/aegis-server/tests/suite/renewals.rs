//! The same license for longer, and for another instance.

use crate::common::{DAY, NOW, Server, TestStore, answer, assert_problem, license};
use aegis_core::{ActivationRequest, Binding, Instance, License, open};
use aegis_storage::on_both;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const UUID: &str = "0c530c53-0c53-4c0e-8d6b-5a7b7f3e2c44";

fn read(server: &Server, issued: &Value) -> License {
    open(issued["token"].as_str().expect("has a token"), &server.keyring).expect("customers read it")
}

async fn revoke(server: &Server, id: &str) {
    let (status, body) = server.post(&format!("/licenses/{id}/revoke"), &json!({ "reason": "unpaid" })).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

fn activation_request() -> String {
    ActivationRequest::of(&Instance::new(UUID, "erp.example").expect("an instance")).to_string()
}

on_both! {
    async fn a_license_is_renewed_before_its_end(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let old = server.issue("C1").await;
        server.set_clock(NOW + 350 * DAY);
        let (status, new) = server.post(&format!("/licenses/{old}/renew"), &json!({})).await;
        assert_eq!(status, StatusCode::CREATED, "{new}");
        assert_eq!((&new["replaces"], &new["status"]), (&json!(old), &json!("active")));
        let license = read(&server, &new);
        assert_eq!((license.exp, license.grace_until), (Some(NOW + 730 * DAY), Some(NOW + 744 * DAY)));
        assert_eq!(server.get(&format!("/licenses/{old}")).await.1["status"], "active", "it stands until its end");
        let (_, log) = server.get("/admin/audit-logs").await;
        assert_eq!(log["items"][0]["action"], "license.renew", "{log}");
    }

    async fn a_renewal_says_for_how_much_longer(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let old = server.issue("C1").await;
        let path = format!("/licenses/{old}/renew");
        let (_, new) = server.post(&path, &json!({ "exp": "2028-01-31", "grace_days": 0 })).await;
        assert_eq!((&new["expires_at"], &new["ends_at"]), (&json!("2028-02-01T00:00:00Z"), &json!("2028-02-01T00:00:00Z")));
        for (wanted, code) in [
            (json!({ "days": 0 }), "invalid"),
            (json!({ "days": 9, "exp": "2029-01-01" }), "invalid"),
            (json!({ "exp": "2020-01-01" }), "invalid"),
            (json!({ "exp": "soon" }), "invalid"),
            (json!({ "days": 4_000_000 }), "invalid"),
        ] {
            assert_problem(&server.post(&path, &wanted).await, 422, code);
        }
        assert_problem(&server.post(&path, &json!({ "day": 9 })).await, 400, "bad_request");
        assert_problem(&server.post("/licenses/nothing/renew", &json!({})).await, 404, "not_found");
    }

    async fn a_renewal_lifts_nothing_that_was_revoked(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let old = server.issue("C1").await;
        revoke(&server, &old).await;
        assert_problem(&server.post(&format!("/licenses/{old}/renew"), &json!({})).await, 409, "revoked");
        let wanted = json!({ "bind_request": { "request": activation_request() } });
        assert_problem(&server.post(&format!("/licenses/{old}/rebind"), &wanted).await, 409, "revoked");
        assert_eq!(server.get("/licenses").await.1["items"].as_array().map(Vec::len), Some(1));
    }

    async fn a_deactivated_customer_gets_no_renewal(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let old = server.issue("C1").await;
        assert_eq!(server.delete("/customers/C1").await.0, StatusCode::OK);
        assert_problem(&server.post(&format!("/licenses/{old}/renew"), &json!({})).await, 409, "customer_inactive");
    }

    async fn a_repeated_renewal_is_done_once(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let (old, other) = (server.issue("C1").await, server.issue("C1").await);
        let renew = async |id: &str, wanted: Value| {
            let request = server.request(Method::POST, &format!("/licenses/{id}/renew"));
            answer(request.header("Idempotency-Key", "once").json(&wanted)).await
        };
        let (first, again) = (renew(&old, json!({ "days": 9 })).await, renew(&old, json!({ "days": 9 })).await);
        assert_eq!(first.1["id"], again.1["id"]);
        assert_problem(&renew(&old, json!({ "days": 10 })).await, 409, "idempotency_key_reused");
        assert_problem(&renew(&other, json!({ "days": 9 })).await, 409, "idempotency_key_reused");
        let issue = server.request(Method::POST, "/licenses").header("Idempotency-Key", "once").json(&license("C1"));
        assert_problem(&answer(issue).await, 409, "idempotency_key_reused");
    }

    async fn a_license_moves_to_another_instance(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let old = server.issue("C1").await;
        let path = format!("/licenses/{old}/rebind");
        let request = format!("Hello, here it is: {} Yours, C1", activation_request());
        let (status, new) = server.post(&path, &json!({ "bind_request": { "request": request } })).await;
        assert_eq!(status, StatusCode::CREATED, "{new}");
        assert!(matches!(read(&server, &new).binding, Some(Binding::Tolerant(_))));
        assert_eq!((&new["instance"], &new["replaces"]), (&json!("tolerant"), &json!(old)));
        let exact = json!({ "bind": { "database_uuid": UUID, "domain": "erp.example" } });
        let (status, new) = server.post(&path, &exact).await;
        assert_eq!(status, StatusCode::CREATED, "{new}");
        let fingerprint = Instance::new(UUID, "erp.example").expect("an instance").fingerprint();
        assert_eq!(read(&server, &new).binding, Some(Binding::Exact(fingerprint)));
        for wanted in [json!({}), json!({ "bind_request": { "request": "aegis-request.x" } })] {
            assert_problem(&server.post(&path, &wanted).await, 422, "invalid");
        }
    }
}
