//! `aegis license list`, `show` and `import`

use std::io::Write as _;

use crate::common::Folder;

const PERPETUAL: [&str; 4] = ["--type", "perpetual", "--module", "m:18"];
const DEMO: [&str; 6] = ["--type", "demo", "--module", "m:18", "--expires", "2099-03-01"];

fn issued(folder: &Folder, flags: &[&str]) -> serde_json::Value {
    folder.issue(&[flags, &["--json", "--issued-by", "anna"][..]].concat()).success().json()
}

fn jti(answer: &serde_json::Value) -> &str {
    answer["claims"]["jti"].as_str().unwrap()
}

#[test]
fn every_issued_license_is_in_the_ledger_beside_the_key() {
    let folder = Folder::with_key();
    let (one, two) = (issued(&folder, &PERPETUAL), issued(&folder, &DEMO));
    let text = folder.read("keys/licenses.jsonl");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["jti"], &lines[1]["jti"]), (&one["claims"]["jti"], &two["claims"]["jti"]));
    assert_eq!((&lines[0]["token"], &lines[0]["exp"]), (&one["token"], &serde_json::Value::Null));
    assert_eq!(lines[1]["issued_by"], "anna");
}

#[test]
fn list_shows_and_filters() {
    let folder = Folder::with_key();
    let (one, two) = (issued(&folder, &PERPETUAL), issued(&folder, &DEMO));
    let list = |more: &[&str]| folder.run(&[&["license", "list"], more].concat()).success().stdout();
    assert!(list(&[]).contains(jti(&one)) && list(&[]).contains(jti(&two)));
    let ending = list(&["--ending-until", "2099-03-01"]);
    assert!(!ending.contains(jti(&one)) && ending.contains(jti(&two)), "{ending}");
    assert_eq!(list(&["--ending-until", "2099-02-28"]), "no licenses\n");
    assert_eq!(list(&["--customer", "C-2"]), "no licenses\n");
    let json: serde_json::Value = serde_json::from_str(&list(&["--json"])).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
}

#[test]
fn show_finds_a_license_by_its_id() {
    let folder = Folder::with_key();
    let answer = issued(&folder, &DEMO);
    let id = jti(&answer);
    let text = folder.run(&["license", "show", id]).success().stdout();
    assert!(text.contains("2099-03-02T00:00:00Z") && text.contains("anna") && !text.contains("eyJ"), "{text}");
    let token = folder.run(&["license", "show", &id.to_uppercase(), "--token"]).success().stdout();
    assert_eq!(token.trim_end(), answer["token"].as_str().unwrap());
    folder.run(&["license", "show", "nobody"]).fails_with("there is no license with this id");
}

#[test]
fn show_tells_all_that_is_needed_to_issue_the_same_again() {
    let folder = Folder::with_key();
    let instance = aegis_core::Instance::new("5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11", "acme.odoo.com").unwrap();
    let request = aegis_core::ActivationRequest::of(&instance.with_instance_id("erp-1").unwrap()).to_string();
    let flags = [
        ["--type", "demo"],
        ["--module", "m:17,18:f1+f2"],
        ["--module", "n_*:18"],
        ["--expires", "2099-03-01"],
        ["--grace-days", "14"],
        ["--updates-until", "2098-03-01"],
        ["--limit-users", "25"],
        ["--limit-companies", "2"],
        ["--bind-request", &request],
        ["--require", "domain"],
        ["--move-grace-days", "1"],
    ];
    let id = jti(&issued(&folder, &flags.concat())).to_owned();
    let text = folder.run(&["license", "show", &id]).success().stdout();
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for fact in [
        "module m on Odoo 17, 18, only f1, f2",
        "module n_* on Odoo 18",
        "grace until 2099-03-16T00:00:00Z",
        "releases dated before 2098-03-02T00:00:00Z",
        "users 25",
        "companies 2",
        "bound to database_uuid, domain (required), instance_id: 2 of these 3 have to match",
        "after a move works on for 1 day ",
        "signed by key k1 of acme.example",
        "issued by anna",
    ] {
        assert!(squeezed.contains(fact), "{fact}: {text}");
    }
    let exact = [&PERPETUAL[..], &["--bind", "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11", "a.b"]].concat();
    let id = jti(&issued(&folder, &exact)).to_owned();
    let text = folder.run(&["license", "show", &id]).success().stdout();
    assert!(text.contains("bound to      sha256:") && text.contains("works on for 14 days"), "{text}");
}

