//! A real server on loopback, with an empty database and a key of its own.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod database;

use std::io;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use aegis_core::{Key, KeyParts, KeyUse, Keyring, ModulePattern};
use aegis_issuer::keyfile::PrivateKey;
use aegis_issuer::{FileSigner, Signer as _};
use aegis_server::{App, Desk, FreshKey, Limits, Origin, RateLimits, RecentKeys, Scope, SigningKey, Telemetry, serve};
pub(crate) use aegis_storage::testing::TestStore;
use aegis_storage::{Instant, Note, Store, Subject};
use chrono::DateTime;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// 2026-09-21.
pub(crate) const NOW: i64 = 1_790_000_000;
pub(crate) const DAY: i64 = 86_400;
pub(crate) const KID: &str = "acme-2026";
pub(crate) const ISSUER: &str = "acme.example";

/// A server, and how to speak to it.
pub(crate) struct Server {
    pub(crate) url: String,
    /// Where `/metrics` is.
    pub(crate) metrics: String,
    /// A key with every scope.
    pub(crate) key: String,
    pub(crate) keyring: Keyring,
    pub(crate) store: Store,
    clock: Arc<AtomicI64>,
    client: reqwest::Client,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    running: Mutex<Option<JoinHandle<io::Result<()>>>>,
    stores: TestStore,
    certificates: Vec<String>,
}

/// An answer: its status and its JSON.
pub(crate) type Answer = (StatusCode, Value);

/// What may be different from test to test.
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) cors_origins: Vec<Origin>,
    pub(crate) signer: FileSigner,
}

impl Default for Options {
    /// No test is to wait for another, nor for itself.
    fn default() -> Self {
        let many = NonZeroU32::MAX;
        Self {
            limits: Limits { per_key: many, per_address: many, trusted_proxies: Vec::new() },
            cors_origins: Vec::new(),
            signer: FileSigner::new(KID, PrivateKey::generate().expect("a key")).expect("a signer"),
        }
    }
}

/// The key's window ends then.
pub(crate) const KEY_ENDS: i64 = NOW + 1000 * DAY;

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

impl Server {
    /// A server that signs with one key, which customers trust by itself.
    pub(crate) async fn start(stores: TestStore) -> Self {
        Self::start_as(Options::default(), stores).await
    }

    /// The same, with some things different.
    pub(crate) async fn start_as(options: Options, stores: TestStore) -> Self {
        let roots = keyring(&options.signer, &[KeyUse::License, KeyUse::Revocation]);
        let keys = vec![SigningKey { signer: Arc::new(options.signer), certificates: Vec::new() }];
        Self::run(stores, roots, keys, options.limits, options.cors_origins).await
    }

    /// A server that signs with these keys.
    pub(crate) async fn start_with(stores: TestStore, roots: Keyring, keys: Vec<SigningKey>) -> Self {
        let Options { limits, cors_origins, .. } = Options::default();
        Self::run(stores, roots, keys, limits, cors_origins).await
    }

    async fn run(
        stores: TestStore,
        roots: Keyring,
        keys: Vec<SigningKey>,
        limits: Limits,
        cors_origins: Vec<Origin>,
    ) -> Self {
        // A server that stops closes its store.
        let store = Store::connect(&stores.address).await.expect("connects");
        let certificates = keys.iter().flat_map(|key| key.certificates.clone()).collect();
        let telemetry = Telemetry::new();
        let desk = Desk::open(&store, &telemetry, ISSUER, roots.clone(), keys, at(NOW)).await.expect("signs");
        let clock = Arc::new(AtomicI64::new(NOW));
        let read = Arc::clone(&clock);
        let app = Arc::new(App {
            store: store.clone(),
            desk,
            clock: Box::new(move || {
                DateTime::from_timestamp(read.load(Ordering::SeqCst), 0).expect("a clock that tells the time")
            }),
            api_keys: RecentKeys::default(),
            limits: RateLimits::new(limits),
            telemetry,
            cors_origins,
        });
        let ((api, url), (beside, metrics)) = (listen().await, listen().await);
        let (stop, stopped) = oneshot::channel();
        // A server that is dropped stops too.
        let stopped = async { stopped.await.unwrap_or_default() };
        let running = tokio::spawn(serve(app, api, Some(beside), stopped));
        let client = client();
        let (stop, running) = (Mutex::new(Some(stop)), Mutex::new(Some(running)));
        let key = String::new();
        let mut server =
            Self { url, metrics, key, keyring: roots, store, clock, client, stop, running, stores, certificates };
        server.key = server.make_key(&Scope::ALL, None).await;
        server
    }

