//! The session: every endpoint, with success and without, and faults of all kinds.

use std::env;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use aegis_issuer::FileSigner;
use aegis_issuer::keyfile::{Passphrase, PrivateKey, Protection};
use aegis_server::{LogLevel, Scope, log_to_stderr, openapi};
use aegis_storage::Store;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::SECRETS;
use crate::common::{self, KID, Options, Server, answer, database, license};
use aegis_storage::testing::{postgres, sqlite};

const PASSPHRASE: &str = "passphrase-of-the-key-5d1f";
const DATABASE_PASSWORD: &str = "password-of-the-database-77aa";
const IDEMPOTENCY_KEY: &str = "idempotency-key-of-a-shop-19c3";
const IN_A_BODY: &str = "something-in-a-body-402b";
const IN_A_QUERY: &str = "something-in-a-query-e3a8";
const IN_A_PATH: &str = "something-in-a-path-1b90";
const WRONG_KEY: &str = "aegis_wrongkey.secret-of-the-wrong-key-8c44";

const A_MOMENT: Duration = Duration::from_secs(1);

static USED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn secret(text: &str) {
    USED.lock().expect("is whole").push(text.to_owned());
}

/// Sends a request with an id that is found in the log. Tokens and keys of the answer are secrets.
async fn send(id: &str, request: RequestBuilder) -> (StatusCode, Value) {
    let answered = answer(request.header("X-Request-Id", id)).await;
    if let Some(token) = answered.1["token"].as_str() {
        secret(token);
        token.split('.').for_each(secret);
    }
    if let Some(key) = answered.1["key"].as_str() {
        secret_of_key(key);
    }
    answered
}

