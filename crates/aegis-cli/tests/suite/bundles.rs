//! `aegis bundle`, and what `verify`, `inspect` and `import` make of certificates and lists

use crate::common::{self, Folder};
use aegis_core::split_bundle;

const PERPETUAL: [&str; 4] = ["--type", "perpetual", "--module", "m:18"];
const ROOT: [&str; 4] = ["revoke", "sign", "--key", "keys/root-a.private.pem"];
const DAY_KEY: [&str; 4] = ["revoke", "sign", "--key", "keys/k1.private.pem"];

fn with_two() -> Folder {
    let folder = Folder::with_roots("license,revocation");
    folder.issue(&PERPETUAL).success();
    folder.issue(&PERPETUAL).success();
    folder
}

fn bundle(folder: &Folder, more: &[&str]) -> common::Ran {
    folder.run(&[&["bundle"], more].concat())
}

/// The kinds of the tokens that a customer's Odoo finds in a text.
fn kinds(text: &str) -> Vec<String> {
    let kind = |token: &str| {
        let header = aegis_core::inspect(token).unwrap();
        let header = header.header().unwrap();
        match header.get("typ") {
            Some(aegis_core::json::Json::Str(typ)) => typ.to_string(),
            _ => panic!("no typ"),
        }
    };
    split_bundle(text).unwrap().into_iter().map(|token| kind(&token.unwrap())).collect()
}

#[test]
fn a_bundle_holds_licenses_their_certificate_once_and_the_newest_list() {
    let folder = with_two();
    let ids = folder.ids();
    assert_eq!(kinds(&bundle(&folder, &[&ids[0]]).success().stdout()), ["aegis-license+jwt", "aegis-key+jwt"]);
    folder.run(&["revoke", "add", &ids[0]]).success();
    folder.run(&DAY_KEY).success();
    folder.run(&DAY_KEY).success();
    let text = bundle(&folder, &[&ids[0], &ids[1], &ids[1]]).success().stdout();
    let expected = ["aegis-license+jwt", "aegis-license+jwt", "aegis-key+jwt", "aegis-revocation+jwt"];
    assert_eq!(kinds(&text), expected);
    assert!(text.lines().all(|line| !line.starts_with("eyJ") || line.split('.').count() == 3), "{text}");
    assert!(folder.customer(&text).success().stdout().starts_with("valid"));
}

#[test]
fn a_bundle_holds_the_newest_list_that_revokes_keys_too() {
    let folder = with_two();
    folder.run(&["keys", "rotate", "k1", "--kid", "k2", "--root", "root-b", "--no-passphrase"]).success();
    folder.run(&["revoke", "add", "--kid", "k1"]).success();
    folder.run(&ROOT).success();
    folder.run(&["revoke", "sign", "--key", "keys/k2.private.pem"]).success();
    let text = bundle(&folder, &[&folder.ids()[0]]).success().stdout();
    assert_eq!(kinds(&text).iter().filter(|kind| *kind == "aegis-revocation+jwt").count(), 2);
    let refused = folder.customer(&text).code(1).stdout();
    assert!(refused.starts_with("revoked: The vendor has withdrawn the key"), "{refused}");
}

#[test]
fn a_bundle_of_nothing_is_the_newest_list() {
    let folder = with_two();
    bundle(&folder, &[]).fails_with("no revocation list was signed yet");
    folder.run(&ROOT).success();
    assert_eq!(kinds(&bundle(&folder, &[]).success().stdout()), ["aegis-revocation+jwt"]);
}

#[test]
fn a_bundle_takes_files_and_ids() {
    let folder = with_two();
    folder.write("one.txt", &bundle(&folder, &[&folder.ids()[0]]).success().stdout());
    let text = bundle(&folder, &["one.txt", &folder.ids()[1]]).success().stdout();
    assert_eq!(kinds(&text).len(), 3);
    bundle(&folder, &["nowhere.txt"]).fails_with("cannot read nowhere.txt");
    bundle(&folder, &["11111111-2222-3333-4444-555555555555"]).fails_with("there is no license with the id");
    folder.write("none.txt", "hello");
    bundle(&folder, &["none.txt"]).fails_with("there is no license in none.txt");
}

#[test]
fn a_bundle_of_a_license_that_helps_no_more_warns() {
    let folder = with_two();
    let id = &folder.ids()[0];
    folder.run(&["revoke", "add", id]).success();
    let ran = bundle(&folder, &[id]).success();
    assert!(ran.stderr().contains(&format!("warning: license {id} is revoked")), "{}", ran.stderr());
}

#[test]
fn a_bundle_without_the_certificate_it_needs_is_refused() {
    let folder = with_two();
    std::fs::remove_file(folder.path("keys/k1.certificate")).unwrap();
    std::fs::remove_file(folder.path("keys/k1.public.pem")).unwrap();
    bundle(&folder, &[&folder.ids()[0]]).fails_with("could not read what it signed");
}

