//! `aegis revoke add`, `list` and `sign`

use crate::common::{self, Folder};

const PERPETUAL: [&str; 4] = ["--type", "perpetual", "--module", "m:18"];
const LEDGER: &str = "keys/licenses.jsonl";
const JOURNAL: &str = "keys/revocations.jsonl";
const ROOT: [&str; 4] = ["revoke", "sign", "--key", "keys/root-a.private.pem"];
const DAY_KEY: [&str; 4] = ["revoke", "sign", "--key", "keys/k1.private.pem"];

/// With one license, its text and its id.
fn with_license() -> (Folder, String, String) {
    let folder = Folder::with_roots("license,revocation");
    let text = folder.issue(&PERPETUAL).success().stdout();
    let id = folder.ids().remove(0);
    (folder, text, id)
}

fn add(folder: &Folder, more: &[&str]) -> common::Ran {
    folder.run(&[&["revoke", "add"], more].concat())
}

fn list(folder: &Folder) -> String {
    folder.run(&["revoke", "list"]).success().stdout()
}

fn sign(folder: &Folder, key: [&str; 4]) -> serde_json::Value {
    folder.run(&[&key[..], &["--json"]].concat()).success().json()
}

#[test]
fn a_license_that_is_revoked_is_refused_once_the_list_arrives() {
    let (folder, license, id) = with_license();
    assert!(list(&folder).starts_with("nothing is revoked"));
    let ran = add(&folder, &[&id, "--reason", "leaked"]).success();
    assert!(ran.stdout().contains(&format!("revoked: license {id} of Acme (C-1)")), "{}", ran.stdout());
    assert!(list(&folder).contains("NOT IN A LIST YET") && list(&folder).contains("(leaked)"), "{}", list(&folder));
    let text = folder.run(&DAY_KEY).success().stdout();
    assert!(!text.contains("leaked") && list(&folder).contains("in the last list"), "{}", list(&folder));
    folder.customer(&license).success();
    assert!(folder.customer(&format!("{license}\n{text}")).code(1).stdout().starts_with("revoked"));
}

#[test]
fn what_the_list_will_name_is_said_before_the_key_is_opened() {
    let (folder, _, id) = with_license();
    add(&folder, &[&id]).success();
    let new =
        ["-in", "keys/k1.private.pem", "-topk8", "-v2", "aes-256-cbc", "-iter", "1000", "-passout", "pass:secret"];
    folder.openssl(&[&["pkcs8"], &new[..], &["-out", "new.pem"]].concat());
    std::fs::copy(folder.path("new.pem"), folder.path("keys/k1.private.pem")).unwrap();
    let ran = folder.run(&DAY_KEY);
    assert!(ran.stderr().starts_with("The list of acme.example names 1 license and 0 keys.\n"), "{}", ran.stderr());
    ran.fails_with("a passphrase is needed");
    assert!(!folder.path("keys/revocation-lists").exists());
}

#[test]
fn an_id_that_is_not_in_the_ledger_is_refused_with_a_remedy() {
    let (folder, _, _) = with_license();
    let ran = add(&folder, &["11111111-2222-3333-4444-555555555555"]);
    assert!(ran.stderr().contains("give a file with the license itself"), "{}", ran.stderr());
    ran.fails_with("there is no license with the id 11111111-2222-3333-4444-555555555555");
    add(&folder, &["nowhere.txt"]).fails_with("cannot read nowhere.txt");
    assert!(!folder.path(JOURNAL).exists());
}

#[test]
fn a_license_that_is_not_in_the_ledger_is_revoked_by_its_text_when_it_is_ours() {
    let (folder, license, id) = with_license();
    std::fs::remove_file(folder.path(LEDGER)).unwrap();
    folder.write("license.txt", &license);
    add(&folder, &["license.txt"]).success();
    assert!(folder.read(JOURNAL).contains(&id));
    let stranger = Folder::with_roots("license");
    folder.write("theirs.txt", &stranger.issue(&PERPETUAL).success().stdout());
    add(&folder, &["theirs.txt"]).fails_with("it cannot be made sure that it is ours");
}

