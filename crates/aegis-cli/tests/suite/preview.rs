//! `aegis license preview`

use crate::common::{self, Folder};

const FLAGS: [&str; 6] = ["--customer-id", "C-1", "--customer-name", "Acme", "--module", "m:18"];

fn preview(folder: &Folder, more: &[&str]) -> common::Ran {
    folder.run(&[&["license", "preview"], more].concat())
}

#[test]
fn every_change_is_shown_with_its_date_in_utc_and_local_time_and_its_effect() {
    let folder = Folder::empty();
    let times = ["--expires", "2098-12-31", "--grace-days", "14", "--updates-until", "2097-12-31"];
    let users = ["--type", "subscription", "--notify-users-from", "2098-12-20"];
    let text = preview(&folder, &[&FLAGS[..], &times, &users].concat()).success().stdout();
    for expected in [
        "now  valid",
        "2098-01-01T00:00:00Z (2098-01-01 01:00 +01:00 local time)  valid (updates_end)",
        "2098-12-02T00:00:00Z (2098-12-02 01:00 +01:00 local time)  expiring",
        "2098-12-20T00:00:00Z (2098-12-20 01:00 +01:00 local time)  expiring (users_warned)",
        "2099-01-01T00:00:00Z (2099-01-01 01:00 +01:00 local time)  grace",
        "2099-01-15T00:00:00Z (2099-01-15 01:00 +01:00 local time)  expired",
        "reading, exporting, deleting and upgrading go on",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!folder.path("keys").exists());
}

#[test]
fn a_license_that_begins_later_and_one_without_end_are_shown() {
    let folder = Folder::empty();
    let later = [&FLAGS[..], &["--type", "demo", "--not-before", "2098-01-01", "--days", "30"]].concat();
    let text = preview(&folder, &later).success().stdout();
    assert!(text.contains("now  not_yet_valid") && text.contains("2098-01-01T00:00:00Z"), "{text}");
    let text = preview(&folder, &[&FLAGS[..], &["--type", "perpetual"]].concat()).success().stdout();
    assert!(text.contains("Nothing changes."), "{text}");
}

#[test]
fn licenses_that_are_there_are_shown_without_any_key() {
    let folder = Folder::with_key();
    let token = folder.token(&[
        "--type",
        "demo",
        "--module",
        "m:18",
        "--expires",
        "2098-12-31",
        "--bind",
        "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11",
        "a.b",
    ]);
    std::fs::remove_dir_all(folder.path("keys")).unwrap();
    let ran = folder.run_with_input(&["license", "preview", "-"], &token).success();
    let text = ran.stdout();
    assert!(text.contains("(not verified)") && text.contains("2099-01-01T00:00:00Z"), "{text}");
    let answer = folder.run_with_input(&["license", "preview", "-", "--json"], &token).success().json();
    let codes: Vec<&str> = answer.as_array().unwrap().iter().map(|change| change["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["valid", "expiring", "expired"]);
    folder.run_with_input(&["license", "preview", "-"], "hello").fails_with("there is no license in the text");
}

#[test]
fn a_bad_request_is_refused_as_on_issuing() {
    let folder = Folder::empty();
    preview(&folder, &[&FLAGS[..], &["--type", "demo"]].concat()).fails_with("exp: a demo needs an end");
    assert!(
        preview(&folder, &[]).code(2).stderr().contains("--customer-id, --customer-name, --type, --module missing")
    );
    preview(&folder, &["x.txt", "--type", "demo"]).code(2);
}
