//! Rotation of a key, loss of a root and theft of a key, from key generation to a customer whose wheel stays the same

use crate::common::Folder;

fn issue_with(folder: &Folder, key: &str) -> String {
    let key = format!("keys/{key}.private.pem");
    let fixed = ["license", "issue", "--key", &key, "--customer-id", "C-1", "--customer-name", "Acme"];
    folder.run(&[&fixed, &["--type", "perpetual", "--module", "m:18"][..]].concat()).success().stdout()
}

fn rotate(folder: &Folder, root: &str) {
    folder.run(&["keys", "rotate", "k1", "--kid", "k2", "--root", root, "--no-passphrase"]).success();
}

fn lose(folder: &Folder, key: &str) {
    std::fs::remove_file(folder.path(&format!("keys/{key}.private.pem"))).unwrap();
}

#[test]
fn a_rotated_key_is_trusted_by_the_old_wheel() {
    let folder = Folder::with_roots("license");
    let before = issue_with(&folder, "k1");
    rotate(&folder, "root-a");
    lose(&folder, "k1");
    let after = issue_with(&folder, "k2");
    for text in [&before, &after, &format!("{after}\n{before}")] {
        assert!(folder.customer(text).success().stdout().starts_with("valid"));
    }
    let without_certificate = after.lines().find(|line| line.starts_with("eyJ")).unwrap();
    assert!(folder.customer(without_certificate).code(1).stdout().starts_with("unknown_key"));
}

#[test]
fn when_a_root_is_lost_the_other_certifies_and_the_old_wheel_accepts() {
    let folder = Folder::with_roots("license");
    let before = issue_with(&folder, "k1");
    lose(&folder, "root-a");
    lose(&folder, "k1");
    rotate(&folder, "root-b");
    let after = issue_with(&folder, "k2");
    for text in [before, after] {
        assert!(folder.customer(&text).success().stdout().starts_with("valid"));
    }
}

#[test]
fn a_stolen_key_is_revoked_and_its_licenses_are_issued_again() {
    let folder = Folder::with_roots("license");
    let stolen = issue_with(&folder, "k1");
    rotate(&folder, "root-b");
    folder.run(&["revoke", "add", "--kid", "k1", "--reason", "laptop stolen"]).success();
    let list = folder.run(&["revoke", "sign", "--key", "keys/root-b.private.pem"]).success().stdout();
    let ran = folder.customer(&format!("{stolen}\n{list}")).code(1);
    assert!(ran.stdout().starts_with("revoked: The vendor has withdrawn the key"), "{}", ran.stdout());
    folder.run(&["license", "reissue", "--kid", "k1", "--key", "keys/k2.private.pem"]).success();
    let files: Vec<_> = std::fs::read_dir(folder.path("keys/reissued")).unwrap().collect();
    let again = std::fs::read_to_string(files[0].as_ref().unwrap().path()).unwrap();
    let ran = folder.customer(&format!("{stolen}\n{again}")).success();
    assert!(files.len() == 1 && ran.stdout().starts_with("valid"), "{}", ran.stdout());
}
