//! Licenses: issued once each, found again, revoked for good.

use crate::common::{DAY, ISSUER, KID, NOW, Server, TestStore, answer, assert_problem, at, database, license};
use aegis_core::{Code, Context, LicenseId, TrustContent, verify};
use aegis_storage::testing::{postgres, sqlite};
use aegis_storage::{Note, Run, SignedList, Subject, on_both};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn with(name: &str, value: Value) -> Value {
    let mut wanted = license("C1");
    wanted[name] = value;
    wanted
}

async fn validated(server: &Server, token: &str, context: Value) -> Value {
    let (status, body) = server.post("/licenses/validate", &json!({ "token": token, "context": context })).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

on_both! {
    async fn what_is_issued_is_what_customers_read(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let (status, issued) = server.post("/licenses", &license("C1")).await;
        assert_eq!(status, StatusCode::CREATED);
        let token = issued["token"].as_str().expect("has a token");
        let context = Context { module: Some("acme_sale"), ..Context::new(18, NOW) };
        let (read, code) = verify(token, &server.keyring, &context).expect("is a license");
        assert_eq!((read.jti.as_str(), code), (issued["id"].as_str().expect("has an id"), Code::Valid));
        assert_eq!(read.customer.name, "Customer C1");
        assert!(issued["bundle"].as_str().is_some_and(|bundle| bundle.contains(token)));
        for (member, expected) in [
            ("customer_id", json!("C1")),
            ("modules", json!(["acme_sale"])),
            ("license_type", json!("subscription")),
            ("status", json!("active")),
            ("kid", json!("acme-2026")),
            ("issued_at", json!("2026-09-21T14:13:20Z")),
            ("expires_at", json!("2027-09-21T14:13:20Z")),
            ("ends_at", json!("2027-10-05T14:13:20Z")),
            ("revoked_at", Value::Null),
        ] {
            assert_eq!(issued[member], expected, "{member}");
        }
    }

    async fn a_license_is_read_again_with_its_token_apart(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let (_, issued) = server.post("/licenses", &license("C1")).await;
        let id = issued["id"].as_str().expect("has an id");
        let (status, found) = server.get(&format!("/licenses/{id}")).await;
        assert_eq!((status, &found["id"], found.get("token")), (StatusCode::OK, &issued["id"], None));
        let (status, token) = server.get(&format!("/licenses/{id}/token")).await;
        assert_eq!((status, &token["token"]), (StatusCode::OK, &issued["token"]));
        assert_problem(&server.get("/licenses/nothing").await, 404, "not_found");
        assert_problem(&server.get("/licenses/nothing/token").await, 404, "not_found");
        assert_problem(&server.get("/licenses/a%00b").await, 404, "not_found");
    }

    async fn an_etag_saves_reading_what_did_not_change(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let path = format!("/licenses/{}", server.issue("C1").await);
        let first = server.request(Method::GET, &path).send().await.expect("is answered");
        let tag = first.headers()["etag"].clone();
        let again = async |tag: &str| answer(server.request(Method::GET, &path).header("If-None-Match", tag)).await.0;
        let tag = tag.to_str().expect("is text");
        assert_eq!(again(tag).await, StatusCode::NOT_MODIFIED);
        assert_eq!(again(&format!("\"x\", {tag}")).await, StatusCode::NOT_MODIFIED);
        assert_eq!(again("*").await, StatusCode::NOT_MODIFIED);
        assert_eq!(again("\"x\"").await, StatusCode::OK);
        server.set_clock(NOW + 400 * DAY);
        assert_eq!(again(tag).await, StatusCode::OK, "it has expired meanwhile");
    }

    async fn a_repeated_request_gets_the_same_license(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let send = async |key: &str, body: &Value| {
            answer(server.request(Method::POST, "/licenses").header("Idempotency-Key", key).json(body)).await
        };
        let (status, first) = send("one", &license("C1")).await;
        assert_eq!(status, StatusCode::CREATED);
        let rows = server.audit_rows().await;
        assert_eq!(send("one", &license("C1")).await, (StatusCode::CREATED, first.clone()));
        assert_eq!(server.audit_rows().await, rows);
        assert_ne!(send("two", &license("C1")).await.1["id"], first["id"]);
        assert_problem(&send("one", &with("days", json!(30))).await, 409, "idempotency_key_reused");
        for key in ["", &"x".repeat(129)] {
            assert_problem(&send(key, &license("C1")).await, 422, "invalid");
        }
    }

    /// Twenty times the same request at once: one license.
    async fn a_request_repeated_at_once_is_done_once(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let request = server.request(Method::POST, "/licenses").header("Idempotency-Key", "one").json(&license("C1"));
            requests.spawn(answer(request));
        }
        let answers = requests.join_all().await;
        assert!(answers.iter().all(|(status, body)| *status == StatusCode::CREATED && body["id"] == answers[0].1["id"]));
        assert_eq!(server.get("/licenses").await.1["items"].as_array().map(Vec::len), Some(1));
    }

    async fn another_caller_may_use_the_same_idempotency_key(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let other = server.make_key(&[aegis_server::Scope::Issue], None).await;
        let send = async |key: &str| {
            let request = server.bare(Method::POST, "/api/v1/licenses").bearer_auth(key).header("Idempotency-Key", "one");
            answer(request.json(&license("C1"))).await.1["id"].clone()
        };
        assert_ne!(send(&server.key).await, send(&other).await);
    }

    /// Bad input is a problem with a code, and nothing is stored.
    async fn bad_requests_are_refused_and_nothing_is_stored(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let rows = server.audit_rows().await;
        let mut no_customer = license("C1");
        no_customer.as_object_mut().expect("is an object").remove("customer_id");
        let module = |name: &str| json!([{ "technical_name": name, "allowed_major_versions": ["18"] }]);
        for (wanted, status, code) in [
            (license("nobody"), 404, "unknown_customer"),
            (license("C1\0"), 404, "unknown_customer"),
            (license("'; DROP TABLE licenses; --"), 404, "unknown_customer"),
            (no_customer, 400, "bad_request"),
            (with("surprise", json!(1)), 400, "bad_request"),
            (with("days", json!("many")), 400, "bad_request"),
            (with("days", json!(-1)), 400, "bad_request"),
            (with("days", json!(1e300)), 400, "bad_request"),
            (with("days", json!(4_294_967_295_u64)), 422, "invalid"),
            (with("days", json!(0)), 422, "invalid"),
            (with("exp", json!("2027-01-01")), 422, "invalid"),
            (with("license_type", json!("forever")), 400, "bad_request"),
            (with("license_type", json!("perpetual")), 422, "invalid"),
            (with("modules", json!([])), 422, "invalid"),
            (with("modules", module("Bad Name")), 422, "invalid"),
            (with("modules", module("other_vendor")), 422, "invalid"),
            (with("modules", module("*")), 422, "invalid"),
            (with("instance_fingerprint", json!("sha256:xyz")), 422, "invalid"),
            (with("bind_request", json!({ "request": "hello" })), 422, "invalid"),
            (with("limits", json!({ "users": -5 })), 400, "bad_request"),
            (json!([]), 400, "bad_request"),
            (json!("text"), 400, "bad_request"),
        ] {
            let answered = server.post("/licenses", &wanted).await;
            assert_problem(&answered, status, code);
        }
        let mut past = license("C1");
        past.as_object_mut().expect("is an object").remove("days");
        past["exp"] = json!("2020-01-01");
        assert_problem(&server.post("/licenses", &past).await, 422, "invalid");
        assert_eq!(server.audit_rows().await, rows);
        assert_eq!(server.get("/licenses").await.1["items"], json!([]));
    }

    /// 30.0 is a whole number in JSON Schema, and 30.5 is none.
    async fn a_whole_number_may_be_written_with_a_fraction_of_zero(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let mut wanted = with("days", json!(30.0));
        wanted["grace_days"] = json!(7.0);
        wanted["limits"] = json!({ "users": 5.0 });
        wanted["notify_users_from"] = json!(1_790_000_000.0);
        let (status, issued) = server.post("/licenses", &wanted).await;
        assert_eq!((status, &issued["expires_at"]), (StatusCode::CREATED, &json!("2026-10-21T14:13:20Z")), "{issued}");
        let renewed = server.post(&format!("/licenses/{}/renew", issued["id"].as_str().expect("an id")), &json!({ "days": 30.0 })).await;
        assert_eq!((renewed.0, &renewed.1["expires_at"]), (StatusCode::CREATED, &json!("2026-11-20T14:13:20Z")), "{renewed:?}");
        for days in [json!(30.5), json!(-30.0), json!(1e10), json!(1e300)] {
            assert_problem(&server.post("/licenses", &with("days", days)).await, 400, "bad_request");
        }
    }

    async fn what_is_no_json_is_refused(stores: TestStore) {
        let server = Server::start(stores).await;
        let send = async |body: Vec<u8>, kind: &str| {
            let request = server.request(Method::POST, "/licenses").header("Content-Type", kind);
            answer(request.body(body)).await
        };
        assert_problem(&send(b"{".to_vec(), "application/json").await, 400, "bad_request");
        assert_problem(&send(vec![0xff; 10], "application/json").await, 400, "bad_request");
        assert_problem(&send(b"{}".to_vec(), "text/plain").await, 415, "unsupported_media_type");
        assert_problem(&send("[".repeat(60_000).into_bytes(), "application/json").await, 400, "bad_request");
    }

    async fn a_body_of_ten_megabytes_is_refused(stores: TestStore) {
        let server = Server::start(stores).await;
        let sent = async |bytes| {
            let request = server.request(Method::POST, "/licenses").header("Content-Type", "application/json");
            request.body(vec![b' '; bytes]).send().await
        };
        let refused = sent(65 << 10).await.expect("is answered");
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        // Whoever is still sending when the server hangs up may not hear why.
        let status = sent(10 << 20).await.map(|answer| answer.status());
        assert!(matches!(status, Err(_) | Ok(StatusCode::PAYLOAD_TOO_LARGE)), "{status:?}");
        assert_eq!(server.get("/licenses").await.0, StatusCode::OK, "it serves on");
    }

    async fn lists_are_filtered_and_paged(stores: TestStore) {
        let server = Server::start(stores).await;
        for id in ["C1", "C2"] {
            server.add_customer(id).await;
        }
        let mut ids = Vec::new();
        for customer in ["C1", "C2", "C1"] {
            ids.insert(0, server.issue(customer).await);
        }
        let found = async |query: &str| {
            let (status, body) = server.get(&format!("/licenses?{query}")).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            let items = body["items"].as_array().expect("is a list").iter();
            (items.map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>(), body["next"].clone())
        };
        assert_eq!(found("").await.0, ids);
        assert_eq!(found("customer_id=C2").await.0, ids[1..2]);
        assert_eq!(found("module=acme_sale&license_type=subscription").await.0, ids);
        assert_eq!(found("module=acme").await.0, Vec::<String>::new());
        assert_eq!(found("status=expired").await.0, Vec::<String>::new());
        assert_eq!(found("expires_before=2027-09-21T14:13:21Z").await.0, ids);
        assert_eq!(found("expires_from=2027-09-21T14:13:21Z").await.0, Vec::<String>::new());
        assert_eq!(found("expires_from=1970-01-01T00:00:00Z&expires_before=9999-12-31T23:59:59Z").await.0, ids);
        let (first, next) = found("limit=2").await;
        assert_eq!(first, ids[..2]);
        assert_eq!(
            found(&format!("limit=2&cursor={}", next.as_str().expect("there is more"))).await,
            (ids[2..].to_vec(), Value::Null)
        );
        for (query, status, code) in [
            ("limit=0", 422, "invalid"),
            ("limit=201", 422, "invalid"),
            ("limit=many", 400, "bad_request"),
            ("cursor=x", 422, "invalid"),
            ("cursor=-1", 422, "invalid"),
            ("status=new", 400, "bad_request"),
            ("surprise=1", 400, "bad_request"),
            ("module=a%00b", 422, "invalid"),
            ("expires_before=tomorrow", 400, "bad_request"),
            ("expires_before=-200000-01-01T00:00:00Z", 422, "invalid"),
            ("expires_from=-200000-01-01T00:00:00Z", 422, "invalid"),
            ("expires_from=1969-12-31T23:59:59Z", 422, "invalid"),
            ("expires_before=%2B10000-01-01T00:00:00Z", 422, "invalid"),
        ] {
            assert_problem(&server.get(&format!("/licenses?{query}")).await, status, code);
        }
    }

    async fn a_license_is_revoked_for_good(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let (one, other) = (server.issue("C1").await, server.issue("C1").await);
        let revoke =
            async |reason: &str| server.post(&format!("/licenses/{one}/revoke"), &json!({ "reason": reason })).await;
        let (status, first) = revoke("leaked").await;
        assert_eq!(
            (status, &first["status"], &first["status_reason"]),
            (StatusCode::OK, &json!("revoked"), &json!("leaked"))
        );
        server.set_clock(NOW + DAY);
        assert_eq!(revoke("another").await, (StatusCode::OK, first.clone()));
        let (status, deleted) = server.delete(&format!("/licenses/{other}?reason=unpaid")).await;
        assert_eq!((status, &deleted["status"]), (StatusCode::OK, &json!("revoked")));
        assert_eq!(server.get("/licenses?status=revoked").await.1["items"].as_array().map(Vec::len), Some(2));
        assert_problem(&server.delete(&format!("/licenses/{other}")).await, 400, "bad_request");
        assert_problem(&revoke(" ").await, 422, "invalid");
        assert_problem(&revoke("two\nlines").await, 422, "invalid");
        assert_problem(&server.post("/licenses/nothing/revoke", &json!({ "reason": "x" })).await, 404, "not_found");
    }

    async fn delete_revokes_by_both_paths(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let id = server.issue("C1").await;
        let path = format!("/licenses/{id}/revoke");
        let (status, revoked) = server.delete(&format!("{path}?reason=unpaid")).await;
        assert_eq!(
            (status, &revoked["status"], &revoked["status_reason"]),
            (StatusCode::OK, &json!("revoked"), &json!("unpaid"))
        );
        assert_eq!(server.post(&path, &json!({ "reason": "x" })).await, (StatusCode::OK, revoked));
        assert_problem(&server.delete(&path).await, 400, "bad_request");
        assert_problem(&server.delete("/licenses/nothing/revoke?reason=x").await, 404, "not_found");
    }

    /// A token that stands in the wrong place comes back to nobody, and gets into no log.
    async fn no_problem_repeats_what_was_sent(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let token = server.post("/licenses", &license("C1")).await.1["token"].as_str().expect("a token").to_owned();
        let quoted = format!("x\", expected {token}");
        let member = json!({ "token": "x", "context": { "odoo_version": "18.0" }, token.as_str(): 1 });
        for (path, body) in [
            ("/licenses/validate", json!({ "token": "x", "context": token })),
            ("/licenses/validate", json!({ "token": "x", "context": quoted })),
            ("/licenses/validate", json!({ "token": "x", "context": { "odoo_version": "18.0", "now": token } })),
            ("/licenses/validate", member),
            ("/licenses", with("days", json!(token))),
            ("/licenses", with("license_type", json!(token))),
            ("/licenses", with("modules", json!(token))),
            ("/licenses", with("users", json!({ token.as_str(): token }))),
            ("/admin/api-keys", json!({ "name": "x", "scopes": [token] })),
        ] {
            let answered = server.post(path, &body).await;
            assert_problem(&answered, 400, "bad_request");
            assert!(!answered.1.to_string().contains(&token[..20]), "{}", answered.1);
        }
        // What is no date is shown, to recognize it by, but not the whole.
        for member in ["exp", "nbf", "instance_fingerprint", "updates_until"] {
            let answered = server.post("/licenses", &with(member, json!(token))).await;
            assert_problem(&answered, 422, "invalid");
            assert!(!answered.1.to_string().contains(&token[..60]), "{}", answered.1);
        }
        for query in [format!("status={token}"), format!("limit={token}"), format!("{token}=1")] {
            let answered = server.get(&format!("/licenses?{query}")).await;
            assert_problem(&answered, 400, "bad_request");
            assert!(!answered.1.to_string().contains(&token[..20]), "{}", answered.1);
        }
        // It still says where to look, and for what.
        for (body, detail) in [
            (
                json!({ "token": "x", "context": "eyJ" }),
                "context: invalid type, expected struct Situation at line 1 column 16",
            ),
            (json!({ "token": "x" }), "missing field `context` at line 1 column 13"),
        ] {
            assert_eq!(server.post("/licenses/validate", &body).await.1["detail"], json!(detail));
        }
    }

    async fn a_deactivated_customer_gets_no_license(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        server.patch("/customers/C1", &json!({ "active": false })).await;
        assert_problem(&server.post("/licenses", &license("C1")).await, 409, "customer_inactive");
    }

    async fn a_license_is_validated_as_the_customer_would(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let (_, issued) = server.post("/licenses", &license("C1")).await;
        let (token, id) = (issued["token"].as_str().expect("a token"), issued["id"].as_str().expect("an id"));
        let good = validated(&server, token, json!({ "module": "acme_sale", "odoo_version": "18.0" })).await;
        assert_eq!((&good["valid"], &good["code"], &good["license_id"]), (&json!(true), &json!("valid"), &json!(id)));
        assert_eq!(
            good["timeline"].as_array().and_then(|changes| changes.last()).map(|last| last["code"].clone()),
            Some(json!("expired"))
        );
        assert!(good["checks"].as_array().is_some_and(|checks| checks.iter().all(|check| check["outcome"] == "passed")));
        for (context, code) in [
            (json!({ "module": "acme_hr", "odoo_version": "18.0" }), "missing"),
            (json!({ "module": "acme_sale", "odoo_version": "17.0" }), "wrong_odoo_version"),
            (json!({ "odoo_version": "18.0", "now": "2028-01-01T00:00:00Z" }), "expired"),
        ] {
            let body = validated(&server, token, context).await;
            assert_eq!((&body["valid"], &body["code"]), (&json!(false), &json!(code)));
        }
        let forged = token.replace("eyJ", "eyK");
        assert_eq!(validated(&server, &forged, json!({ "odoo_version": "18.0" })).await["valid"], json!(false));
        let by_id = async |context| server.post(&format!("/licenses/{id}/validate"), &context).await;
        assert_eq!(by_id(json!({ "odoo_version": "19.0" })).await.1["code"], json!("valid"));
        assert_problem(&by_id(json!({ "odoo_version": "new" })).await, 422, "invalid");
        assert_problem(&by_id(json!({})).await, 400, "bad_request");
        let instance = json!({ "database_uuid": "a b", "domain": "x.example" });
        assert_problem(&by_id(json!({ "odoo_version": "18.0", "instance": instance })).await, 422, "invalid");
        assert_problem(
            &server.post("/licenses/nothing/validate", &json!({ "odoo_version": "18.0" })).await,
            404,
            "not_found",
        );
    }

    async fn a_fingerprint_binds_a_license(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let here = json!({ "database_uuid": "6e1c2b1a-9a1e-4b43-8a07-0f2b0a6f3a11", "domain": "erp.globex.example" });
        let (status, body) = server.post("/licenses/fingerprint", &here).await;
        assert_eq!(status, StatusCode::OK);
        let (_, issued) = server.post("/licenses", &with("instance_fingerprint", body["fingerprint"].clone())).await;
        assert_eq!(issued["instance"], body["fingerprint"]);
        let token = issued["token"].as_str().expect("a token");
        let at = |instance: &Value| json!({ "odoo_version": "18.0", "instance": instance });
        assert_eq!(validated(&server, token, at(&here)).await["code"], json!("valid"));
        let elsewhere = json!({ "database_uuid": "6e1c2b1a-9a1e-4b43-8a07-0f2b0a6f3a11", "domain": "other.example" });
        assert_eq!(validated(&server, token, at(&elsewhere)).await["code"], json!("wrong_instance"));
        let url = json!({ "database_uuid": "x", "domain": "https://erp.globex.example" });
        assert_problem(&server.post("/licenses/fingerprint", &url).await, 422, "invalid");
    }

    /// The list is signed when it is asked for, once for each change, and customers read it.
    async fn the_list_names_what_was_revoked(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let (_, issued) = server.post("/licenses", &license("C1")).await;
        let (token, id) = (issued["token"].as_str().expect("a token"), issued["id"].as_str().expect("an id"));
        let list = async || {
            let response = server.bare(Method::GET, "/api/v1/revocations").send().await.expect("is answered");
            assert_eq!(
                (response.status(), &response.headers()["content-type"]),
                (StatusCode::OK, &"text/plain; charset=utf-8".parse().expect("a value"))
            );
            let tag = response.headers()["etag"].to_str().expect("is text").to_owned();
            (tag, response.text().await.expect("is read"))
        };
        let code = |list: &str| {
            let text = format!("{token}\n{list}");
            let (keyring, _) = server.keyring.with_trust(&text);
            let context = Context { module: Some("acme_sale"), ..Context::new(18, NOW + 2 * DAY) };
            verify(token, &keyring, &context).map_or_else(|error| error.code(), |(_, code)| code)
        };
        let empty = list().await;
        assert_eq!(code(&empty.1), Code::Valid);
        assert_eq!(list().await, empty, "nothing was revoked: the same list");
        server.post(&format!("/licenses/{id}/revoke"), &json!({ "reason": "leaked" })).await;
        let named = list().await;
        assert_ne!(named.0, empty.0);
        assert_eq!(code(&named.1), Code::Revoked);
        assert_eq!(code(&format!("{}\n{}", named.1, empty.1)), Code::Revoked, "the newer list counts");
        assert_eq!(list().await, named);
        let weak = format!("\"x\", W/{}", named.0);
        let again = server.bare(Method::GET, "/api/v1/revocations").header("If-None-Match", weak);
        assert_eq!(again.send().await.expect("is answered").status(), StatusCode::NOT_MODIFIED);
        assert_eq!(validated(&server, token, json!({ "odoo_version": "18.0" })).await["code"], json!("revoked"));
        let renewed = server.post("/licenses", &license("C1")).await.1["token"].as_str().expect("a token").to_owned();
        let (keyring, _) = server.keyring.with_trust(&named.1);
        let context = Context::new(18, NOW);
        assert_eq!(verify(&renewed, &keyring, &context).map(|(_, code)| code), Ok(Code::Valid));
    }

    /// Text that takes the begin of what follows for its own signature, were they one text, hides no list.
    async fn no_text_hides_that_a_license_is_revoked(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let (_, issued) = server.post("/licenses", &license("C1")).await;
        let id = issued["id"].as_str().expect("an id");
        server.post(&format!("/licenses/{id}/revoke"), &json!({ "reason": "leaked" })).await;
        let token = issued["token"].as_str().expect("a token");
        for open_ended in [
            format!("eyJhIjoxfQ.eyJhYiI6 eyJhIjoxfX0.{}", "A".repeat(79)),
            format!("eyJhIjoxfQ.eyJhIjoxfQ.{}", "A".repeat(79)),
            "eyJhbGciOiJFZERTQSJ9.".to_owned(),
            "eyJhbGciOiJFZERTQSJ9.eyJhIjoxfQ".to_owned(),
            "eyJ".to_owned(),
        ] {
            for text in [format!("{token}\n{open_ended}"), format!("{open_ended}\n{token}")] {
                let validated = validated(&server, &text, json!({ "odoo_version": "18.0" })).await;
                assert_eq!(validated["valid"], json!(false), "{text}: {validated}");
            }
        }
    }

    /// What only a list names that was signed elsewhere is not forgotten, although it is older than the server's own.
    async fn an_imported_list_is_carried_on(stores: TestStore) {
        let list = async |server: &Server| {
            let response = server.bare(Method::GET, "/api/v1/revocations").send().await.expect("is answered");
            response.text().await.expect("is read")
        };
        let elsewhere = Server::start(sqlite().await).await;
        elsewhere.add_customer("C1").await;
        let (_, issued) = elsewhere.post("/licenses", &license("C1")).await;
        let id = issued["id"].as_str().expect("an id");
        elsewhere.delete(&format!("/licenses/{id}?reason=leaked")).await;
        let imported = SignedList {
            issuer: ISSUER.to_owned(),
            seq: NOW,
            kid: KID.to_owned(),
            signed_at: at(NOW),
            counted: 0,
            token: list(&elsewhere).await,
        };

        let server = Server::start(stores).await;
        server.set_clock(NOW + DAY);
        let own = list(&server).await;
        let subject = Subject { kind: "revocation_list", id: NOW.to_string() };
        let note = Note { actor: "test".to_owned(), action: "list.import", subject, detail: json!({}) };
        server.store.import_list(imported, note, Run::Real, at(NOW)).await.expect("is imported");
        let names = |list: &str| match &server.keyring.with_trust(list).1[0].content {
            Ok(TrustContent::List(list)) => list.contains(&LicenseId::of(id)),
            other => panic!("{other:?}"),
        };
        assert!(!names(&own));
        let next = list(&server).await;
        assert!(names(&next));
        assert_eq!(list(&server).await, next, "it is signed once");
        server.add_customer("C1").await;
        let other = server.issue("C1").await;
        server.delete(&format!("/licenses/{other}?reason=x")).await;
        assert!(names(&list(&server).await), "and goes on from list to list");
    }

    /// Many revoke and fetch at once: in the end the list names all.
    async fn no_list_forgets_what_is_revoked_meanwhile(stores: TestStore) {
        let server = Server::start(stores).await;
        server.add_customer("C1").await;
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..15 {
            let id = server.issue("C1").await;
            let revoke = server.request(Method::POST, &format!("/licenses/{id}/revoke")).json(&json!({ "reason": "x" }));
            requests.spawn(async move { revoke.send().await.expect("is answered").status() });
            let fetch = server.bare(Method::GET, "/api/v1/revocations");
            requests.spawn(async move { fetch.send().await.expect("is answered").status() });
        }
        for status in requests.join_all().await {
            assert!([StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&status), "{status}");
        }
        let list = server.bare(Method::GET, "/api/v1/revocations").send().await.expect("is answered");
        let list = list.text().await.expect("is read");
        let (_, trust) = server.keyring.with_trust(&list);
        match &trust[0].content {
            Ok(aegis_core::TrustContent::List(list)) => assert_eq!(list.len(), 15),
            other => panic!("{other:?}"),
        }
    }
}

