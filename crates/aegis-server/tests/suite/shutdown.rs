//! What happens when it is time to stop.

use std::time::Duration;

use crate::common::{Options, Server, license};
use aegis_storage::Store;
use aegis_storage::testing::{postgres, sqlite};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const A_MOMENT: Duration = Duration::from_secs(1);

/// The first part of a request that issues a license, and the rest of it.
fn parts_of_a_request(server: &Server) -> (String, String) {
    let body = license("C1").to_string();
    let head = format!(
        "POST /api/v1/licenses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        server.key,
        body.len()
    );
    (head, body)
}

fn address(server: &Server) -> &str {
    server.url.strip_prefix("http://").expect("is HTTP")
}

#[tokio::test]
async fn a_request_that_runs_is_answered_and_new_ones_are_refused() {
    let server = Server::start(sqlite().await).await;
    server.add_customer("C1").await;
    let (head, body) = parts_of_a_request(&server);
    let mut running = TcpStream::connect(address(&server)).await.expect("connects");
    running.write_all(head.as_bytes()).await.expect("is sent");
    running.write_all(&body.as_bytes()[..10]).await.expect("is sent");
    tokio::time::sleep(A_MOMENT).await;
    server.stop();
    tokio::time::sleep(A_MOMENT).await;
    assert!(TcpStream::connect(address(&server)).await.is_err(), "nothing new is taken");
    assert!(server.scrape().await.contains("aegis_database_up 1"), "it can be watched while it stops");
    running.write_all(&body.as_bytes()[10..]).await.expect("is sent");
    let mut text = String::new();
    running.read_to_string(&mut text).await.expect("is read, and closed");
    assert!(text.starts_with("HTTP/1.1 201"), "{text}");
    server.stopped().await.expect("stops in order");
    assert!(server.store.ping().await.is_err(), "the store is closed");
    assert!(TcpStream::connect(server.metrics.trim_start_matches("http://")).await.is_err());

    let issued: Value = serde_json::from_str(text.split_once("\r\n\r\n").expect("has a body").1).expect("is JSON");
    let store = Store::connect(server.database()).await.expect("connects");
    let stored = store.license(issued["id"].as_str().expect("an id")).await.expect("is there");
    assert_eq!(stored.token, issued["token"].as_str().expect("a token"));
}

/// Many issue at once when the server is told to stop: each either has a license that is stored, or none.
async fn what_was_acknowledged_is_stored(server: Server) {
    server.add_customer("C1").await;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let request = server.request(Method::POST, "/licenses").json(&license("C1"));
        requests.spawn(async move {
            let answer = request.send().await.ok().filter(|answer| answer.status() == StatusCode::CREATED)?;
            let body: Value = answer.json().await.ok()?;
            Some(body["id"].as_str()?.to_owned())
        });
    }
    let first = requests.join_next().await.expect("there are some").expect("ends");
    server.stop();
    let mut acknowledged: Vec<String> = first.into_iter().collect();
    while let Some(issued) = requests.join_next().await {
        acknowledged.extend(issued.expect("ends"));
    }
    server.stopped().await.expect("stops in order");
    assert!(!acknowledged.is_empty());
    let store = Store::connect(server.database()).await.expect("connects");
    for id in acknowledged {
        store.license(&id).await.expect("is there");
    }
    store.verify_audit_log().await.expect("holds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_stored_on_sqlite() {
    what_was_acknowledged_is_stored(Server::start(sqlite().await).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_stored_on_postgres() {
    let database = postgres().await;
    what_was_acknowledged_is_stored(Server::start_as(Options::default(), database).await).await;
}
