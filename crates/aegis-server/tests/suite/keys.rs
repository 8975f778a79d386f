//! Which key signs when, and what customers need of it.

use std::sync::Arc;

use crate::common::{DAY, ISSUER, NOW, Server, TestStore, answer, assert_problem, at, keyring, license};
use aegis_core::{KeyUse, Keyring, Kind, open};
use aegis_issuer::keyfile::PrivateKey;
use aegis_issuer::revocation::{ListPlan, Revocation, Revoked, sign_list};
use aegis_issuer::{CertificateRequest, FileSigner, IssueContext, ROOT_USES, Signer, certify};
use aegis_server::{Desk, DeskError, SigningKey, Telemetry};
use aegis_storage::{Note, Run, SignedList, Subject, on_both};
use reqwest::{Method, StatusCode};
use serde_json::json;

fn signer(kid: &str) -> FileSigner {
    FileSigner::new(kid, PrivateKey::generate().expect("a key")).expect("a signer")
}

/// A root, and what the wheels of customers hold.
fn root() -> (FileSigner, Keyring) {
    let root = signer("root-a");
    let roots = keyring(&root, &ROOT_USES);
    (root, roots)
}

/// A key that the root certifies from one day to another.
fn certified(root: &FileSigner, from: i64, until: i64) -> SigningKey {
    let signer = FileSigner::certified(PrivateKey::generate().expect("a key"));
    let request = CertificateRequest {
        name: "daily".to_owned(),
        public_key: signer.public_key(),
        uses: vec![KeyUse::License, KeyUse::Revocation],
        modules: None,
        not_before: Some(NOW + from * DAY),
        not_after: Some(NOW + until * DAY),
    };
    let context = IssueContext { issuer: ISSUER, now: NOW, keyring: None };
    let certificate = certify(&request, root, &context).expect("is certified").token;
    SigningKey { signer: Arc::new(signer), certificates: vec![certificate] }
}

/// The `kid` of a license that is issued now, which customers can read from its bundle.
async fn issued(server: &Server) -> String {
    let (status, body) = server.post("/licenses", &license("C1")).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let request = server.request(Method::GET, &format!("/bundle/{}", body["id"].as_str().expect("has an id")));
    let text = request.send().await.expect("answers").text().await.expect("is read");
    let (trusting, _) = server.keyring.with_trust(&text);
    let read = open(body["token"].as_str().expect("has a token"), &trusting).expect("customers read it");
    assert_eq!(text, body["bundle"].as_str().expect("has a bundle"));
    read.kid
}

/// What a root says who withdraws a key.
fn withdrawal(kid: &str) -> ListPlan {
    let what = Revoked::Key { kid: kid.to_owned() };
    let revocation = Revocation { at: NOW, iss: ISSUER.to_owned(), what, reason: None };
    ListPlan::new(ISSUER, true, &[revocation], &[], &[], NOW)
}

/// Stores a list that was signed elsewhere, as `aegis import` does.
async fn import(stores: &TestStore, token: &str, kid: &str) {
    let (issuer, kid, token) = (ISSUER.to_owned(), kid.to_owned(), token.to_owned());
    let list = SignedList { issuer, seq: NOW, kid, signed_at: at(NOW), counted: 0, token };
    let subject = Subject { kind: "revocation_list", id: NOW.to_string() };
    let note = Note { actor: "test".to_owned(), action: "list.import", subject, detail: json!({}) };
    stores.store.import_list(list, note, Run::Real, at(NOW)).await.expect("is stored");
}

/// Two servers on one database, with a customer; the second signs with a key that the first did not know when it started.
async fn of_two_keys(stores: TestStore) -> [Server; 2] {
    let (root, roots) = root();
    let beside = stores.beside().await;
    let old = Server::start_with(stores, roots.clone(), vec![certified(&root, 0, 30)]).await;
    let new = Server::start_with(beside, roots, vec![certified(&root, 1, 60)]).await;
    for server in [&old, &new] {
        server.set_clock(NOW + 2 * DAY);
    }
    new.add_customer("C1").await;
    [old, new]
}

async fn refused(stores: &TestStore, roots: Keyring, keys: Vec<SigningKey>) -> DeskError {
    match Desk::open(&stores.store, &Telemetry::new(), ISSUER, roots, keys, at(NOW)).await {
        Ok(_) => panic!("is not refused"),
        Err(error) => {
            assert_eq!(stores.store.signing_keys(ISSUER).await.expect("reads"), [], "nothing is kept of it");
            assert!(!error.remedy().is_empty());
            error
        }
    }
}

