//! `aegis keys generate --root`, `certify` and `rotate`, and what `show` and `check` say of them

use crate::common::{self, Folder, KEY};

const PERPETUAL: [&str; 4] = ["--type", "perpetual", "--module", "m:18"];

fn root(folder: &Folder, kid: &str, more: &[&str]) -> common::Ran {
    let fixed = ["keys", "generate", "--root", "--kid", kid, "--issuer", "acme.example", "--no-passphrase"];
    folder.run(&[&fixed, more].concat())
}

fn certify(folder: &Folder, more: &[&str]) -> common::Ran {
    folder.run(&[&["keys", "certify", "k1", "--root", "root-a"], more].concat())
}

fn certified() -> Folder {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    certify(&folder, &[]).success();
    folder
}

#[test]
fn a_root_certifies_and_revokes_and_its_keyring_lines_say_so() {
    let folder = Folder::empty();
    let ran = root(&folder, "root-a", &[]).success();
    let lines = "[root-a]\nissuer = \"acme.example\"\nuse = [\"certify\", \"revocation\"]\n";
    assert!(ran.stdout().contains(lines), "{}", ran.stdout());
    let answer = folder.run(&["keys", "show", "--json"]).success().json();
    assert_eq!(answer[0]["use"], serde_json::json!(["certify", "revocation"]));
}

#[test]
fn one_root_alone_is_told_about_and_two_are_not() {
    const NOTE: &str = "is the only root here, and a wheel needs two";
    let folder = Folder::with_key();
    let check = || folder.run(&["keys", "check"]).success().stdout();
    root(&folder, "root-a", &[]).success();
    assert!(check().contains(NOTE), "{}", check());
    root(&folder, "root-b", &[]).success();
    assert!(!check().contains(NOTE), "{}", check());
}

#[test]
fn a_root_in_a_place_of_its_own_is_not_told_to_be_the_only_one() {
    let folder = Folder::with_key();
    for (kid, dir) in [("root-a", "stick-a"), ("root-b", "stick-b")] {
        let made = root(&folder, kid, &["--dir", dir]).success().stdout();
        assert!(made.contains("A wheel needs two roots, kept in two places") && !made.contains("only root"), "{made}");
        let check = folder.run(&["keys", "check", dir]).success().stdout();
        assert!(!check.contains("only root"), "{check}");
    }
    folder.run(&["keys", "certify", "k1", "--root", "stick-a/root-a"]).success();
    let check = folder.run(&["keys", "check"]).success().stdout();
    assert!(!check.contains("only root"), "of one that is kept elsewhere the public half is here: {check}");
}

#[test]
fn a_folder_for_wheels_with_one_root_is_told_about() {
    let folder = Folder::with_roots("license");
    let check = || folder.run(&["keys", "check", "public_keys"]).success().stdout();
    assert!(!check().contains("the only root"), "{}", check());
    std::fs::remove_file(folder.path("public_keys/root-b.public.pem")).unwrap();
    let entry = "[root-a]\nissuer = \"acme.example\"\nuse = [\"certify\", \"revocation\"]\n";
    folder.write("public_keys/keyring.toml", entry);
    assert!(check().contains("root-a is the only root here"), "{}", check());
}

#[test]
fn a_root_issues_no_license() {
    let folder = certified();
    let fixed =
        ["license", "issue", "--key", "keys/root-a.private.pem", "--customer-id", "C-1", "--customer-name", "A"];
    folder.run(&[&fixed[..], &PERPETUAL].concat()).fails_with("root-a is a root");
    assert!(!folder.path("keys/licenses.jsonl").exists());
}

#[test]
fn certify_says_the_window_in_utc_and_local_time_and_lasts_two_years() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    let ran = certify(&folder, &["--from", "2026-01-01", "--until", "2098-12-31"]).success();
    for text in ["2026-01-01T00:00:00Z (2026-01-01 01:00 +01:00 local time)", "2099-01-01T00:00:00Z (2099-01-01 01:00"]
    {
        assert!(ran.stdout().contains(text), "{}", ran.stdout());
    }
    let answer = certify(&folder, &["--json"]).success().json();
    let (from, until) = (answer["not_before"].as_i64().unwrap(), answer["not_after"].as_i64().unwrap());
    assert_eq!(((until - from) / 86_400, from % 86_400), (730, 0));
    let (all, file) = (folder.read("keys/k1.certificate"), answer["file"].as_str().unwrap().to_owned());
    assert_eq!((all.lines().count(), file.as_str()), (2, "keys/k1.certificate"));
    assert_eq!(all.lines().last(), answer["certificate"].as_str());
}