#[test]
fn a_forged_license_does_not_get_the_good_one_revoked() {
    let (folder, license, id) = with_license();
    let token = license.lines().find(|line| line.starts_with("eyJ")).unwrap();
    let (head, signature) = token.rsplit_once('.').unwrap();
    folder.write("forged.txt", &format!("{head}.{}", "A".repeat(signature.len())));
    add(&folder, &["forged.txt"]).fails_with(&format!("not the one that the ledger has under the id {id}"));
    assert!(!folder.path(JOURNAL).exists());
}

#[test]
fn a_license_is_revoked_once() {
    let (folder, _, id) = with_license();
    add(&folder, &[&id]).success();
    let again = add(&folder, &[&id.to_uppercase()]).success().stdout();
    assert!(again.contains(&format!("was revoked before: license {id}")), "{again}");
    assert_eq!(folder.read(JOURNAL).lines().count(), 1);
}

#[test]
fn licenses_that_have_ended_are_dropped_and_said_so() {
    let (folder, _, id) = with_license();
    add(&folder, &[&id]).success();
    let text = folder.read(JOURNAL).replace("\"ends\":null", "\"ends\":1600000000");
    folder.write(JOURNAL, &text);
    let ran = folder.run(&DAY_KEY).success();
    assert!(ran.stderr().contains(&format!("Dropped, as they have ended: {id}")), "{}", ran.stderr());
    assert!(ran.stderr().contains("names 0 licenses"), "{}", ran.stderr());
    assert!(list(&folder).contains("ended"), "{}", list(&folder));
}

#[test]
fn numbers_never_go_back_even_when_the_journal_is_lost() {
    let (folder, _, id) = with_license();
    add(&folder, &[&id]).success();
    let first = sign(&folder, ROOT)["seq"].as_i64().unwrap();
    std::fs::remove_file(folder.path(JOURNAL)).unwrap();
    let second = sign(&folder, DAY_KEY);
    assert!(second["seq"].as_i64().unwrap() > first);
    assert_eq!(second["revoked"], 1);
    let ran = folder.run(&DAY_KEY).success();
    assert!(ran.stderr().contains("revocations.jsonl does not have them: 1 license"), "{}", ran.stderr());
}

#[test]
fn a_key_is_revoked_by_a_root_only() {
    let (folder, license, _) = with_license();
    let ran = add(&folder, &["--kid", "k1"]).success();
    let said = ran.stdout();
    assert!(said.contains("Only a list that a root signs revokes a key") && said.contains("1 in the ledger"), "{said}");
    let shown = folder.run(&["keys", "show", "keys/k1.public.pem"]).success().stdout();
    assert!(shown.contains("REVOKED"), "{shown}");
    folder.run(&DAY_KEY).fails_with("this key was revoked on");
    folder.issue(&PERPETUAL).fails_with("this key was revoked on");
    let list = sign(&folder, ROOT);
    assert_eq!(list["revoked_keys"].as_array().unwrap().len(), 1);
    let text = list["for_customer"].as_str().unwrap();
    assert!(folder.customer(&format!("{license}\n{text}")).code(1).stdout().starts_with("revoked"));
}

#[test]
fn the_list_of_a_key_that_is_no_root_leaves_revoked_keys_out_and_says_so() {
    let (folder, _, _) = with_license();
    folder.run(&["keys", "rotate", "k1", "--kid", "k2", "--root", "root-a", "--no-passphrase"]).success();
    add(&folder, &["--kid", "k1"]).success();
    let ran = folder.run(&["revoke", "sign", "--key", "keys/k2.private.pem", "--json"]).success();
    let warning = "warning: the key k1 is revoked, but not by this list: sign one with a root\n";
    assert!(ran.stderr().contains(warning), "{}", ran.stderr());
    assert_eq!(ran.json()["revoked_keys"], serde_json::json!([]));
}

#[test]
fn a_key_that_the_list_of_a_root_names_is_not_warned_of() {
    let (folder, _, _) = with_license();
    folder.run(&["keys", "rotate", "k1", "--kid", "k2", "--root", "root-a", "--no-passphrase"]).success();
    add(&folder, &["--kid", "k1"]).success();
    sign(&folder, ROOT);
    let ran = folder.run(&["revoke", "sign", "--key", "keys/k2.private.pem"]).success();
    assert!(!ran.stderr().contains("is revoked, but"), "{}", ran.stderr());
}

