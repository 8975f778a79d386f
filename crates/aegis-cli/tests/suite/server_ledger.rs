//! `aegis import` and `aegis export`: a ledger goes into the database and comes out again.

use std::collections::BTreeSet;
use std::fs;

use crate::common::server::{Place, client};
use crate::common::{self, Folder};
use serde_json::{Value, json};

const IMPORT: [&str; 3] = ["import", "--ledger", "keys/licenses.jsonl"];

/// A ledger with everything that there is: several customers, who issued, reissues, revocations, a list.
fn ledger() -> Folder {
    let folder = Folder::with_roots("license,revocation");
    let subscription = ["--type", "subscription", "--module", "m:18", "--days", "365", "--grace-days", "14"];
    folder.issue(&[&subscription[..], &["--issued-by", "Ann"]].concat()).success();
    folder.issue(&["--type", "perpetual", "--module", "m:17,18"]).success();
    let other =
        ["license", "issue", "--key", common::KEY, "--customer-id", "C-2", "--customer-name", "Ångström & Söhne"];
    let bound = [
        "--type",
        "demo",
        "--module",
        "m:18",
        "--days",
        "30",
        "--bind",
        "7c0e4b1a-5b0e-4f5e-9d53-3f6f2f7f0a11",
        "erp.example",
    ];
    folder.run(&[&other[..], &bound].concat()).success();
    let ids = folder.ids();
    folder.run(&["revoke", "add", &ids[1], "--reason", "refunded"]).success();
    folder.run(&["revoke", "sign", "--key", common::KEY]).success();
    folder
}

fn place(folder: Folder) -> Place {
    let place = Place::of(folder).with("AEGIS_SIGNER", "file:keys/k1.private.pem").with("AEGIS_TRUST", "public_keys");
    place.run(&["migrate"]).success();
    place
}

fn counts(answer: &Value) -> [u64; 6] {
    let number = |value: &Value| value.as_u64().unwrap();
    [
        number(&answer["licenses"]["added"]),
        number(&answer["licenses"]["known"]),
        number(&answer["customers_added"]),
        number(&answer["revocations"]["added"]),
        number(&answer["lists"]["added"]),
        number(&answer["refused"]),
    ]
}

fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}

/// What goes in comes out, and goes into another database as it was.
fn goes_in_and_out(place: &Place, other: &Place) {
    let answer = place.run(&[&IMPORT[..], &["--json"]].concat()).success().json();
    assert_eq!(counts(&answer), [3, 0, 2, 1, 1, 0], "{answer}");
    place.run(&["export", "--to", "out"]).success();
    let read = |name: &str| place.folder.read(name);
    assert_eq!(read("out/licenses.jsonl"), read("keys/licenses.jsonl"));
    assert_eq!(lines(&read("out/revocations.jsonl")), lines(&read("keys/revocations.jsonl")));
    let lists = fs::read_dir(place.path("keys/revocation-lists")).unwrap();
    for name in lists.map(|item| item.unwrap().file_name().into_string().unwrap()) {
        assert_eq!(read(&format!("out/revocation-lists/{name}")), read(&format!("keys/revocation-lists/{name}")));
    }
    let from = place.path("out/licenses.jsonl").display().to_string();
    other.run(&["import", "--ledger", &from]).success();
    other.run(&["export", "--to", "again"]).success();
    assert_eq!(other.folder.read("again/licenses.jsonl"), read("out/licenses.jsonl"));
    assert_eq!(other.folder.read("again/revocations.jsonl"), read("out/revocations.jsonl"));
    place.run(&["audit", "verify"]).success();
}

/// Another database, and the same keys.
fn beside(place: &Place) -> Place {
    let path = |name: &str| place.path(name).display().to_string();
    let other = Place::new().with("AEGIS_SIGNER", &format!("file:{}", path("keys/k1.private.pem")));
    other.with("AEGIS_TRUST", &path("public_keys"))
}

#[test]
fn import_and_export_are_each_others_inverse() {
    let place = place(ledger());
    let other = beside(&place);
    other.run(&["migrate"]).success();
    goes_in_and_out(&place, &other);
}

#[test]
fn import_and_export_are_each_others_inverse_on_postgresql() {
    let place = Place::of(ledger()).with("AEGIS_SIGNER", "file:keys/k1.private.pem").with("AEGIS_TRUST", "public_keys");
    let place = place.on_postgres();
    let other = beside(&place).on_postgres();
    goes_in_and_out(&place, &other);
}