#[test]
fn a_certified_key_signs_with_its_thumbprint_and_hands_its_certificate_out() {
    let folder = certified();
    let ran = folder.issue(&PERPETUAL).success();
    let text = ran.stdout();
    assert_eq!(text.lines().filter(|line| line.starts_with("eyJ")).count(), 2, "{text}");
    assert!(text.starts_with("Paste all of this into Settings > AEGIS License"), "{text}");
    let thumbprint = folder.run(&["keys", "show", KEY, "--json"]).success().json()[0]["thumbprint"].clone();
    let answer = folder.issue(&[&PERPETUAL[..], &["--json"]].concat()).success().json();
    assert_eq!(answer["kid"], thumbprint);
    assert!(answer["for_customer"].as_str().unwrap().contains(answer["token"].as_str().unwrap()));
    assert!(folder.read("keys/licenses.jsonl").contains(thumbprint.as_str().unwrap()));
}

#[test]
fn every_bad_certificate_is_refused_and_leaves_no_trace() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    let window = ["--from", "2027-01-02", "--until", "2027-01-01"];
    certify(&folder, &window).fails_with("its window would end before it begins");
    folder.run(&["keys", "certify", "root-a", "--root", "root-a"]).fails_with("root-a is a root");
    folder.run(&["keys", "certify", "nobody", "--root", "root-a"]).fails_with("cannot read keys/nobody.public.pem");
    folder.run(&["keys", "certify", "k1", "--root", "nobody"]).fails_with("cannot read keys/nobody.private.pem");
    folder.run(&["keys", "generate", "--kid", "k2", "--issuer", "acme.example", "--no-passphrase"]).success();
    folder.run(&["keys", "certify", "k1", "--root", "k2"]).fails_with("k2 is no key for this");
    root(&folder, "root-x", &["--dir", "other"]).success();
    std::fs::write(folder.path("other/root-x.json"), folder.read("other/root-x.json").replace("acme.", "other."))
        .unwrap();
    folder.run(&["keys", "certify", "k1", "--root", "other/root-x"]).fails_with("speaks for \"acme.example\"");
    for flags in
        [["--use", "certify"], ["--use", "sign"], ["--modules", "a-b"], ["--modules", "*"], ["--until", "soon"]]
    {
        let ran = certify(&folder, &flags).code(2);
        assert!(!ran.stderr().is_empty());
    }
    assert!(!folder.path("keys/k1.certificate").exists());
}

#[test]
fn the_limits_of_a_certificate_are_kept() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    certify(&folder, &["--modules", "m,acme_*"]).success();
    folder.issue(&PERPETUAL).success();
    folder.issue(&["--type", "perpetual", "--module", "other:18"]).fails_with("must not license");
}

#[test]
fn a_certificate_whose_window_is_over_signs_nothing_and_says_what_renews_it() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    certify(&folder, &["--from", "2020-01-01", "--until", "2021-12-31"]).success();
    let ran = folder.issue(&PERPETUAL);
    assert!(ran.stderr().contains("aegis keys certify k1 --root ROOT"), "{}", ran.stderr());
    ran.fails_with("the certificate of k1 ended at 2022-01-01T00:00:00Z");
    let check = folder.run(&["keys", "check"]).success().stdout();
    assert!(check.contains("it is retired: its certificate ended at 2022-01-01"), "{check}");
    certify(&folder, &[]).success();
    folder.issue(&PERPETUAL).success();
}

#[test]
fn a_certificate_that_begins_later_signs_nothing_yet() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    certify(&folder, &["--from", "2098-01-01"]).success();
    folder.issue(&PERPETUAL).fails_with("the certificate of k1 begins at 2098-01-01T00:00:00Z");
}