on_both! {
    async fn the_server_changes_over_when_a_window_opens(stores: TestStore) {
        let (root, roots) = root();
        let keys = [certified(&root, 0, 30), certified(&root, 20, 60)];
        let kids = keys.clone().map(|key| key.signer.kid().to_owned());
        let server = Server::start_with(stores, roots, keys.to_vec()).await;
        server.add_customer("C1").await;
        assert_eq!(issued(&server).await, kids[0]);
        server.set_clock(NOW + 20 * DAY);
        assert_eq!(issued(&server).await, kids[1]);
        server.set_clock(NOW + 60 * DAY);
        assert_problem(&server.post("/licenses", &license("C1")).await, 503, "no_signing_key");
    }

    async fn the_list_is_signed_by_the_key_of_its_time(stores: TestStore) {
        let (root, roots) = root();
        let keys = vec![certified(&root, 0, 30), certified(&root, 20, 60)];
        let server = Server::start_with(stores, roots, keys).await;
        server.add_customer("C1").await;
        let (first, second) = (server.issue("C1").await, server.issue("C1").await);
        for (day, id) in [(1, first), (25, second)] {
            server.set_clock(NOW + day * DAY);
            let path = format!("/licenses/{id}/revoke");
            assert_eq!(server.post(&path, &json!({ "reason": "unpaid" })).await.0, StatusCode::OK);
            let (_, list) = answer(server.bare(Method::GET, "/api/v1/revocations")).await;
            let trusted = server.certificates().join("\n") + "\n" + list.as_str().expect("a list");
            let (_, found) = server.keyring.with_trust(&trusted);
            assert!(found.iter().all(|found| found.content.is_ok()), "{found:?}");
            let (_, body) = server.post(&format!("/licenses/{id}/validate"), &json!({ "odoo_version": "19.0" })).await;
            assert_eq!(body["code"], "revoked", "{body}");
        }
    }

    /// A customer who has nothing but the wheel reads what is fetched.
    async fn the_list_comes_with_its_certificate(stores: TestStore) {
        let (root, roots) = root();
        let server = Server::start_with(stores, roots, vec![certified(&root, 0, 30)]).await;
        server.add_customer("C1").await;
        let id = server.issue("C1").await;
        server.post(&format!("/licenses/{id}/revoke"), &json!({ "reason": "unpaid" })).await;
        let (_, text) = answer(server.bare(Method::GET, "/api/v1/revocations")).await;
        let (_, found) = server.keyring.with_trust(text.as_str().expect("is text"));
        let kinds: Vec<Kind> = found.iter().filter(|found| found.content.is_ok()).map(|found| found.kind).collect();
        assert_eq!(kinds, [Kind::KeyCertificate, Kind::RevocationList]);
    }

    /// Of two servers on one database, one is started anew with the next key; the other still answers rightly.
    async fn a_server_learns_the_key_of_another(stores: TestStore) {
        let [old, new] = of_two_keys(stores).await;
        let id = new.issue("C1").await;
        let bundle = async |server: &Server| answer(server.request(Method::GET, &format!("/bundle/{id}"))).await.1;
        assert_eq!(bundle(&old).await, bundle(&new).await);
        let (_, keys) = answer(old.bare(Method::GET, "/api/v1/keys")).await;
        assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2), "{keys}");
        let (status, renewed) = old.post(&format!("/licenses/{id}/renew"), &json!({})).await;
        assert_eq!(status, StatusCode::CREATED, "{renewed}");
        new.post(&format!("/licenses/{id}/revoke"), &json!({ "reason": "unpaid" })).await;
        let (_, list) = answer(new.bare(Method::GET, "/api/v1/revocations")).await;
        for server in [&new, &old] {
            let (_, said) = server.post(&format!("/licenses/{id}/validate"), &json!({ "odoo_version": "19.0" })).await;
            assert_eq!(said["code"], "revoked", "{said}");
        }
        assert_eq!(answer(old.bare(Method::GET, "/api/v1/revocations")).await.1, list);
    }

    async fn a_license_of_the_key_of_another_server_is_valid(stores: TestStore) {
        let [old, new] = of_two_keys(stores).await;
        let id = new.issue("C1").await;
        let (_, said) = old.post(&format!("/licenses/{id}/validate"), &json!({ "odoo_version": "19.0" })).await;
        assert_eq!(said["code"], "valid", "{said}");
    }

    /// The same text is not told one thing by one server and another by the next.
    async fn the_text_of_a_license_of_another_server_is_valid(stores: TestStore) {
        let [old, new] = of_two_keys(stores).await;
        let (_, issued) = new.post("/licenses", &license("C1")).await;
        let asked = json!({ "token": issued["token"], "context": { "odoo_version": "19.0" } });
        for server in [&new, &old] {
            let (_, said) = server.post("/licenses/validate", &asked).await;
            assert_eq!(said["code"], "valid", "{said}");
        }
    }

    /// A root withdraws the key: what it has signed is refused, the list that says so is served, and the key signs no more.
    async fn a_withdrawn_key_signs_no_more(stores: TestStore) {
        let (root, roots) = root();
        let stolen = certified(&root, 0, 90);
        let (kid, beside) = (stolen.signer.kid().to_owned(), stores.beside().await);
        let server = Server::start_with(stores, roots.clone(), vec![stolen.clone()]).await;
        server.add_customer("C1").await;
        let id = server.issue("C1").await;
        let plan = withdrawal(&kid);
        let context = IssueContext { issuer: ISSUER, now: NOW, keyring: None };
        let token = sign_list(&plan, NOW, &root, &context).expect("is signed").token;
        import(&beside, &token, root.kid()).await;
        match Desk::open(&beside.store, &Telemetry::new(), ISSUER, roots.clone(), vec![stolen], at(NOW)).await {
            Err(DeskError::Withdrawn(found)) => assert_eq!(found, kid),
            other => panic!("{:?}", other.err()),
        }
        let server_anew = Server::start_with(beside, roots, vec![certified(&root, 0, 60)]).await;
        let (_, said) = server_anew.post(&format!("/licenses/{id}/validate"), &json!({ "odoo_version": "19.0" })).await;
        assert_eq!((&said["valid"], &said["code"]), (&json!(false), &json!("revoked")), "{said}");
        let (_, text) = answer(server_anew.bare(Method::GET, "/api/v1/revocations")).await;
        assert!(text.as_str().expect("is text").contains(&token), "{text}");
    }

    async fn licenses_of_a_former_key_are_still_read(stores: TestStore) {
        let (root, roots) = root();
        let former = certified(&root, 0, 30);
        let address = stores.address.clone();
        let server = Server::start_with(stores, roots.clone(), vec![former.clone()]).await;
        server.add_customer("C1").await;
        let old = server.issue("C1").await;
        let stores = server.into_stores();
        assert_eq!(stores.address, address);
        let server = Server::start_with(stores, roots, vec![certified(&root, 0, 90)]).await;
        server.set_clock(NOW + 40 * DAY);
        let request = server.request(Method::GET, &format!("/bundle/{old}"));
        let text = request.send().await.expect("answers").text().await.expect("is read");
        assert!(text.contains(&former.certificates[0]), "{text}");
        let (_, body) = server.post(&format!("/licenses/{old}/validate"), &json!({ "odoo_version": "19.0" })).await;
        assert_eq!(body["code"], "valid", "{body}");
        let (status, _) = server.post(&format!("/licenses/{old}/renew"), &json!({})).await;
        assert_eq!(status, StatusCode::CREATED);
        let (_, keys) = answer(server.bare(Method::GET, "/api/v1/keys")).await;
        assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2), "{keys}");
    }

    async fn the_public_keys_are_a_jwk_set(stores: TestStore) {
        let (root, roots) = root();
        let key = certified(&root, 0, 30);
        let server = Server::start_with(stores, roots, vec![key.clone()]).await;
        let response = server.bare(Method::GET, "/api/v1/keys").send().await.expect("answers");
        let headers = response.headers().clone();
        assert_eq!(headers["content-type"], "application/jwk-set+json");
        let body: serde_json::Value = response.json().await.expect("is JSON");
        let jwk = &body["keys"][0];
        assert_eq!((&jwk["kty"], &jwk["crv"], &jwk["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
        // RFC 7638: the id of a certified key is the thumbprint of its JWK.
        assert_eq!((jwk["kid"].as_str(), jwk.get("d")), (Some(key.signer.kid()), None));
        assert_eq!(jwk["certificates"][0]["token"], json!(key.certificates[0]));
        assert_eq!(jwk["certificates"][0]["not_after"], json!("2026-10-21T14:13:20Z"));
        let again = server.bare(Method::GET, "/api/v1/keys").header("If-None-Match", &headers["etag"]);
        assert_eq!(again.send().await.expect("answers").status(), StatusCode::NOT_MODIFIED);
    }

    async fn a_server_without_a_key_does_not_start(stores: TestStore) {
        assert!(matches!(refused(&stores, root().1, Vec::new()).await, DeskError::NoKey));
    }

    async fn a_key_that_customers_do_not_trust_is_refused(stores: TestStore) {
        let (_, roots) = root();
        let unknown = SigningKey { signer: Arc::new(signer("acme-2026")), certificates: Vec::new() };
        let of_another_root = certified(&signer("root-b"), 0, 30);
        for key in [unknown, of_another_root] {
            assert!(matches!(refused(&stores, roots.clone(), vec![key]).await, DeskError::NotTrusted(_)));
        }
    }

    async fn a_key_under_the_id_of_another_is_refused(stores: TestStore) {
        let roots = keyring(&signer("acme-2026"), &[KeyUse::License]);
        let key = SigningKey { signer: Arc::new(signer("acme-2026")), certificates: Vec::new() };
        assert!(matches!(refused(&stores, roots, vec![key]).await, DeskError::OtherKey(kid) if kid == "acme-2026"));
    }

    async fn a_key_of_another_issuer_is_refused(stores: TestStore) {
        let theirs = signer("acme-2026");
        let roots = keyring(&theirs, &[KeyUse::License]);
        let key = SigningKey { signer: Arc::new(theirs), certificates: Vec::new() };
        let opened = Desk::open(&stores.store, &Telemetry::new(), "other.example", roots, vec![key], at(NOW)).await;
        assert!(matches!(opened, Err(DeskError::OtherIssuer { .. })));
    }
}