#[test]
fn a_license_of_a_key_that_wheels_trust_needs_no_certificate() {
    let folder = Folder::with_key();
    folder.issue(&PERPETUAL).success();
    assert_eq!(kinds(&bundle(&folder, &[&folder.ids()[0]]).success().stdout()), ["aegis-license+jwt"]);
}

#[test]
fn inspect_shows_every_token_of_a_bundle() {
    let folder = with_two();
    folder.run(&["revoke", "add", &folder.ids()[0]]).success();
    folder.run(&ROOT).success();
    let text = bundle(&folder, &[&folder.ids()[1]]).success().stdout();
    let ran = folder.run_with_input(&["license", "inspect"], &text).success();
    for shown in ["NOT VERIFIED", "License\n", "Key certificate\n", "Revocation list\n", "revoked  1 license\n"] {
        assert!(ran.stdout().contains(shown), "{shown}: {}", ran.stdout());
    }
    let answer = folder.run_with_input(&["license", "inspect", "--json"], &text).success().json();
    assert_eq!(answer.as_array().unwrap().len(), 3);
}

#[test]
fn verify_shows_certificates_and_lists_and_whether_they_count() {
    let folder = with_two();
    let old = folder.run(&ROOT).success().stdout();
    folder.run(&ROOT).success();
    let text = format!("{old}\n{}", bundle(&folder, &[&folder.ids()[0]]).success().stdout());
    let arguments = ["license", "verify", "--keys", "public_keys", "--json"];
    let answer = folder.run_with_input(&arguments, &text).success().json();
    let trust = answer["trust"].as_array().unwrap();
    let said: Vec<_> = trust.iter().map(|found| (found["kind"].as_str().unwrap(), found["in_force"] == true)).collect();
    assert_eq!(said, [("revocation_list", false), ("key_certificate", true), ("revocation_list", true)]);
    let stranger = Folder::with_roots("license");
    let ran = stranger.run_with_input(&["license", "verify", "--keys", "public_keys"], &text).code(1);
    assert!(ran.stdout().starts_with("unknown_key") || ran.stdout().starts_with("bad_signature"), "{}", ran.stdout());
    assert!(ran.stdout().contains("refused"), "{}", ran.stdout());
}

#[test]
fn verify_takes_the_trust_that_is_built_into_wheels() {
    let folder = with_two();
    let bundled = bundle(&folder, &[&folder.ids()[0]]).success().stdout();
    let tokens: Vec<String> = split_bundle(&bundled).unwrap().into_iter().map(|token| token.unwrap().into()).collect();
    assert!(folder.customer(&tokens[0]).code(1).stdout().starts_with("unknown_key"));
    folder.write("public_keys/trust.jwt", &tokens[1]);
    assert!(folder.customer(&tokens[0]).success().stdout().starts_with("valid"));
    let stranger = Folder::with_roots("license").read("keys/k1.certificate");
    folder.write("public_keys/trust.jwt", &stranger);
    let arguments = ["license", "verify", "--keys", "public_keys"];
    folder.run_with_input(&arguments, &tokens[0]).fails_with("trust.jwt");
}

#[test]
fn import_takes_bundles_and_verifies_by_their_certificates() {
    let folder = with_two();
    let text = bundle(&folder, &[&folder.ids()[0]]).success().stdout();
    let import = ["license", "import", "-", "--ledger", "other.jsonl", "--keys", "public_keys"];
    let ran = folder.run_with_input(&import, &text).success();
    assert_eq!(ran.stdout(), "1 imported, 0 already in the ledger, 0 not imported\n");
    let ledger = ["license", "import", "keys/licenses.jsonl", "--ledger", "third.jsonl", "--keys", "keys"];
    assert!(folder.run(&ledger).success().stdout().starts_with("2 imported"));
}

#[test]
fn verify_takes_the_lists_that_are_built_into_wheels() {
    let folder = with_two();
    let ids = folder.ids();
    folder.run(&["revoke", "add", &ids[0]]).success();
    folder.run(&ROOT).success();
    let token = |id: &str| folder.run(&["license", "show", "--token", id]).success().stdout();
    folder.write("public_keys/trust.jwt", &wheel(&folder).success().stdout());
    assert!(folder.customer(&token(&ids[0])).code(1).stdout().starts_with("revoked"));
    assert!(folder.customer(&token(&ids[1])).success().stdout().starts_with("valid"));
    let root_alone = ["license", "verify", "--keys", "public_keys/root-a.public.pem"];
    assert!(folder.run_with_input(&root_alone, &token(&ids[1])).code(1).stdout().starts_with("unknown_key"));
}