#[test]
fn the_root_to_sign_with_is_named_where_it_is_and_described_where_it_is_not() {
    let (folder, _, _) = with_license();
    let said = add(&folder, &["--kid", "k1"]).success().stdout();
    assert!(said.contains("`aegis revoke sign --key keys/root-a.private.pem`"), "{said}");
    std::fs::remove_file(folder.path("keys/root-a.private.pem")).unwrap();
    let said = add(&folder, &["--kid", "k1"]).success().stdout();
    assert!(said.contains("`aegis revoke sign --key keys/root-b.private.pem`"), "{said}");
    std::fs::remove_file(folder.path("keys/root-b.private.pem")).unwrap();
    let said = add(&folder, &["--kid", "k1"]).success().stdout();
    assert!(!said.contains("keys/root"), "{said}");
    assert!(said.contains("`aegis revoke sign --key FILE`, FILE being the private key of root-a or root-b"), "{said}");
}

#[test]
fn a_root_and_an_unknown_key_are_not_revoked() {
    let (folder, _, _) = with_license();
    add(&folder, &["--kid", "root-a"]).fails_with("root-a is a root, and no list can revoke a root");
    add(&folder, &["--kid", "k9"]).fails_with("the key k9 is not known");
    add(&folder, &[]).code(2);
    add(&folder, &["x", "--kid", "k1"]).code(2);
}

#[test]
fn a_key_is_revoked_by_its_thumbprint_too_and_under_both_ids_it_signed_with() {
    let folder = Folder::with_key();
    folder.issue(&PERPETUAL).success();
    let fixed = ["keys", "generate", "--root", "--kid", "root-a", "--issuer", "acme.example", "--no-passphrase"];
    folder.run(&fixed).success();
    folder.run(&["keys", "certify", "k1", "--root", "root-a"]).success();
    let shown = folder.run(&["keys", "show", "--json"]).success().json();
    let thumbprint = shown[0]["thumbprint"].as_str().unwrap();
    add(&folder, &["--kid", thumbprint]).success();
    assert_eq!(sign(&folder, ROOT)["revoked_keys"].as_array().unwrap().len(), 2);
}

#[test]
fn a_key_without_the_use_signs_no_list_and_says_how_it_could() {
    let folder = Folder::with_roots("license");
    let ran = folder.run(&DAY_KEY);
    assert!(ran.stderr().contains("--use license,revocation"), "{}", ran.stderr());
    ran.fails_with("does not let it sign this; it is for license");
    let plain = Folder::with_key();
    plain.run(&DAY_KEY).fails_with("k1 is no key for this");
}

#[test]
fn the_list_is_written_into_a_new_file_and_never_over_one() {
    let (folder, _, _) = with_license();
    folder.run(&[&ROOT[..], &["--out", "list.txt"]].concat()).success();
    let listed = folder.run_with_input(&["license", "verify", "--keys", "public_keys"], &folder.read("list.txt"));
    let text = listed.success().stdout();
    assert!(text.starts_with("valid: The text holds no license") && text.contains("in force   yes"), "{text}");
    folder.run(&[&ROOT[..], &["--out", "list.txt"]].concat()).fails_with("list.txt exists already");
    assert_eq!(std::fs::read_dir(folder.path("keys/revocation-lists")).unwrap().count(), 1);
}

#[test]
fn a_torn_line_is_warned_of_and_stops_nothing() {
    let (folder, _, id) = with_license();
    add(&folder, &[&id]).success();
    folder.write(JOURNAL, &format!("{}{{\"at\":5", folder.read(JOURNAL)));
    let ran = folder.run(&["revoke", "list"]).success();
    assert!(ran.stderr().contains("line 2 of the journal of revocations is not readable"), "{}", ran.stderr());
    folder.run(&ROOT).success();
}

#[cfg(unix)]
#[test]
fn what_was_revoked_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, _, id) = with_license();
    add(&folder, &[&id]).success();
    folder.run(&ROOT).success();
    let mode = |name| std::fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(JOURNAL), mode("keys/revocation-lists")], [0o600, 0o700]);
}

#[test]
fn list_answers_in_json() {
    let (folder, _, id) = with_license();
    add(&folder, &[&id]).success();
    folder.run(&ROOT).success();
    let answer = folder.run(&["revoke", "list", "--json"]).success().json();
    assert_eq!((&answer["revoked"][0]["jti"], &answer["lists"][0]["revoked"]), (&id.into(), &1.into()));
}
