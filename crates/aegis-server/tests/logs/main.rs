//! What the server writes: one line for each request, and never a secret. The session runs in a process of its own, so that
//! all that is written is seen, by whatever part of it.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../suite/common/mod.rs"]
mod common;
mod session;

use std::collections::BTreeMap;
use std::env;
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::{Value, json};

/// Names the file that the session writes its secrets to.
const SECRETS: &str = "AEGIS_TEST_SECRETS";

/// The session, once for all tests of this file: what it wrote, and the secrets that it used.
struct Session {
    output: Output,
    secrets: Vec<String>,
}

static SESSION: LazyLock<Session> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secrets");
    let mut session = Command::new(env::current_exe().expect("is known"));
    session
        .args(["--exact", "session::a_session", "--ignored", "--nocapture"])
        .env(SECRETS, &path)
        .env("RUST_BACKTRACE", "full");
    let output = session.output().expect("runs");
    let secrets = std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect();
    Session { output, secrets }
});

impl Session {
    fn log(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).expect("is text")
    }

    fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("is no JSON: {line}"));
        self.log().lines().map(parse).collect()
    }

    /// The line of the request that was sent with this id.
    fn line(&self, id: &str) -> Value {
        let mut lines = self.lines();
        lines.retain(|line| line["request_id"] == id);
        assert_eq!(lines.len(), 1, "{id}: {lines:?}");
        lines.remove(0)
    }
}

#[test]
fn the_session_goes_well() {
    let output = &SESSION.output;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

#[test]
fn no_secret_is_written() {
    let mut all = String::from_utf8_lossy(&SESSION.output.stdout).into_owned();
    all += &SESSION.log();
    assert!(SESSION.secrets.len() > 20, "{}", SESSION.secrets.len());
    let general = ["eyJ", "Bearer", "PRIVATE KEY", "$argon", "/nothing/"].map(str::to_owned);
    for secret in SESSION.secrets.iter().chain(&general) {
        let found = all.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(found, None, "{secret}");
    }
}

/// What is not there was looked for in the right place: the ids of the same requests are found.
#[test]
fn each_request_is_one_line_and_each_line_is_json() {
    let session = &*SESSION;
    let mut requests = BTreeMap::new();
    for line in session.lines() {
        assert!(line["timestamp"].is_string() && line["message"].is_string(), "{line}");
        let level = line["level"].as_str().expect("has a level");
        assert!(["ERROR", "WARN", "INFO", "DEBUG"].contains(&level), "{line}");
        if line["message"] == "request" {
            *requests.entry(line["request_id"].as_str().expect("has an id").to_owned()).or_insert(0) += 1;
            let status = line["status"].as_u64().expect("has a status");
            let expected = match status {
                500 => "ERROR",
                501.. => "WARN",
                _ => "INFO",
            };
            assert_eq!(level, expected, "{line}");
            assert!(line["duration_ms"].is_f64() && line["method"].is_string() && line["path"].is_string(), "{line}");
            assert_eq!(line["address"], "127.0.0.1");
            assert_eq!(line["cause"].is_string(), status >= 500, "a fault has a cause: {line}");
        }
    }
    assert!(requests.len() > 150, "{}", requests.len());
    assert!(requests.values().all(|lines| *lines == 1));
}

#[test]
fn a_line_says_who_asked_for_what() {
    let line = SESSION.line("issues");
    assert_eq!(
        (&line["method"], &line["path"], &line["status"]),
        (&json!("POST"), &json!("/api/v1/licenses"), &json!(201))
    );
    let caller = line["caller"].as_str().expect("has a caller");
    assert!(caller.starts_with("aegis_") && caller.len() == 14, "{caller}");
    let line = SESSION.line("reads-a-token");
    assert_eq!((&line["path"], &line["caller"]), (&json!("/api/v1/licenses/{id}/token"), &json!(caller)));
}

#[test]
fn who_has_no_key_has_no_name() {
    for id in ["without-a-key", "with-a-wrong-key"] {
        let line = SESSION.line(id);
        assert_eq!((&line["status"], line.get("caller")), (&json!(401), None));
    }
    let line = SESSION.line("with-too-little-a-key");
    assert_eq!((&line["status"], line["caller"].is_string()), (&json!(403), true));
}

#[test]
fn a_path_that_is_none_is_not_told() {
    let line = SESSION.line("nowhere");
    assert_eq!((&line["path"], &line["status"]), (&json!("none"), &json!(404)));
}

#[test]
fn a_fault_of_the_database_is_logged_with_its_cause() {
    let line = SESSION.line("without-a-table");
    assert_eq!((&line["status"], &line["level"]), (&json!(500), &json!("ERROR")));
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("no such table: audit_log")), "{line}");
    let line = SESSION.line("without-a-database");
    assert!(line["status"].as_u64().is_some_and(|status| status >= 500), "{line}");
}

#[test]
fn a_panic_is_answered_and_logged_without_what_it_says() {
    let line = SESSION.line("panics");
    assert_eq!((&line["status"], &line["cause"]), (&json!(500), &json!("a panic")));
    let mut panics = SESSION.lines().into_iter().filter_map(|line| line["location"].as_str().map(str::to_owned));
    assert!(panics.any(|location| location.contains("common/mod.rs")));
    assert!(!SESSION.log().contains("a clock that tells the time"));
}

/// A request that its caller gave up is logged too.
#[test]
fn who_goes_away_is_seen() {
    let line = SESSION.line("goes-away");
    assert_eq!((&line["path"], &line["status"]), (&json!("/api/v1/customers"), &json!(499)));
}