#[test]
fn a_root_elsewhere_leaves_its_public_half_beside_the_key() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &["--dir", "stick"]).success();
    let ran = folder.run(&["keys", "certify", "k1", "--root", "stick/root-a"]).success();
    assert!(ran.stderr().contains("the public key of the root was copied into keys"), "{}", ran.stderr());
    assert!(folder.path("keys/root-a.public.pem").exists() && !folder.path("keys/root-a.private.pem").exists());
    folder.issue(&PERPETUAL).success();
    std::fs::remove_file(folder.path("keys/root-a.public.pem")).unwrap();
    let ran = folder.issue(&PERPETUAL);
    assert!(ran.stderr().contains("put root-a.public.pem and root-a.json beside it"), "{}", ran.stderr());
    ran.fails_with("does not verify");
}

#[test]
fn the_passphrases_of_root_and_key_are_kept_apart() {
    let folder = Folder::empty();
    let generate = |kid: &str, more: &[&str]| {
        let fixed = ["keys", "generate", "--kid", kid, "--issuer", "acme.example"];
        let mut command = folder.aegis(&[&fixed, more].concat());
        command.env("AEGIS_PASSPHRASE", "of the key").env("AEGIS_ROOT_PASSPHRASE", "of the root").assert().success();
    };
    generate("root-a", &["--root"]);
    generate("k1", &[]);
    folder.openssl(&["pkey", "-in", "keys/root-a.private.pem", "-passin", "pass:of the root", "-noout"]);
    folder.openssl(&["pkey", "-in", KEY, "-passin", "pass:of the key", "-noout"]);
    certify(&folder, &[]).fails_with("a passphrase is needed");
    folder.write("root.txt", "of the root\n");
    certify(&folder, &["--root-passphrase-file", "root.txt"]).success();
    let mut both = folder.aegis(&["keys", "check"]);
    both.env("AEGIS_PASSPHRASE", "of the key").env("AEGIS_ROOT_PASSPHRASE", "of the root").assert().success();
}

#[test]
fn show_and_check_know_certificates() {
    let folder = certified();
    let shown = folder.run(&["keys", "show", "k1"]).code(1);
    assert!(shown.stderr().contains("there is no key at k1"), "{}", shown.stderr());
    let shown = folder.run(&["keys", "show", KEY]).success().stdout();
    assert!(shown.contains("by the root root-a: license, from ") && shown.contains("(in use)"), "{shown}");
    let shown = folder.run(&["keys", "show"]).success().stdout();
    assert!(shown.contains("certify, revocation (a root)"), "{shown}");
    let check = folder.run(&["keys", "check"]).success().stdout();
    assert!(check.contains("it is certified until "), "{check}");
}

#[test]
fn check_finds_a_certificate_of_another_key_a_changed_one_and_a_missing_root() {
    let folder = certified();
    let good = folder.read("keys/k1.certificate");
    folder.run(&["keys", "generate", "--kid", "k2", "--issuer", "acme.example", "--no-passphrase"]).success();
    folder.run(&["keys", "certify", "k2", "--root", "root-a"]).success();
    let problem = |text: &str, expected: &str| {
        folder.write("keys/k1.certificate", text);
        let ran = folder.run(&["keys", "check"]).code(1);
        assert!(ran.stdout().contains(expected), "{}", ran.stdout());
    };
    problem(&folder.read("keys/k2.certificate"), "the certificate belongs to another key");
    let (head, signature) = good.trim().rsplit_once('.').unwrap();
    let changed = format!("{head}.{}{}\n", if signature.starts_with('A') { "B" } else { "A" }, &signature[1..]);
    problem(&changed, "the certificate does not verify");
    problem("hello", "k1.certificate");
    folder.write("keys/k1.certificate", &good);
    std::fs::remove_file(folder.path("keys/root-a.public.pem")).unwrap();
    let check = folder.run(&["keys", "check", KEY]).success().stdout();
    assert!(check.contains("was not verified: its root root-a is not here"), "{check}");
}