/// What is written to the audit log hides the licenses: they are stored, and cannot be read back.
const HIDE: [&str; 3] = [
    "CREATE FUNCTION away() RETURNS boolean LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'the server is shutting down' USING ERRCODE = '57P01'; END $$",
    "CREATE FUNCTION hide() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN
         ALTER TABLE licenses RENAME TO hidden;
         CREATE VIEW licenses AS SELECT * FROM hidden WHERE away();
         RETURN NULL;
     END $$",
    "CREATE TRIGGER hide AFTER INSERT ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION hide()",
];
const SHOW: [&str; 2] = ["DROP VIEW licenses", "ALTER TABLE hidden RENAME TO licenses"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stored_and_cannot_be_read_back_is_not_called_unchanged() {
    let server = Server::start(postgres().await).await;
    server.add_customer("C1").await;
    let id = server.issue("C1").await;
    let run_all = async |statements: &[&str]| {
        for statement in statements {
            database::run(server.database(), statement).await;
        }
    };
    run_all(&HIDE).await;
    let (status, issued) = server.post("/licenses", &license("C1")).await;
    assert_eq!(status, StatusCode::CREATED, "nothing has to be read back: {issued}");
    run_all(&SHOW).await;
    let revoked = server.delete(&format!("/licenses/{id}?reason=x")).await;
    assert_problem(&revoked, 503, "outcome_unknown");
    run_all(&SHOW).await;
    let (_, found) = server.get("/licenses").await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["items"][1]["status"], json!("revoked"));
}
