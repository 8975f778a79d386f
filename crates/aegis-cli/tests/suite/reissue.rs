//! `aegis license reissue`

use crate::common::Folder;

const PERPETUAL: [&str; 4] = ["--type", "perpetual", "--module", "m:18"];
const DEMO: [&str; 6] = ["--type", "demo", "--module", "m:18", "--expires", "2099-03-01"];
const REISSUE: [&str; 6] = ["license", "reissue", "--kid", "k1", "--key", "keys/k2.private.pem"];

/// With two licenses of `k1`, and its successor `k2`.
fn with_two() -> Folder {
    let folder = Folder::with_roots("license,revocation");
    folder.issue(&PERPETUAL).success();
    folder.issue(&DEMO).success();
    folder.run(&["keys", "rotate", "k1", "--kid", "k2", "--root", "root-b", "--no-passphrase"]).success();
    folder
}

fn files(folder: &Folder, dir: &str) -> Vec<String> {
    let name = |item: std::io::Result<std::fs::DirEntry>| item.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder.path(dir)).unwrap().map(name).collect();
    names.sort();
    names
}

#[test]
fn every_license_of_the_key_is_issued_again_with_what_the_customer_needs() {
    let folder = with_two();
    let ran = folder.run(&[&REISSUE[..], &["--out", "new", "--issued-by", "anna"]].concat()).success();
    assert!(ran.stdout().contains("2 issued again, 0 had been before, 0 not issued"), "{}", ran.stdout());
    assert_eq!(folder.ids().len(), 4);
    let ledger: Vec<serde_json::Value> =
        folder.read("keys/licenses.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (old, new) in [(&ledger[0], &ledger[2]), (&ledger[1], &ledger[3])] {
        assert_eq!(new["reissue_of"], old["jti"]);
        assert_eq!((&new["customer"], &new["exp"], &new["modules"]), (&old["customer"], &old["exp"], &old["modules"]));
        assert_eq!(new["issued_by"], "anna");
        let text = folder.read(&format!("new/C-1-{}.license", new["jti"].as_str().unwrap()));
        assert!(folder.customer(&text).success().stdout().starts_with("valid"));
    }
    let shown = folder.run(&["license", "show", ledger[2]["jti"].as_str().unwrap()]).success().stdout();
    assert!(shown.contains(&format!("in place of  {}", ledger[0]["jti"].as_str().unwrap())), "{shown}");
}

#[test]
fn a_second_run_issues_nothing_twice_and_writes_the_files_that_are_missing() {
    let folder = with_two();
    folder.run(&REISSUE).success();
    let before = files(&folder, "keys/reissued");
    std::fs::remove_file(folder.path("keys/reissued").join(&before[0])).unwrap();
    let ran = folder.run(&REISSUE).success();
    assert!(ran.stdout().contains("0 issued again, 2 had been before"), "{}", ran.stdout());
    assert_eq!((folder.ids().len(), files(&folder, "keys/reissued")), (4, before));
}

#[test]
fn what_has_ended_or_is_revoked_by_its_id_is_left_out() {
    let folder = with_two();
    let ids = folder.ids();
    folder.run(&["revoke", "add", &ids[0]]).success();
    let answer = folder.run(&[&REISSUE[..], &["--json"]].concat()).success().json();
    let licenses = answer["licenses"].as_array().unwrap();
    assert_eq!((licenses.len(), &licenses[0]["old"]), (1, &ids[1].clone().into()));
    folder.run(&["revoke", "add", &ids[1]]).success();
    let ran = folder.run(&REISSUE).success();
    assert_eq!(ran.stdout(), "no license of k1 has to be issued again\n");
}

#[test]
fn a_file_is_named_after_the_customer_as_far_as_file_names_go() {
    let folder = with_two();
    for (id, expected) in [("-rf *", "_rf__-"), ("../C.2", "___C_2-"), ("Müller-7", "M_ller-7-")] {
        let fixed = ["license", "issue", "--key", "keys/k1.private.pem", "--customer-id", id, "--customer-name", "A"];
        folder.run(&[&fixed[..], &PERPETUAL].concat()).code(if id.starts_with('-') { 2 } else { 0 });
        let glued = format!("--customer-id={id}");
        let fixed = ["license", "issue", "--key", "keys/k1.private.pem", &glued, "--customer-name", "A"];
        folder.run(&[&fixed[..], &PERPETUAL].concat()).success();
        folder.run(&REISSUE).success();
        let names = files(&folder, "keys/reissued");
        assert!(names.iter().any(|name| name.starts_with(expected)), "{expected}: {names:?}");
    }
}

#[test]
fn a_key_that_signed_nothing_is_refused() {
    let folder = with_two();
    let arguments = ["license", "reissue", "--kid", "k9", "--key", "keys/k2.private.pem"];
    folder.run(&arguments).fails_with("no license of the ledger is signed by k9");
}

#[test]
fn the_old_key_itself_and_a_revoked_one_issue_nothing_again() {
    let folder = with_two();
    let same = ["license", "reissue", "--kid", "k1", "--key", "keys/k1.private.pem"];
    assert!(folder.run(&same).code(2).stderr().contains("the very key"));
    folder.run(&["revoke", "add", "--kid", "k2"]).success();
    folder.run(&REISSUE).fails_with("this key was revoked on");
    assert_eq!(folder.ids().len(), 2);
}

#[test]
fn what_cannot_be_verified_is_not_issued_again_and_the_rest_is() {
    let folder = with_two();
    let stranger = Folder::with_roots("license");
    let line = |folder: &Folder| folder.read("keys/licenses.jsonl").lines().next().unwrap().to_owned();
    stranger.issue(&PERPETUAL).success();
    let mut theirs: serde_json::Value = serde_json::from_str(&line(&stranger)).unwrap();
    let ours: serde_json::Value = serde_json::from_str(&line(&folder)).unwrap();
    theirs["kid"] = ours["kid"].clone();
    folder.write("keys/licenses.jsonl", &format!("{}{theirs}\n", folder.read("keys/licenses.jsonl")));
    let ran = folder.run(&REISSUE).code(1);
    assert!(ran.stderr().contains("is not issued again: it cannot be made sure"), "{}", ran.stderr());
    assert!(ran.stdout().contains("2 issued again, 0 had been before, 1 not issued"), "{}", ran.stdout());
}

#[test]
fn licenses_of_a_plain_key_are_issued_again_by_a_certified_one() {
    let folder = Folder::with_key();
    folder.issue(&PERPETUAL).success();
    let fixed = ["keys", "generate", "--root", "--kid", "root-a", "--issuer", "acme.example", "--no-passphrase"];
    folder.run(&fixed).success();
    folder.run(&["keys", "rotate", "k1", "--kid", "k2", "--root", "root-a", "--no-passphrase"]).success();
    assert!(folder.run(&REISSUE).success().stdout().contains("1 issued again"));
}