/// The first part of a key may be shown.
fn secret_of_key(key: &str) {
    secret(key.split_once('.').expect("has two parts").1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the tests above run it, in a process of its own"]
async fn a_session() {
    log_to_stderr(LogLevel::Debug);
    [PASSPHRASE, DATABASE_PASSWORD, IDEMPOTENCY_KEY, IN_A_BODY, IN_A_QUERY, IN_A_PATH].into_iter().for_each(secret);
    secret_of_key(WRONG_KEY);
    let server = Server::start_as(options(), sqlite().await).await;
    secret_of_key(&server.key);
    what_succeeds(&server).await;
    what_fails(&server).await;
    what_breaks(&server).await;
    on_postgres().await;
    server.stop();
    server.stopped().await.expect("stops");
    if let Some(path) = env::var_os(SECRETS) {
        let secrets = USED.lock().expect("is whole").join("\n");
        std::fs::write(Path::new(&path), secrets).expect("is written");
    }
}

/// With a key from an encrypted file.
fn options() -> Options {
    let passphrase = Passphrase::from(PASSPHRASE.to_owned());
    let made = PrivateKey::generate().expect("a key");
    let pem = made.to_pem(&Protection::Passphrase { passphrase: &passphrase, iterations: 1000 }).expect("is written");
    pem.lines().filter(|line| !line.starts_with('-')).for_each(secret);
    let key = PrivateKey::from_pem(&pem, Some(&passphrase)).expect("is read").0;
    Options { signer: FileSigner::new(KID, key).expect("a signer"), ..Options::default() }
}

async fn what_succeeds(server: &Server) {
    let (get, post) = (Method::GET, Method::POST);
    let request = |method: &Method, path: &str| server.request(method.clone(), path);
    let customer = json!({ "id": "C1", "name": IN_A_BODY, "email": "a@example.com" });
    send("adds", request(&post, "/customers").json(&customer)).await;
    send("changes", request(&Method::PATCH, "/customers/C1").json(&json!({ "name": IN_A_BODY }))).await;
    let issue = request(&post, "/licenses").header("Idempotency-Key", IDEMPOTENCY_KEY);
    let again = issue.try_clone().expect("can be sent twice").json(&license("C1"));
    let (status, issued) = send("issues", issue.json(&license("C1"))).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(send("issues-again", again).await.1["id"], issued["id"]);
    let (id, token) = (issued["id"].as_str().expect("an id"), issued["token"].as_str().expect("a token"));
    for path in [
        "/licenses",
        "/customers",
        "/customers/C1",
        "/admin/stats",
        "/admin/audit-logs",
        "/admin/api-keys",
        "/revocations",
    ] {
        assert_eq!(send(&format!("reads{}", path.replace('/', "-")), request(&get, path)).await.0, StatusCode::OK);
    }
    send("reads", request(&get, &format!("/licenses/{id}"))).await;
    send("reads-a-token", request(&get, &format!("/licenses/{id}/token"))).await;
    let context = json!({ "odoo_version": "18.0", "module": "acme_sale" });
    let by_token = json!({ "token": token, "context": context });
    assert_eq!(send("validates", request(&post, "/licenses/validate").json(&by_token)).await.1["valid"], true);
    send("validates-by-id", request(&post, &format!("/licenses/{id}/validate")).json(&context)).await;
    let instance = json!({ "database_uuid": IN_A_BODY, "domain": "erp.example" });
    send("fingerprint", request(&post, "/licenses/fingerprint").json(&instance)).await;
    let reason = json!({ "reason": IN_A_BODY });
    assert_eq!(
        send("revokes", request(&post, &format!("/licenses/{id}/revoke")).json(&reason)).await.0,
        StatusCode::OK
    );
    let delete = request(&Method::DELETE, &format!("/licenses/{id}?reason={IN_A_QUERY}"));
    assert_eq!(send("deletes", delete).await.0, StatusCode::OK);
    let wanted = json!({ "name": "shop", "scopes": ["read"] });
    let (_, made) = send("makes-a-key", request(&post, "/admin/api-keys").json(&wanted)).await;
    let made = made["id"].as_str().expect("an id").to_owned();
    send("revokes-a-key", request(&Method::DELETE, &format!("/admin/api-keys/{made}"))).await;
    send("deletes-a-customer", request(&Method::DELETE, "/customers/C1")).await;
}

/// Every endpoint: without a key, with a wrong one, with one that does not open it, with bodies that cannot be read.
async fn what_fails(server: &Server) {
    let key = server.make_key(&[], None).await;
    secret_of_key(&key);
    let api = serde_json::to_value(openapi()).expect("is JSON");
    for (path, item) in api["paths"].as_object().expect("has paths") {
        for method in item.as_object().expect("has methods").keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let path = path.replace("{id}", IN_A_PATH) + "?x=" + IN_A_QUERY;
            let request = || server.bare(method.clone(), &path).header("Idempotency-Key", IDEMPOTENCY_KEY);
            let broken = format!("{{\"token\": \"{IN_A_BODY}\", ");
            let unknown = json!({ "token": IN_A_BODY, IN_A_BODY: 1 });
            for request in [
                request(),
                request().header("X-API-Key", WRONG_KEY),
                request().basic_auth(IN_A_BODY, Some(IN_A_BODY)),
                request().bearer_auth(&key),
                request().bearer_auth(&server.key).header("Content-Type", "application/json").body(broken),
                request().bearer_auth(&server.key).json(&unknown),
                request().bearer_auth(&server.key).body(IN_A_BODY),
            ] {
                answer(request).await;
            }
            // The answer may come, and the connection end, before all of it is sent.
            let _ = request().bearer_auth(&server.key).json(&IN_A_BODY.repeat(10_000)).send().await;
        }
    }
    let path = "/api/v1/customers";
    send("without-a-key", server.bare(Method::GET, path)).await;
    send("with-a-wrong-key", server.bare(Method::GET, path).bearer_auth(WRONG_KEY)).await;
    send("with-too-little-a-key", server.bare(Method::GET, path).bearer_auth(&key)).await;
    send("nowhere", server.bare(Method::GET, &format!("/{IN_A_PATH}?{IN_A_QUERY}"))).await;
    send("no-such-method", server.bare(Method::PUT, path)).await;
}

/// Faults of the server, and callers who go away.
async fn what_breaks(server: &Server) {
    let expired = server.make_key(&[Scope::Read], Some(common::NOW + common::DAY)).await;
    secret_of_key(&expired);
    server.set_clock(i64::MAX);
    let panics = server.bare(Method::GET, "/api/v1/customers").bearer_auth(&expired);
    assert_eq!(send("panics", panics).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    server.set_clock(common::NOW);

    goes_away(server).await;
    database::run(server.database(), "DROP TABLE audit_log").await;
    let audit = send("without-a-table", server.request(Method::GET, "/admin/audit-logs")).await;
    common::assert_problem(&audit, 500, "internal");
    assert!(!audit.1.to_string().contains("audit_log"), "the caller is not told why");
    server.scrape().await;
}

/// Hangs up while the database is waited for.
async fn goes_away(server: &Server) {
    let lock = database::lock(server.database()).await;
    let body = json!({ "id": "C9", "name": IN_A_BODY }).to_string();
    let request = format!(
        "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nX-Request-Id: goes-away\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        server.key,
        body.len()
    );
    let address = server.url.strip_prefix("http://").expect("is HTTP");
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("is sent");
    tokio::time::sleep(A_MOMENT).await;
    drop(stream);
    tokio::time::sleep(A_MOMENT).await;
    lock.rollback().await.expect("is given back");
}

/// A database that goes away, and one that is not there.
async fn on_postgres() {
    let mut database = postgres().await;
    let name = database::name(&database.address).to_owned();
    database.address = database.address.replacen('@', &format!(":{DATABASE_PASSWORD}@"), 1);
    assert!(database.address.contains(DATABASE_PASSWORD));
    let server = Server::start_as(options(), database).await;
    secret_of_key(&server.key);
    server.add_customer("C1").await;
    send("issues-on-postgres", server.request(Method::POST, "/licenses").json(&license("C1"))).await;
    database::run_on_postgres(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    send("without-a-database", server.request(Method::POST, "/licenses").json(&license("C1"))).await;
    send("not-ready", server.bare(Method::GET, "/ready")).await;
    server.scrape().await;
    for address in [
        format!("postgres://aegis:{DATABASE_PASSWORD}@127.0.0.1:1/aegis"),
        format!("postgres://aegis:{DATABASE_PASSWORD}@127.0.0.1:port/aegis"),
        format!("mysql://aegis:{DATABASE_PASSWORD}@127.0.0.1/aegis"),
    ] {
        let error = Store::connect(&address).await.expect_err("is not there");
        tracing::error!(target: "aegis", %error, ?error, "the database");
        println!("{error} {error:?}");
    }
}