#[test]
fn a_repeated_import_changes_nothing() {
    let place = place(ledger());
    place.run(&IMPORT).success();
    let rows = place.run(&["audit", "verify", "--json"]).success().json();
    let again = place.run(&[&IMPORT[..], &["--json"]].concat()).success().json();
    assert_eq!(counts(&again), [0, 3, 0, 0, 0, 0], "{again}");
    assert_eq!(place.run(&["audit", "verify", "--json"]).success().json(), rows);
}

#[test]
fn check_stores_nothing() {
    let place = place(ledger());
    let ran = place.run(&[&IMPORT[..], &["--check"]].concat()).success();
    assert!(
        ran.stdout().contains("Nothing was stored") && ran.stdout().contains("3 licenses imported"),
        "{}",
        ran.stdout()
    );
    assert_eq!(place.run(&["audit", "verify", "--json"]).success().json()["rows"], 0);
}

#[test]
fn what_our_keys_did_not_sign_is_left_out_and_the_rest_imported() {
    let folder = ledger();
    let stranger = Folder::with_key();
    stranger.issue(&["--type", "perpetual", "--module", "m:18"]).success();
    let text = folder.read("keys/licenses.jsonl") + &stranger.read("keys/licenses.jsonl") + "{\"jti\": \"torn\n";
    folder.write("keys/licenses.jsonl", &text);
    let place = place(folder);
    let ran = place.run(&[&IMPORT[..], &["--json"]].concat()).code(1);
    assert_eq!(counts(&ran.json()), [3, 0, 2, 1, 1, 2], "{}", ran.stdout());
    let stderr = ran.stderr();
    assert!(stderr.contains("line 4 is not imported") && stderr.contains("line 5 is not imported"), "{stderr}");
    assert!(!stderr.contains("eyJ"), "{stderr}");
}

#[test]
fn a_ledger_that_is_not_there_is_refused() {
    let place = place(ledger());
    place.run(&["import", "--ledger", "nowhere.jsonl"]).fails_with("cannot read the ledger nowhere.jsonl");
}

#[test]
fn an_export_overwrites_nothing() {
    let place = place(ledger());
    place.run(&["export", "--to", "out"]).success();
    place.run(&["export", "--to", "out"]).fails_with("licenses.jsonl exists already");
}

/// The server goes on where the command line left off: what was revoked stays revoked, numbers of lists go up.
#[test]
fn a_server_serves_what_was_imported() {
    let place = place(ledger());
    place.run(&IMPORT).success();
    let ids = place.folder.ids();
    let server = place.serve();
    let revoked = server.get(&format!("/api/v1/licenses/{}", ids[1]));
    assert_eq!((&revoked["status"], &revoked["status_reason"]), (&json!("revoked"), &json!("refunded")));
    assert_eq!(server.get(&format!("/api/v1/licenses/{}", ids[2]))["customer_name"], "Ångström & Söhne");
    let list = client().get(format!("{}/api/v1/revocations", server.url)).send().unwrap().text().unwrap();
    place.folder.write("list.jwt", &list);
    let inspected = place.folder.run(&["license", "inspect", "list.jwt"]).success().stdout();
    let kept = fs::read_dir(place.path("keys/revocation-lists")).unwrap().next().unwrap().unwrap().path();
    let before: i64 = kept.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let newer = inspected.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse::<i64>().ok());
    assert!(newer.into_iter().any(|seq| seq > before && seq < before + 100_000), "{before}: {inspected}");
    // A license that the server issues comes out with the API key that asked for it.
    server.post(
        "/api/v1/licenses",
        &json!({
            "customer_id": "C-2", "license_type": "perpetual",
            "modules": [{ "technical_name": "m", "allowed_major_versions": ["18"] }],
        }),
    );
    place.run(&["export", "--to", "out"]).success();
    let last: Value = serde_json::from_str(place.folder.read("out/licenses.jsonl").lines().last().unwrap()).unwrap();
    let key = server.key.as_deref().unwrap();
    assert!(key.starts_with(last["issued_by"].as_str().unwrap()), "{last}");
    assert_eq!(
        place.folder.run(&["license", "list", "--ledger", "out/licenses.jsonl"]).success().stdout().lines().count(),
        4
    );
}
