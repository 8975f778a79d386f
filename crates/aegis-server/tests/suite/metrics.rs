//! What Prometheus reads.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::{self, DAY, KEY_ENDS, NOW, Options, Server, answer, license};
use aegis_issuer::{SignError, Signer};
use aegis_server::{Limits, Telemetry};
use aegis_storage::testing::sqlite;
use reqwest::{Method, StatusCode};
use serde_json::json;

/// The names that alert rules and dashboards are written with.
fn names_on_the_list() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/metrics.txt");
    let text = std::fs::read_to_string(path).expect("is read");
    let names: Vec<&str> = text.lines().collect();
    assert!(names.is_sorted());
    names.into_iter().map(str::to_owned).collect()
}

/// The names of the values in a text; of a histogram's, what they have in common.
fn names_in(text: &str) -> BTreeSet<String> {
    let values = text.lines().filter(|line| !line.starts_with('#'));
    let names = values.map(|line| line.split(['{', ' ']).next().unwrap_or_default());
    let of_histogram = ["_bucket", "_count", "_sum"];
    names.map(|name| of_histogram.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()).collect()
}

/// The value of a metric with exactly these labels, in any order.
fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let wanted: BTreeSet<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    text.lines().find_map(|line| {
        let (metric, value) = line.rsplit_once(' ')?;
        let (found, labels) = metric.split_once('{').unwrap_or((metric, "}"));
        let labels = labels.strip_suffix('}')?;
        let labels = labels.split(',').filter(|label| !label.is_empty()).map(str::to_owned).collect();
        (found == name && wanted == labels).then(|| value.parse().expect("a number"))
    })
}

