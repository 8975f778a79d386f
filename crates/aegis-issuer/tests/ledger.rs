//! The ledger: appended to, never rewritten, readable after a crash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::io::Write as _;
use std::thread;

use aegis_core::{Key, KeyParts, KeyUse, Keyring, ModulePattern};
use aegis_issuer::ledger::{Ledger, LedgerContent, LedgerEntry};
use aegis_issuer::{Error, FileSigner, Signer as _, issue};
use common::{ISSUER, NOW, context, issued, perpetual, signer, subscription};
use tempfile::{TempDir, tempdir};

fn ledger() -> (TempDir, Ledger) {
    let dir = tempdir().unwrap();
    let ledger = Ledger::at(dir.path().join("licenses.jsonl"));
    (dir, ledger)
}

fn entry() -> LedgerEntry {
    LedgerEntry::from_token(&issued(&subscription()).token, Some("anna".to_owned())).unwrap()
}

fn keyring(signer: &FileSigner) -> Keyring {
    let (kid, issuer, public) = (signer.kid().to_owned(), ISSUER.to_owned(), signer.public_key());
    let uses = vec![KeyUse::License];
    let parts = KeyParts { kid, issuer, uses, modules: None, not_before: None, not_after: None, public };
    Keyring::new(vec![Key::new(parts).unwrap()]).unwrap()
}

#[test]
fn an_entry_is_one_json_object_on_one_line() {
    let (_dir, ledger) = ledger();
    let entry = entry();
    ledger.append(&entry).unwrap();
    let text = fs::read_to_string(ledger.path()).unwrap();
    assert_eq!(text.lines().count(), 1);
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["jti"], entry.jti);
    assert_eq!(line["kid"], "k1");
    assert_eq!(line["customer"]["name"], "Müller & Söhne");
    assert_eq!(line["modules"], serde_json::json!(["biz4a_payroll"]));
    assert_eq!(line["issued_by"], "anna");
}

#[test]
fn entries_are_read_in_the_order_they_were_written() {
    let (_dir, ledger) = ledger();
    let entries = [entry(), entry(), entry()];
    for entry in &entries {
        ledger.append(entry).unwrap();
    }
    assert_eq!(ledger.read().unwrap().entries, entries);
    assert_eq!(ledger.read().unwrap().find(&entries[1].jti.to_uppercase()), Some(&entries[1]));
}