#[test]
fn a_certificate_of_another_key_beside_the_key_signs_nothing() {
    let folder = certified();
    folder.run(&["keys", "generate", "--kid", "k2", "--issuer", "acme.example", "--no-passphrase"]).success();
    std::fs::copy(folder.path("keys/k1.certificate"), folder.path("keys/k2.certificate")).unwrap();
    let fixed = ["license", "issue", "--key", "keys/k2.private.pem", "--customer-id", "C-1", "--customer-name", "A"];
    folder.run(&[&fixed[..], &PERPETUAL].concat()).fails_with("k2.certificate holds the certificate of another key");
}

#[test]
fn rotate_makes_a_successor_for_the_same_uses_and_modules_and_says_what_comes_next() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    certify(&folder, &["--use", "license,revocation", "--modules", "m", "--until", "2098-12-31"]).success();
    let before = folder.issue(&PERPETUAL).success().stdout();
    let rotate = ["keys", "rotate", "k1", "--kid", "k2", "--root", "root-a", "--no-passphrase"];
    let ran = folder.run(&rotate).success();
    let text = ran.stdout();
    assert!(
        text.contains("k1 is not revoked: what it signed stands. Its window ends at 2099-01-01T00:00:00Z"),
        "{text}"
    );
    assert!(text.contains("1. Sign with --key keys/k2.private.pem from now on."), "{text}");
    assert!(text.contains("license, revocation") && text.contains("modules      m\n"), "{text}");
    let fixed = ["license", "issue", "--key", "keys/k2.private.pem", "--customer-id", "C-1", "--customer-name", "A"];
    let after = folder.run(&[&fixed[..], &PERPETUAL].concat()).success().stdout();
    for text in [before, after] {
        folder.run_with_input(&["license", "verify", "--keys", "keys"], &text).success();
    }
    folder.run(&rotate).fails_with("k2.private.pem exists already");
    folder.run(&["keys", "rotate", "root-a", "--kid", "k3", "--root", "root-a"]).fails_with("root-a is a root");
}

#[test]
fn rotate_of_a_key_that_is_revoked_says_so_and_what_comes_next() {
    let folder = certified();
    folder.issue(&PERPETUAL).success();
    folder.run(&["revoke", "add", "--kid", "k1"]).success();
    let rotate = |kid| {
        let ran = folder.run(&["keys", "rotate", "k1", "--kid", kid, "--root", "root-a", "--no-passphrase"]);
        ran.success().stdout()
    };
    let text = rotate("k2");
    assert!(!text.contains("not revoked") && !text.contains("was stolen"), "{text}");
    assert!(
        text.contains("2. k1 is revoked, and no list says so yet: let a root sign one, `aegis revoke sign`"),
        "{text}"
    );
    assert!(text.contains("`aegis license reissue --kid=k1 --key keys/k2.private.pem`"), "{text}");
    folder.run(&["revoke", "sign", "--key", "keys/root-a.private.pem"]).success();
    let text = rotate("k3");
    assert!(text.contains("2. k1 is revoked, and a root's list says so: where that arrives"), "{text}");
}

#[test]
fn rotate_of_a_plain_key_says_how_to_retire_it() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    let rotate = ["keys", "rotate", "k1", "--kid", "k2", "--root", "root-a", "--no-passphrase"];
    let text = folder.run(&rotate).success().stdout();
    assert!(text.contains("give it `not_after` in the keyring.toml of the next wheel, under [k1]"), "{text}");
}

#[test]
fn rotate_that_fails_leaves_no_key_behind() {
    let folder = Folder::with_key();
    root(&folder, "root-a", &[]).success();
    let window = ["--from", "2027-01-02", "--until", "2027-01-01"];
    let rotate = ["keys", "rotate", "k1", "--kid", "k2", "--root", "root-a", "--no-passphrase"];
    folder.run(&[&rotate, &window[..]].concat()).fails_with("its window would end before it begins");
    assert!(!folder.path("keys/k2.private.pem").exists() && !folder.path("keys/k2.certificate").exists());
}

#[test]
fn a_key_is_not_made_over_the_certificate_of_another() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.path("keys")).unwrap();
    folder.write("keys/k1.certificate", "mine");
    let arguments = ["keys", "generate", "--kid", "k1", "--issuer", "acme.example", "--no-passphrase"];
    folder.run(&arguments).fails_with("k1.certificate exists already");
}
