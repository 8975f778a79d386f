//! How often one may ask; who may ask from a browser; headers of every answer.

use std::num::NonZeroU32;

use crate::common::{Options, Server, answer, assert_problem, database, license};
use aegis_server::{Limits, Scope, openapi};
use aegis_storage::testing::sqlite;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ENOUGH: u32 = 1_000_000;

async fn server(per_key: u32, per_address: u32, proxies: &[&str]) -> Server {
    let limits = Limits {
        per_key: NonZeroU32::new(per_key).expect("not zero"),
        per_address: NonZeroU32::new(per_address).expect("not zero"),
        trusted_proxies: proxies.iter().map(|text| text.parse().expect("a network")).collect(),
    };
    Server::start_as(Options { limits, ..Options::default() }, sqlite().await).await
}

/// `/customers` with a key.
fn customers(server: &Server, key: &str) -> RequestBuilder {
    server.bare(Method::GET, "/api/v1/customers").bearer_auth(key)
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("is answered")
}

/// It is refused as too much, and told when there is room again.
async fn assert_limited(request: RequestBuilder, retry_after: std::ops::RangeInclusive<u64>) {
    let response = send(request).await;
    let header = &response.headers()["retry-after"];
    let seconds: u64 = header.to_str().expect("is text").parse().expect("is a number");
    assert!(retry_after.contains(&seconds), "{seconds}");
    let status = response.status();
    let body: Value = response.json().await.expect("is JSON");
    assert_problem(&(status, body), 429, "rate_limited");
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_told_when_to_come_back() {
    let server = server(3, ENOUGH, &[]).await;
    let other = server.make_key(&[Scope::Read], None).await;
    for _ in 0..3 {
        assert_eq!(send(customers(&server, &server.key)).await.status(), StatusCode::OK);
    }
    assert_limited(customers(&server, &server.key), 10..=20).await;
    assert_eq!(send(customers(&server, &other)).await.status(), StatusCode::OK, "another key has room");
    let text = server.scrape().await;
    assert!(text.contains("aegis_rate_limited_total{by=\"key\"} 1\n"), "{text}");
    assert!(text.contains("aegis_rate_limited_total{by=\"address\"} 0\n"), "{text}");
}

/// After as many seconds as were told, and not a second before.
#[tokio::test]
async fn what_is_told_is_true() {
    let server = server(60, ENOUGH, &[]).await;
    let asked = std::time::Instant::now();
    while send(customers(&server, &server.key)).await.status() == StatusCode::OK {
        assert!(asked.elapsed().as_secs() < 30, "60 requests take less than that");
    }
    assert_limited(customers(&server, &server.key), 1..=1).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(send(customers(&server, &server.key)).await.status(), StatusCode::OK);
}

/// Requests with a key that opens nothing are counted too, and before the database is asked: there is none to ask here.
#[tokio::test]
async fn who_guesses_keys_is_stopped_before_the_database() {
    let server = server(ENOUGH, 5, &[]).await;
    database::run(server.database(), "DROP TABLE api_keys").await;
    for _ in 0..5 {
        assert_eq!(send(customers(&server, "aegis_12345678.x")).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert_limited(customers(&server, "aegis_12345678.x"), 6..=12).await;
    assert_limited(customers(&server, &server.key), 6..=12).await;
    assert_limited(server.bare(Method::GET, "/nothing"), 6..=12).await;
    let text = server.scrape().await;
    assert!(text.contains("aegis_rate_limited_total{by=\"address\"} 3\n"), "{text}");
}

#[tokio::test]
async fn health_and_readiness_are_not_limited() {
    let server = server(ENOUGH, 1, &[]).await;
    for _ in 0..5 {
        assert_eq!(send(server.bare(Method::GET, "/health")).await.status(), StatusCode::OK);
        assert_eq!(send(server.bare(Method::GET, "/ready")).await.status(), StatusCode::OK);
    }
    assert_eq!(send(customers(&server, &server.key)).await.status(), StatusCode::OK);
    assert_limited(customers(&server, &server.key), 30..=60).await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_counts() {
    let server = server(ENOUGH, 1, &["127.0.0.0/8"]).await;
    let from = |address: &str| customers(&server, &server.key).header("X-Forwarded-For", address);
    for address in ["198.51.100.1", "198.51.100.2", "2001:db8:0:1::1", "2001:db8:0:2::1"] {
        assert_eq!(send(from(address)).await.status(), StatusCode::OK, "{address}");
    }
    for address in ["198.51.100.1", "203.0.113.9, 198.51.100.2", "2001:db8:0:1::ffff"] {
        assert_limited(from(address), 30..=60).await;
    }
}

#[tokio::test]
async fn without_a_trusted_proxy_its_header_helps_nobody() {
    let server = server(ENOUGH, 1, &["10.0.0.1"]).await;
    let from = |address: &str| customers(&server, &server.key).header("X-Forwarded-For", address);
    assert_eq!(send(from("198.51.100.1")).await.status(), StatusCode::OK);
    assert_limited(from("198.51.100.2"), 30..=60).await;
}

#[test]
fn the_description_names_the_refusal() {
    let api = serde_json::to_value(openapi()).expect("is JSON");
    for (path, item) in api["paths"].as_object().expect("has paths") {
        for (method, operation) in item.as_object().expect("has methods") {
            let refusal = &operation["responses"]["429"];
            let described = refusal["headers"]["Retry-After"]["schema"]["type"] == "integer";
            assert_eq!(described, !["/health", "/ready"].contains(&path.as_str()), "{method} {path}: {refusal}");
        }
    }
}

fn preflight(server: &Server, origin: &str) -> RequestBuilder {
    let request = server.bare(Method::OPTIONS, "/api/v1/licenses").header("Origin", origin);
    request
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,content-type,idempotency-key")
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|origin| origin.to_str().expect("is text"))
}

#[tokio::test]
async fn no_web_page_may_ask_unless_it_is_configured() {
    let server = Server::start(sqlite().await).await;
    let response = send(preflight(&server, "https://shop.example")).await;
    assert_eq!((response.status(), allowed(response.headers())), (StatusCode::METHOD_NOT_ALLOWED, None));
    let response = send(customers(&server, &server.key).header("Origin", "https://shop.example")).await;
    assert_eq!((response.status(), allowed(response.headers())), (StatusCode::OK, None));
}

#[tokio::test]
async fn web_pages_of_the_configured_origins_may_ask() {
    let cors_origins = ["https://shop.example", "http://localhost:8080"].map(|text| text.parse().expect("an origin"));
    let options = Options { cors_origins: cors_origins.into(), ..Options::default() };
    let server = Server::start_as(options, sqlite().await).await;
    for origin in ["https://shop.example", "http://localhost:8080"] {
        let response = send(preflight(&server, origin)).await;
        let headers = response.headers();
        assert_eq!((response.status(), allowed(headers)), (StatusCode::OK, Some(origin)));
        assert!(headers["access-control-allow-headers"].to_str().expect("is text").contains("idempotency-key"));
        assert!(!headers.contains_key("access-control-allow-credentials"));
        let response = send(customers(&server, &server.key).header("Origin", origin)).await;
        assert_eq!((response.status(), allowed(response.headers())), (StatusCode::OK, Some(origin)));
    }
    let response = send(preflight(&server, "https://other.example")).await;
    assert_eq!(allowed(response.headers()), None);
    // What is refused is readable too.
    let response = send(customers(&server, "x").header("Origin", "https://shop.example")).await;
    assert_eq!((response.status().as_u16(), allowed(response.headers())), (401, Some("https://shop.example")));
}

#[tokio::test]
async fn nothing_that_needs_a_key_is_kept_by_others() {
    let server = Server::start(sqlite().await).await;
    server.add_customer("C1").await;
    let id = server.issue("C1").await;
    let caching = async |request: RequestBuilder| {
        let response = send(request).await;
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        response.headers()["cache-control"].to_str().expect("is text").to_owned()
    };
    let get = |path: &str| server.request(Method::GET, path);
    for path in ["/licenses", "/customers/C1", "/customers/C2", "/nothing", &format!("/licenses/{id}/token")] {
        assert_eq!(caching(get(path)).await, "no-store", "{path}");
    }
    assert_eq!(caching(server.request(Method::POST, "/licenses").json(&license("C1"))).await, "no-store");
    assert_eq!(caching(customers(&server, "x")).await, "no-store");
    let one = format!("/licenses/{id}");
    assert_eq!(caching(get(&one)).await, "private, no-cache");
    let tag = send(get(&one)).await.headers()["etag"].clone();
    assert_eq!(caching(get(&one).header("If-None-Match", tag)).await, "private, no-cache");
    assert_eq!(caching(get("/revocations")).await, "public, max-age=300");
}

/// Else the next request on the connection would be lost, in the middle of a body that is not read.
#[tokio::test]
async fn a_body_that_is_not_read_is_the_last_of_its_connection() {
    let server = Server::start(sqlite().await).await;
    for (length, closes) in [(1000, false), (65_536, false), (65_537, true)] {
        let text = format!(
            "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{}",
            server.key,
            "x".repeat(length)
        );
        let address = server.url.strip_prefix("http://").expect("is HTTP");
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(text.as_bytes()).await.expect("is sent");
        let mut head = vec![0; 1000];
        let read = stream.read(&mut head).await.expect("is answered");
        let head = String::from_utf8_lossy(&head[..read]).into_owned();
        assert!(head.starts_with(if closes { "HTTP/1.1 413" } else { "HTTP/1.1 400" }), "{head}");
        assert_eq!(head.contains("connection: close"), closes, "{head}");
    }
}

#[tokio::test]
async fn the_id_of_a_request_comes_back() {
    let server = Server::start(sqlite().await).await;
    for request in [customers(&server, &server.key), customers(&server, "x"), server.bare(Method::GET, "/health")] {
        let response = send(request.header("X-Request-Id", "shop-4711")).await;
        assert_eq!(response.headers()["x-request-id"], "shop-4711");
    }
    let made = send(server.bare(Method::GET, "/nothing").header("X-Request-Id", "no id")).await;
    assert_eq!(made.headers()["x-request-id"].len(), 36);
    assert_problem(&answer(server.request(Method::POST, "/customers").json(&json!({}))).await, 400, "bad_request");
}