#[cfg(unix)]
#[test]
fn a_new_ledger_is_0600() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, ledger) = ledger();
    ledger.append(&entry()).unwrap();
    assert_eq!(fs::metadata(ledger.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_torn_last_line_is_reported_with_its_number_and_stops_nothing() {
    let (_dir, ledger) = ledger();
    let (first, second) = (entry(), entry());
    ledger.append(&first).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(ledger.path()).unwrap();
    let line = serde_json::to_string(&entry()).unwrap();
    file.write_all(&line.as_bytes()[..line.len() / 2]).unwrap();
    let content = ledger.read().unwrap();
    assert_eq!(content.entries.len(), 1);
    assert!(matches!(content.damage[..], [Error::BadLine { line: 2, .. }]));
    ledger.append(&second).unwrap();
    let content = ledger.read().unwrap();
    assert_eq!(content.entries, [first, second]);
    assert!(matches!(content.damage[..], [Error::BadLine { line: 2, .. }]));
}

#[test]
fn damage_never_shows_the_line() {
    let (_dir, ledger) = ledger();
    fs::write(ledger.path(), "{\"jti\": 5, \"token\": \"eyJsecret\"}\n\n[]\nhello \u{fffd}\n").unwrap();
    let content = ledger.read().unwrap();
    let texts: Vec<String> = content.damage.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 3);
    assert!(texts.iter().all(|text| !text.contains("eyJ") && !text.contains("hello")), "{texts:?}");
}

#[test]
fn appending_at_the_same_time_tears_nothing() {
    let (_dir, ledger) = ledger();
    let entries: Vec<Vec<LedgerEntry>> = (0..4).map(|_| (0..10).map(|_| entry()).collect()).collect();
    thread::scope(|scope| {
        for part in &entries {
            scope.spawn(|| part.iter().for_each(|entry| ledger.append(entry).unwrap()));
        }
    });
    let content = ledger.read().unwrap();
    assert_eq!((content.entries.len(), content.damage.len()), (40, 0));
}

#[test]
fn a_ledger_that_cannot_be_written_is_an_error() {
    let (dir, _) = ledger();
    let error = Ledger::at(dir.path().join("no/such/folder/licenses.jsonl")).append(&entry()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
}

#[test]
fn import_takes_ledger_lines_and_tokens_in_any_text_once() {
    let (_dir, ledger) = ledger();
    let (known, line, mailed) = (entry(), entry(), entry());
    ledger.append(&known).unwrap();
    let (head, tail) = mailed.token.split_at(70);
    let text = format!(
        "Dear customer,\n\n{head}\n  {tail}\n\nYours\n{}\n{}\n{}\n",
        serde_json::to_string(&line).unwrap(),
        serde_json::to_string(&line).unwrap(),
        known.token,
    );
    let report = ledger.import(&text, None).unwrap();
    assert_eq!(report.added, [line.jti.clone(), mailed.jti.clone()]);
    assert_eq!((report.already_there, report.refused.len()), (2, 0));
    let content = ledger.read().unwrap();
    assert_eq!(content.find(&line.jti).unwrap().issued_by.as_deref(), Some("anna"));
    assert_eq!(content.find(&mailed.jti).unwrap().token, mailed.token);
    let again = ledger.import(&text, None).unwrap();
    assert_eq!((again.added.len(), again.already_there), (0, 4));
}

#[test]
fn import_with_keys_refuses_what_they_did_not_sign() {
    let (_dir, ledger) = ledger();
    let signer = signer();
    let good = issue(&perpetual(), &signer, &context()).unwrap().token;
    let forged = issued(&perpetual()).token;
    let report = ledger.import(&format!("{good}\n{forged}\n"), Some(&keyring(&signer))).unwrap();
    assert_eq!((report.added.len(), report.refused.len()), (1, 1));
    assert_eq!(report.refused[0].place, "token 2");
    assert!(!report.refused[0].reason.contains("eyJ"));
}

#[test]
fn import_believes_the_token_and_not_the_line() {
    let (_dir, ledger) = ledger();
    let mut line = entry();
    line.customer.name = "Somebody else".to_owned();
    line.exp = None;
    ledger.import(&serde_json::to_string(&line).unwrap(), None).unwrap();
    let entries = ledger.read().unwrap().entries;
    assert_eq!(entries[0].customer.name, "Müller & Söhne");
    assert!(entries[0].exp.is_some());
}

#[test]
fn two_licenses_with_one_id_are_never_merged() {
    let (_dir, ledger) = ledger();
    let one = issued(&perpetual());
    ledger.append(&LedgerEntry::from_token(&one.token, None).unwrap()).unwrap();
    let (head, signature) = one.token.rsplit_once('.').unwrap();
    let other = format!("{head}.{}", "A".repeat(signature.len()));
    let report = ledger.import(&other, None).unwrap();
    assert_eq!((report.added.len(), report.refused.len()), (0, 1));
    assert!(report.refused[0].reason.contains(&one.claims.jti));
}

#[test]
fn a_license_of_the_first_form_is_imported() {
    use base64::Engine as _;
    let encode = |json: serde_json::Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
    let header = encode(serde_json::json!({ "alg": "EdDSA", "typ": "JWT", "kid": "aegis-2026-01" }));
    let claims = encode(serde_json::json!({
        "jti": "0b0f6f6e-7a3f-4b1e-9d55-7f6f7b8f2a11", "iss": "acme.example", "iat": 1_780_000_000, "exp": null,
        "customer": { "id": "C-1", "name": "Acme" }, "license_type": "perpetual", "instance_fingerprint": null,
        "module": { "technical_name": "m", "allowed_major_versions": ["17.0"] },
    }));
    let (_dir, ledger) = ledger();
    let report = ledger.import(&format!("{header}.{claims}.{}", "A".repeat(86)), None).unwrap();
    assert_eq!(report.added.len(), 1, "{:?}", report.refused);
    let entries = ledger.read().unwrap().entries;
    assert_eq!((entries[0].exp, &entries[0].modules[..]), (None, &["m".to_owned()][..]));
}

#[test]
fn import_with_keys_keeps_the_limits_of_the_keys() {
    let signer = signer();
    let token = issue(&perpetual(), &signer, &context()).unwrap().token;
    let parts = keyring(&signer).get("k1").unwrap().parts().clone();
    let outside = [
        KeyParts { issuer: "other.example".to_owned(), ..parts.clone() },
        KeyParts { not_after: Some(NOW), ..parts.clone() },
        KeyParts { modules: Some(vec![ModulePattern::parse("x_*").unwrap()]), ..parts },
    ];
    for parts in outside {
        let (_dir, ledger) = ledger();
        let keyring = Keyring::new(vec![Key::new(parts).unwrap()]).unwrap();
        let report = ledger.import(&token, Some(&keyring)).unwrap();
        assert_eq!((report.added.len(), report.refused.len()), (0, 1));
        assert!(!ledger.path().exists());
    }
}

#[test]
fn import_takes_more_tokens_than_one_may_paste() {
    let (_dir, ledger) = ledger();
    let signer = signer();
    let token = |_| issue(&perpetual(), &signer, &context()).unwrap().token;
    let tokens: Vec<String> = (0..300).map(token).collect();
    let (head, tail) = tokens[299].split_at(70);
    let text = format!("> {}\n\n\"{head}\n{tail}\"\n", tokens[..299].join("\n> "));
    let report = ledger.import(&text, None).unwrap();
    assert_eq!((report.added.len(), report.refused.len()), (300, 0), "{:?}", report.refused);
}

#[test]
fn import_of_too_many_tokens_in_one_line_says_what_to_do() {
    let (_dir, ledger) = ledger();
    let report = ledger.import(&vec![issued(&perpetual()).token; 257].join(" "), None).unwrap();
    assert_eq!((report.added.len(), report.refused.len()), (0, 1));
    assert!(report.refused[0].reason.contains("import it in parts"), "{}", report.refused[0].reason);
}

#[test]
fn import_of_nothing_makes_no_ledger() {
    let (_dir, ledger) = ledger();
    for text in ["", "hello\n", "{\"jti\":\n", "eyJhbGciOiJ4In0.eyJh"] {
        assert!(ledger.import(text, None).unwrap().added.is_empty());
        assert!(!ledger.path().exists(), "{text}");
    }
}

#[test]
fn import_reports_the_damage_of_the_ledger() {
    let (_dir, ledger) = ledger();
    fs::write(ledger.path(), "{\"jti\":\n").unwrap();
    let report = ledger.import(&entry().token, None).unwrap();
    assert_eq!(report.added.len(), 1);
    assert!(matches!(report.damage[..], [Error::BadLine { line: 1, .. }]));
}

#[test]
fn a_torn_line_is_not_said_to_be_of_a_license_that_nobody_has() {
    let content = LedgerContent::parse(b"{\"jti\":");
    let text = content.damage[0].to_string();
    assert!(text.contains("breaks off") && text.contains("imported again") && !text.contains("never"), "{text}");
}