/// One of each kind: a license that is issued, validated, revoked; a list; what is refused; what is too much.
async fn one_of_each(server: &Server) {
    server.add_customer("C1").await;
    let id = server.issue("C1").await;
    let repeated = || server.request(Method::POST, "/licenses").header("Idempotency-Key", "k").json(&license("C1"));
    for _ in 0..2 {
        assert_eq!(answer(repeated()).await.0, StatusCode::CREATED);
    }
    let context = json!({ "odoo_version": "18.0", "module": "acme_sale" });
    assert_eq!(server.post(&format!("/licenses/{id}/validate"), &context).await.1["code"], "valid");
    let wrong = json!({ "odoo_version": "17.0", "module": "acme_sale" });
    assert_eq!(server.post(&format!("/licenses/{id}/validate"), &wrong).await.1["code"], "wrong_odoo_version");
    for _ in 0..2 {
        server.post(&format!("/licenses/{id}/revoke"), &json!({ "reason": "unpaid" })).await;
    }
    assert_eq!(server.get("/revocations").await.0, StatusCode::OK);
    assert_eq!(answer(server.bare(Method::GET, "/api/v1/licenses")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(server.bare(Method::GET, "/eyJ/x")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn exactly_the_names_on_the_list_are_offered() {
    let server = Server::start(sqlite().await).await;
    let first = names_in(&server.scrape().await);
    assert!(first.is_subset(&names_on_the_list()), "{first:?}");
    one_of_each(&server).await;
    assert_eq!(names_in(&server.scrape().await), names_on_the_list());
}

#[tokio::test]
async fn each_thing_is_counted_once() {
    let server = Server::start(sqlite().await).await;
    one_of_each(&server).await;
    let text = server.scrape().await;
    let value = |name, labels: &[(&str, &str)]| value(&text, name, labels);
    assert_eq!(value("aegis_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), Some(1.0));
    assert_eq!(value("aegis_licenses_issued_total", &[("license_type", "subscription")]), Some(2.0));
    assert_eq!(value("aegis_licenses_validated_total", &[("code", "valid")]), Some(1.0));
    assert_eq!(value("aegis_licenses_validated_total", &[("code", "wrong_odoo_version")]), Some(1.0));
    assert_eq!(value("aegis_licenses_revoked_total", &[]), Some(1.0));
    let by = |result| [("kid", common::KID), ("result", result)];
    assert_eq!(value("aegis_signatures_total", &by("ok")), Some(3.0), "two licenses and a list");
    assert_eq!(value("aegis_signatures_total", &by("unavailable")), Some(0.0));
    assert_eq!(value("aegis_signature_duration_seconds_count", &[("kid", common::KID)]), Some(3.0));
    assert_eq!(value("aegis_signer_up", &[("kid", common::KID)]), Some(1.0));
    #[expect(clippy::cast_precision_loss, reason = "a time")]
    let ends = KEY_ENDS as f64;
    assert_eq!(value("aegis_key_window_end_timestamp_seconds", &[("kid", common::KID)]), Some(ends));
    let request = |method, path, status| [("method", method), ("path", path), ("status", status)];
    assert_eq!(value("aegis_http_requests_total", &request("POST", "/api/v1/licenses", "201")), Some(3.0));
    assert_eq!(value("aegis_http_requests_total", &request("GET", "/api/v1/licenses", "401")), Some(1.0));
    assert_eq!(value("aegis_http_requests_total", &request("POST", "/api/v1/licenses/{id}/revoke", "200")), Some(2.0));
    assert_eq!(value("aegis_http_requests_total", &request("GET", "none", "404")), Some(1.0));
    let took = [("method", "POST"), ("path", "/api/v1/licenses")];
    assert_eq!(value("aegis_http_request_duration_seconds_count", &took), Some(3.0));
    assert!(text.ends_with("# EOF\n"));
}

/// A method that somebody made up is not a new line each time.
#[tokio::test]
async fn unknown_methods_and_paths_are_one() {
    let server = Server::start(sqlite().await).await;
    for n in 0..5 {
        let method = Method::from_bytes(format!("X{n}").as_bytes()).expect("a method");
        answer(server.bare(method, &format!("/x/{n}"))).await;
    }
    let text = server.scrape().await;
    let labels = [("method", "other"), ("path", "none"), ("status", "404")];
    assert_eq!(value(&text, "aegis_http_requests_total", &labels), Some(5.0), "{text}");
}

#[tokio::test]
async fn the_database_is_counted_once_a_minute() {
    let server = Server::start(sqlite().await).await;
    server.add_customer("C1").await;
    let count = async |name: &str, label: &str, which: &str| value(&server.scrape().await, name, &[(label, which)]);
    assert_eq!(count("aegis_licenses", "status", "active").await, Some(0.0));
    let ends_soon = json!({ "days": 20, "grace_days": 1 });
    let mut soon = license("C1");
    soon.as_object_mut().expect("an object").extend(ends_soon.as_object().expect("an object").clone());
    assert_eq!(server.post("/licenses", &soon).await.0, StatusCode::CREATED);
    let revoked = server.issue("C1").await;
    server.post(&format!("/licenses/{revoked}/revoke"), &json!({ "reason": "unpaid" })).await;
    server.set_clock(NOW + 59);
    assert_eq!(count("aegis_licenses", "status", "active").await, Some(0.0));
    server.set_clock(NOW + 60);
    assert_eq!(count("aegis_licenses", "status", "active").await, Some(1.0));
    assert_eq!(count("aegis_licenses", "status", "revoked").await, Some(1.0));
    assert_eq!(count("aegis_licenses_ending", "within", "7d").await, Some(0.0));
    assert_eq!(count("aegis_licenses_ending", "within", "30d").await, Some(1.0));
    server.set_clock(NOW + 15 * DAY);
    assert_eq!(count("aegis_licenses_ending", "within", "7d").await, Some(1.0));
    server.set_clock(NOW + 21 * DAY);
    assert_eq!(count("aegis_licenses", "status", "expired").await, Some(1.0));
    assert_eq!(count("aegis_licenses_ending", "within", "30d").await, Some(0.0));
    // A clock that is set back does not keep what was counted for longer.
    server.set_clock(NOW + 60);
    assert_eq!(count("aegis_licenses", "status", "expired").await, Some(0.0));
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_down() {
    let server = Server::start(sqlite().await).await;
    let up = async || value(&server.scrape().await, "aegis_database_up", &[]);
    assert_eq!(up().await, Some(1.0));
    let text = server.scrape().await;
    let connections = ["idle", "used"].map(|state| value(&text, "aegis_database_connections", &[("state", state)]));
    assert!(connections[0].zip(connections[1]).is_some_and(|(idle, used)| idle + used >= 1.0), "{connections:?}");
    server.store.clone().close().await.expect("closes");
    assert_eq!(up().await, Some(0.0));
}

#[tokio::test]
async fn what_is_too_much_is_counted_by_what_it_was() {
    let one = NonZeroU32::MIN;
    let limits = Limits { per_key: one, per_address: one, trusted_proxies: Vec::new() };
    let server = Server::start_as(Options { limits, ..Options::default() }, sqlite().await).await;
    for _ in 0..3 {
        server.get("/customers").await;
    }
    let text = server.scrape().await;
    assert_eq!(value(&text, "aegis_rate_limited_total", &[("by", "address")]), Some(2.0));
    let limited = [("method", "GET"), ("path", "/api/v1/customers"), ("status", "429")];
    assert_eq!(value(&text, "aegis_http_requests_total", &limited), Some(2.0));
}

#[tokio::test]
async fn metrics_are_at_an_address_of_their_own() {
    let server = Server::start(sqlite().await).await;
    assert_eq!(answer(server.bare(Method::GET, "/metrics")).await.0, StatusCode::NOT_FOUND);
    let response = common::client().get(format!("{}/metrics", server.metrics)).send().await.expect("is answered");
    let kind = response.headers()["content-type"].to_str().expect("is text");
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let response =
        common::client().get(format!("{}/api/v1/customers", server.metrics)).send().await.expect("is answered");
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

/// A key that lies in a service: it answers, is away, or does not let us.
struct Service {
    state: AtomicU32,
    asked: AtomicU32,
}

impl Signer for Service {
    fn kid(&self) -> &'static str {
        "far"
    }

    fn public_key(&self) -> [u8; 32] {
        [0; 32]
    }

    fn sign(&self, _message: &[u8]) -> Result<[u8; 64], SignError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.state.load(Ordering::SeqCst) {
            0 => Ok([0; 64]),
            1 => Err(SignError::Unavailable("sealed".to_owned())),
            _ => Err(SignError::Refused("not allowed".to_owned())),
        }
    }
}

#[tokio::test]
async fn a_signer_is_asked_seldom_and_what_it_signs_is_an_answer() {
    let telemetry = Telemetry::new();
    let service = Arc::new(Service { state: AtomicU32::new(1), asked: AtomicU32::new(0) });
    let signer = telemetry.watch(Arc::clone(&service) as Arc<dyn Signer + Send + Sync>, None);
    let works = async || telemetry.signers_work().await;
    let answers = tokio::join!(works(), works(), works());
    let down = vec![("far".to_owned(), false)];
    assert_eq!(answers, (down.clone(), down.clone(), down.clone()));
    assert_eq!(service.asked.load(Ordering::SeqCst), 1, "many who ask at once ask once");
    service.state.store(0, Ordering::SeqCst);
    assert_eq!(works().await, down, "it was asked a moment ago");
    signer.sign(b"x").expect("signs");
    assert_eq!(works().await, vec![("far".to_owned(), true)]);
    service.state.store(2, Ordering::SeqCst);
    signer.sign(b"x").expect_err("is refused");
    assert_eq!(works().await, down);
    assert_eq!(service.asked.load(Ordering::SeqCst), 3);
}