/// What the wheel of the folder `public_keys` is to bring along.
fn wheel(folder: &Folder) -> common::Ran {
    bundle(folder, &["--wheel", "public_keys"])
}

fn rotate(folder: &Folder, root: &str) {
    folder.run(&["keys", "rotate", "k1", "--kid", "k2", "--root", root, "--no-passphrase"]).success();
}

/// The folder from which wheels are built, and that of the keys, as they are after the theft of a root.
fn take_out(folder: &Folder, root: &str) {
    let files =
        [format!("public_keys/{root}.public.pem"), format!("keys/{root}.public.pem"), format!("keys/{root}.json")];
    for file in files {
        std::fs::remove_file(folder.path(&file)).unwrap();
    }
    let entry = |name| format!("[{name}]\nissuer = \"acme.example\"\nuse = [\"certify\", \"revocation\"]\n");
    let other = if root == "root-a" { "root-b" } else { "root-a" };
    folder.write("public_keys/keyring.toml", &entry(other));
}

#[test]
fn a_wheel_brings_along_the_certificates_of_all_keys_and_the_newest_lists() {
    let folder = with_two();
    rotate(&folder, "root-b");
    assert_eq!(kinds(&wheel(&folder).success().stdout()), ["aegis-key+jwt"; 2]);
    folder.run(&ROOT).success();
    folder.run(&DAY_KEY).success();
    let ran = wheel(&folder).success();
    assert_eq!(
        kinds(&ran.stdout()),
        ["aegis-key+jwt", "aegis-key+jwt", "aegis-revocation+jwt", "aegis-revocation+jwt"]
    );
    assert!(!ran.stdout().contains("Paste all of this") && ran.stdout().contains("trust.jwt"), "{}", ran.stdout());
    assert_eq!(ran.stderr(), "");
}

#[test]
fn what_a_wheel_brings_along_is_what_its_own_keys_have_signed() {
    let folder = with_two();
    folder.run(&ROOT).success();
    folder.write("public_keys/trust.jwt", &wheel(&folder).success().stdout());
    take_out(&folder, "root-a");
    let ran = wheel(&folder).code(1);
    assert!(ran.stderr().contains("no certificate of k1 verifies with the keys of public_keys"), "{}", ran.stderr());
    folder.run(&["keys", "certify", "k1", "--root", "root-b", "--use", "license,revocation"]).success();
    let ran = wheel(&folder).success();
    assert_eq!(kinds(&ran.stdout()), ["aegis-key+jwt"]);
    assert!(ran.stderr().contains("of acme.example is left out: ") && ran.stderr().contains("Sign another"));
    folder.run(&DAY_KEY).success();
    let ran = wheel(&folder).success();
    assert_eq!((kinds(&ran.stdout()).len(), ran.stderr().as_str()), (2, ""));
    folder.write("public_keys/trust.jwt", &ran.stdout());
    let token = folder.run(&["license", "show", "--token", &folder.ids()[0]]).success().stdout();
    assert!(folder.customer(&token).success().stdout().starts_with("valid"));
}

#[test]
fn a_wheel_does_not_bring_along_the_certificate_of_a_withdrawn_key() {
    let folder = with_two();
    rotate(&folder, "root-b");
    folder.run(&DAY_KEY).success();
    folder.run(&["revoke", "add", "--kid", "k1"]).success();
    folder.run(&ROOT).success();
    let ran = wheel(&folder).success();
    assert_eq!(kinds(&ran.stdout()), ["aegis-key+jwt", "aegis-revocation+jwt"]);
    assert!(ran.stderr().contains("note: the certificate of k1 is left out: the key is withdrawn"), "{}", ran.stderr());
    folder.write("public_keys/trust.jwt", &ran.stdout());
    assert!(folder.run(&["keys", "check", "public_keys"]).success().stdout().contains("the keyring can be read"));
}

#[test]
fn a_wheel_that_trusts_the_keys_by_themselves_needs_no_certificates() {
    let folder = Folder::with_key();
    std::fs::create_dir(folder.path("public_keys")).unwrap();
    std::fs::copy(folder.path("keys/k1.public.pem"), folder.path("public_keys/k1.public.pem")).unwrap();
    wheel(&folder).fails_with("public_keys has no keyring.toml");
    folder.write("public_keys/keyring.toml", "[k1]\nissuer = \"acme.example\"\nuse = [\"license\", \"revocation\"]\n");
    wheel(&folder).fails_with("there is nothing for the wheel to bring along");
    folder.run(&[&DAY_KEY[..], &["--keyring", "public_keys"]].concat()).success();
    assert_eq!(kinds(&wheel(&folder).success().stdout()), ["aegis-revocation+jwt"]);
    bundle(&folder, &["--wheel", "public_keys", "x"]).code(2);
}