    /// What is stored, for the next server.
    pub(crate) fn into_stores(self) -> TestStore {
        self.stores
    }

    /// The certificates that the server has.
    pub(crate) fn certificates(&self) -> Vec<String> {
        self.certificates.clone()
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&self) {
        let stop = self.stop.lock().expect("is whole").take();
        stop.expect("is told once").send(()).expect("listens");
    }

    /// Waits until the server has stopped.
    pub(crate) async fn stopped(&self) -> io::Result<()> {
        let running = self.running.lock().expect("is whole").take();
        running.expect("is waited for once").await.expect("does not fail")
    }

    /// The address of the database.
    pub(crate) fn database(&self) -> &str {
        &self.stores.address
    }

    /// What Prometheus reads.
    pub(crate) async fn scrape(&self) -> String {
        let answer = self.client.get(format!("{}/metrics", self.metrics)).send().await.expect("is answered");
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.expect("is read")
    }

    /// A new API key with these scopes.
    pub(crate) async fn make_key(&self, scopes: &[Scope], expires_at: Option<i64>) -> String {
        let fresh = FreshKey::generate().expect("a key");
        let subject = Subject { kind: "api_key", id: fresh.id.clone() };
        let note = Note { actor: "test".to_owned(), action: "api_key.add", subject, detail: json!({}) };
        let stored = fresh.stored("test".to_owned(), scopes, expires_at.map(at));
        self.store.add_api_key(stored, note, at(NOW)).await.expect("is stored");
        fresh.key
    }

    /// Sets the clock.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    /// A request without a key.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A request below `/api/v1`, with the key that may do everything.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, &format!("/api/v1{path}")).bearer_auth(&self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(body)).await
    }

    /// Adds a customer.
    pub(crate) async fn add_customer(&self, id: &str) {
        let (status, body) = self.post("/customers", &json!({ "id": id, "name": format!("Customer {id}") })).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
    }

    /// Issues the usual license, and answers its id.
    pub(crate) async fn issue(&self, customer_id: &str) -> String {
        let (status, body) = self.post("/licenses", &license(customer_id)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["id"].as_str().expect("has an id").to_owned()
    }

    /// How many rows the audit log has; it holds.
    pub(crate) async fn audit_rows(&self) -> i64 {
        self.store.verify_audit_log().await.expect("holds").0
    }
}

/// An instant, in Unix seconds.
pub(crate) fn at(seconds: i64) -> Instant {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

/// What the wheels of customers hold: one key.
pub(crate) fn keyring(signer: &FileSigner, uses: &[KeyUse]) -> Keyring {
    let parts = KeyParts {
        kid: signer.kid().to_owned(),
        issuer: ISSUER.to_owned(),
        uses: uses.to_vec(),
        modules: Some(vec![ModulePattern::parse("acme_*").expect("a pattern")]),
        not_before: None,
        not_after: Some(KEY_ENDS),
        public: signer.public_key(),
    };
    Keyring::new(vec![Key::new(parts).expect("a key")]).expect("a keyring")
}

/// A caller. The signers of the workspace leave the choice of who encrypts to the program.
pub(crate) fn client() -> reqwest::Client {
    // It fails where another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// The usual request.
pub(crate) fn license(customer_id: &str) -> Value {
    json!({
        "customer_id": customer_id,
        "license_type": "subscription",
        "modules": [{ "technical_name": "acme_sale", "allowed_major_versions": ["18", "19"] }],
        "days": 365,
        "grace_days": 14,
    })
}

/// Sends a request. What comes back is JSON, but for an empty body and for lines of tokens.
pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let status = response.status();
    let is_text = response.headers().get("content-type").is_some_and(|kind| kind == "text/plain; charset=utf-8");
    let text = response.text().await.expect("is read");
    let body = match text.as_str() {
        "" => Value::Null,
        _ if is_text => Value::String(text),
        text => serde_json::from_str(text).expect("is JSON"),
    };
    (status, body)
}

/// The request is refused with this status and code, in a problem document that says what to do.
pub(crate) fn assert_problem((status, body): &Answer, expected: u16, code: &str) {
    assert_eq!((status.as_u16(), body["code"].as_str()), (expected, Some(code)), "{body}");
    assert_eq!(body["status"], json!(expected));
    assert_eq!(body["type"], json!(format!("urn:aegis:problem:{code}")));
    for member in ["title", "detail", "remedy"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {body}");
    }
}