#[test]
fn show_of_what_cannot_be_read_tells_what_the_ledger_has() {
    let folder = Folder::with_key();
    let id = jti(&issued(&folder, &PERPETUAL)).to_owned();
    let ledger = folder.read("keys/licenses.jsonl");
    let (head, _) = ledger.split_once("\"token\"").unwrap();
    folder.write("keys/licenses.jsonl", &format!("{head}\"token\":\"eyJhbGci\"}}\n"));
    let ran = folder.run(&["license", "show", &id]).success();
    assert!(ran.stdout().contains("Acme (C-1)") && ran.stdout().contains("ends       never"), "{}", ran.stdout());
    assert!(ran.stderr().contains("warning: only what the ledger has is shown"), "{}", ran.stderr());
}

#[test]
fn a_torn_line_is_warned_of_with_its_number_and_issuing_goes_on() {
    let folder = Folder::with_key();
    issued(&folder, &PERPETUAL);
    let mut file = std::fs::OpenOptions::new().append(true).open(folder.path("keys/licenses.jsonl")).unwrap();
    file.write_all(b"{\"jti\":\"0b0f6f6e-7a3f").unwrap();
    let after = issued(&folder, &DEMO);
    let ran = folder.run(&["license", "list"]).success();
    assert!(ran.stderr().contains("line 2 of the ledger is not readable: it breaks off"), "{}", ran.stderr());
    assert_eq!(ran.stdout().lines().count(), 2);
    assert!(ran.stdout().contains(jti(&after)));
}

#[test]
fn import_merges_without_doubles() {
    let folder = Folder::with_key();
    issued(&folder, &PERPETUAL);
    issued(&folder, &DEMO);
    let import = ["license", "import", "keys/licenses.jsonl", "--ledger", "other.jsonl", "--keys", "keys"];
    assert_eq!(folder.run(&import).success().stdout(), "2 imported, 0 already in the ledger, 0 not imported\n");
    assert_eq!(folder.run(&import).success().stdout(), "0 imported, 2 already in the ledger, 0 not imported\n");
    assert_eq!(folder.read("other.jsonl"), folder.read("keys/licenses.jsonl"));
}

#[test]
fn import_refuses_what_the_keys_did_not_sign() {
    let (folder, stranger) = (Folder::with_key(), Folder::with_key());
    let token = stranger.token(&PERPETUAL);
    let arguments = ["license", "import", "-", "--ledger", "other.jsonl", "--keys", "keys"];
    let ran = folder.run_with_input(&arguments, &token).code(1);
    assert!(ran.stderr().contains("token 1 is not imported"), "{}", ran.stderr());
    assert!(!ran.stderr().contains("eyJ"));
    let arguments = ["license", "import", "-", "--ledger", "other.jsonl"];
    folder.run_with_input(&arguments, &token).success();
}

#[test]
fn import_with_keys_keeps_the_limits_of_the_keys() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    let import = ["license", "import", "-", "--ledger", "other.jsonl", "--keys", "keys"];
    for (limit, reason) in [
        ("issuer = \"other.example\"", "issuer"),
        ("issuer = \"acme.example\"\nnot_after = 2020-01-01", "key"),
        ("issuer = \"acme.example\"\nmodules = [\"x_*\"]", "module"),
    ] {
        folder.write("keys/keyring.toml", &format!("[\"k1\"]\n{limit}\n"));
        let ran = folder.run_with_input(&import, &token).code(1);
        assert!(ran.stderr().contains("token 1 is not imported") && ran.stderr().contains(reason), "{}", ran.stderr());
    }
    folder.write("keys/keyring.toml", "[\"k1\"]\nissuer = \"acme.example\"\nmodules = [\"m\"]\n");
    folder.run_with_input(&import, &token).success();
}

#[test]
fn import_warns_of_damaged_lines_as_list_does() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    folder.write("other.jsonl", "{\"jti\":\n");
    let ran = folder.run_with_input(&["license", "import", "-", "--ledger", "other.jsonl"], &token).success();
    assert!(ran.stderr().contains("warning: other.jsonl: line 1 of the ledger is not readable"), "{}", ran.stderr());
}

#[test]
fn import_of_nothing_makes_no_ledger() {
    let folder = Folder::empty();
    let ran = folder.run_with_input(&["license", "import", "-", "--ledger", "other.jsonl"], "hello").success();
    assert!(ran.stdout().starts_with("0 imported"), "{}", ran.stdout());
    assert!(!folder.path("other.jsonl").exists());
}
