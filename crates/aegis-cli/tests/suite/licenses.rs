//! `aegis license issue`, `inspect` and `verify`

use crate::common::{self, Folder, KEY};

const PERPETUAL: [&str; 4] = ["--type", "perpetual", "--module", "biz4a_payroll:17,18"];
const DEMO: [&str; 4] = ["--type", "demo", "--module", "biz4a_*:18"];
const UUID: &str = "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11";

#[test]
fn issue_prints_the_license_on_stdout_and_the_rest_on_stderr() {
    let folder = Folder::with_key();
    let ran = folder.issue(&PERPETUAL).success();
    let token = ran.stdout();
    assert_eq!(token.trim_end().split('.').count(), 3);
    assert_eq!(token.lines().count(), 1);
    assert!(ran.stderr().contains("is issued, verified and in the ledger"), "{}", ran.stderr());
    assert!(!ran.stderr().contains("eyJ"));
}

#[test]
fn the_end_is_shown_in_utc_and_local_time() {
    let more = ["--expires", "2099-03-01"];
    let ran = Folder::with_key().issue(&[&DEMO, &more[..]].concat()).success();
    assert!(ran.stderr().contains("2099-03-02T00:00:00Z (2099-03-02 01:00 +01:00 local time)"), "{}", ran.stderr());
}

#[test]
fn json_out_is_one_object_and_json_in_round_trips() {
    let folder = Folder::with_key();
    let request = serde_json::json!({
        "customer": { "id": "C-1", "name": "Müller & Söhne" },
        "license_type": "subscription",
        "modules": [{ "technical_name": "m", "allowed_major_versions": ["18"], "features": ["sepa"] }],
        "exp": "2099-03-01", "grace_until": 4_080_000_000_i64, "limits": { "users": 5 },
        "bind": { "database_uuid": UUID, "domain": "acme.odoo.com" },
    });
    folder.write("request.json", &request.to_string());
    let answer =
        folder.run(&["license", "issue", "--key", KEY, "--json-in", "request.json", "--json"]).success().json();
    let claims = &answer["claims"];
    for name in ["customer", "license_type", "modules", "grace_until", "limits"] {
        assert_eq!(claims[name], request[name], "{name}");
    }
    assert_eq!(claims["exp"], 4_076_092_800_i64);
    assert_eq!(answer["kid"], "k1");
    let input = request.to_string();
    let again =
        folder.run_with_input(&["license", "issue", "--key", KEY, "--json-in", "-", "--json"], &input).success();
    assert_eq!(again.json()["claims"]["modules"], request["modules"]);
    let token = answer["token"].as_str().unwrap();
    let seen = folder.run_with_input(&["license", "inspect", "--json"], token).success().json();
    assert_eq!(seen["claims"], *claims);
    assert_eq!(seen["verified"], false);
}

#[test]
fn every_bad_request_is_refused_and_leaves_no_trace() {
    let folder = Folder::with_key();
    let cases: [(&[&str], &str); 12] = [
        (&["--type", "demo", "--module", "m:18"], "exp: a demo needs an end"),
        (&["--type", "subscription", "--module", "m:18"], "exp: a subscription needs an end"),
        (&["--type", "perpetual", "--module", "m:18", "--days", "3"], "exp: a perpetual license has no end"),
        (&["--type", "demo", "--module", "m:18", "--expires", "2020-01-01"], "exp: the license would end before"),
        (&["--type", "demo", "--module", "m:18", "--days", "0"], "exp: the license would last no time"),
        (
            &["--type", "demo", "--module", "m:18", "--expires", "2098-12-31", "--not-before", "2099-01-01"],
            "nbf: the license would end before it begins",
        ),
        (
            &["--type", "demo", "--module", "m:18", "--expires", "2099-01-01", "--grace-until", "2099-01-01"],
            "grace_until: it does not lie after the end",
        ),
        (&["--type", "perpetual", "--module", "m-x:18"], "modules: \"m-x\" is not the name of a module"),
        (&["--type", "perpetual", "--module", "m:18.1"], "modules: \"18.1\" is not a major version"),
        (&["--type", "perpetual", "--module", "m:18", "--module", "m:17"], "modules: m is named twice"),
        (&["--type", "perpetual", "--module", "m:18:"], "modules: the features of m are not proper"),
        (&["--type", "perpetual", "--module", "m:18", "--bind", "x", "https://a"], "instance_fingerprint: "),
    ];
    for (flags, text) in cases {
        folder.issue(flags).fails_with(text);
    }
    let nobody = ["license", "issue", "--key", KEY, "--customer-id", "C-1", "--customer-name", " "];
    folder.run(&[&nobody, &PERPETUAL[..]].concat()).fails_with("customer: ");
    assert!(!folder.path("keys/licenses.jsonl").exists());
}

#[test]
fn an_issue_time_ahead_of_the_clock_is_refused() {
    let folder = Folder::with_key();
    let request = r#"{"customer": {"id": "1", "name": "A"}, "license_type": "perpetual", "iat": "2099-01-01",
        "modules": [{"technical_name": "m", "allowed_major_versions": ["18"]}]}"#;
    let arguments = ["license", "issue", "--key", KEY, "--json-in", "-"];
    folder.run_with_input(&arguments, request).fails_with("iat: it lies ahead of this machine's clock");
    folder.run_with_input(&arguments, "{}").fails_with("the license request is not understood");
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let folder = Folder::with_key();
    for flags in [
        &["--type", "perpetual", "--module", "m"][..],
        &["--type", "lifetime", "--module", "m:18"],
        &["--type", "perpetual"],
        &["--type", "demo", "--module", "m:18", "--expires", "01.03.2027"],
        &["--type", "demo", "--module", "m:18", "--expires", "2099-01-01", "--days", "3"],
        &["--type", "perpetual", "--module", "m:18", "--json-in", "x"],
        &["--type", "perpetual", "--module", "m:18", "--bind", "one"],
        &["--type", "perpetual", "--module", "m:18", "--issuer", "other.example"],
        &["--type", "perpetual", "--module", "m:18", "--kid", "k2"],
    ] {
        folder.issue(flags).code(2);
    }
}

#[test]
fn without_metadata_the_issuer_has_to_be_given() {
    let folder = Folder::with_key();
    std::fs::remove_file(folder.path("keys/k1.json")).unwrap();
    let ran = folder.issue(&PERPETUAL).code(2);
    assert!(ran.stderr().contains("help: give --issuer"), "{}", ran.stderr());
    folder.issue(&[&PERPETUAL, &["--issuer", "acme.example"][..]].concat()).success();
}

#[test]
fn files_of_different_keys_are_never_mixed() {
    let folder = Folder::with_key();
    folder.run(&["keys", "generate", "--kid", "k2", "--issuer", "acme.example", "--no-passphrase"]).success();
    std::fs::copy(folder.path("keys/k2.private.pem"), folder.path(KEY)).unwrap();
    folder.issue(&PERPETUAL).fails_with("k1.json does not belong to this private key");
}

#[test]
fn the_limits_of_the_key_are_kept() {
    let folder = Folder::with_key();
    std::fs::create_dir(folder.path("public_keys")).unwrap();
    std::fs::copy(folder.path("keys/k1.public.pem"), folder.path("public_keys/k1.public.pem")).unwrap();
    folder.write("public_keys/keyring.toml", "[\"k1\"]\nissuer = \"acme.example\"\nmodules = [\"biz4a_*\"]\n");
    let keyring = ["--keyring", "public_keys"];
    folder.issue(&[&PERPETUAL, &keyring[..]].concat()).success();
    let outside = ["--type", "perpetual", "--module", "other:18"];
    folder.issue(&[&outside, &keyring[..]].concat()).fails_with("must not license");
    folder.issue(&[&PERPETUAL, &["--keyring", "keys"][..]].concat()).fails_with("does not have this key");
}

#[test]
fn a_wrong_passphrase_is_named_and_not_shown() {
    let folder = Folder::with_key();
    let locked = ["-in", KEY, "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:secret", "-out", "new.pem"];
    folder.openssl(&[&["pkcs8"], &locked[..]].concat());
    std::fs::copy(folder.path("new.pem"), folder.path(KEY)).unwrap();
    folder.write("wrong.txt", "sesame");
    let ran = folder.issue(&[&PERPETUAL, &["--passphrase-file", "wrong.txt"][..]].concat());
    assert!(!ran.stderr().contains("sesame"));
    ran.fails_with("the passphrase does not open this private key");
    folder.write("right.txt", "secret\n");
    folder.issue(&[&PERPETUAL, &["--passphrase-file", "right.txt"][..]].concat()).success();
}

#[test]
fn a_license_that_the_ledger_cannot_take_is_not_handed_out() {
    let folder = Folder::with_key();
    folder.issue(&[&PERPETUAL, &["--ledger", "no/such/folder/l.jsonl"][..]].concat()).fails_with("l.jsonl");
}

#[cfg(target_os = "linux")]
#[test]
fn a_license_is_not_handed_out_when_the_disk_is_full() {
    let folder = Folder::with_key();
    folder.issue(&[&PERPETUAL, &["--ledger", "/dev/full"][..]].concat()).fails_with("cannot write /dev/full");
}

#[test]
fn inspect_says_that_nothing_is_verified() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    let ran = folder.run_with_input(&["license", "inspect"], &token).success();
    assert!(ran.stdout().starts_with("NOT VERIFIED"), "{}", ran.stdout());
    folder.run_with_input(&["license", "inspect"], "eyJ.x.y").fails_with("not a license token");
}

#[test]
fn a_license_given_as_a_file_name_is_not_echoed() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    for arguments in [&["license", "inspect", &token][..], &["license", "verify", "--keys", "keys", &token]] {
        let ran = folder.run(arguments).code(2);
        assert!(!ran.stderr().contains("eyJ") && ran.stderr().contains("pipe it in"), "{}", ran.stderr());
    }
    let ran = folder.run(&["license", "show", &token]).code(1);
    assert!(!ran.stderr().contains("eyJ"), "{}", ran.stderr());
}

fn verify(folder: &Folder, token: &str, more: &[&str]) -> common::Ran {
    folder.run_with_input(&[&["license", "verify", "--keys", "keys"], more].concat(), token)
}

#[test]
fn verify_exits_with_0_for_a_license_that_works_and_1_for_others() {
    let folder = Folder::with_key();
    let token = folder.token(&[&DEMO, &["--days", "30", "--grace-days", "5"][..]].concat());
    let module = ["--module", "biz4a_sale", "--odoo-version", "18.0"];
    assert!(verify(&folder, &token, &[]).success().stdout().starts_with("valid"));
    assert!(verify(&folder, &token, &module).success().stdout().starts_with("valid"));
    for (more, code) in [
        (&["--module", "other", "--odoo-version", "18.0"][..], "missing"),
        (&["--module", "biz4a_sale", "--odoo-version", "17.0"], "wrong_odoo_version"),
        (&["--at", "2099-01-01"], "expired"),
    ] {
        let ran = verify(&folder, &token, more).code(1);
        assert!(ran.stdout().starts_with(code), "{more:?}: {}", ran.stdout());
    }
    let answer = verify(&folder, &token, &["--json"]).success().json();
    assert_eq!((answer["code"].as_str(), answer["ok"].as_bool()), (Some("valid"), Some(true)));
}

#[test]
fn verify_takes_one_public_key_or_a_folder_with_a_keyring() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    let with = |keys: &str| folder.run_with_input(&["license", "verify", "--keys", keys], &token);
    with("keys/k1.public.pem").success();
    folder.write("keys/keyring.toml", "[\"k1\"]\nissuer = \"other.example\"\n");
    assert!(with("keys").code(1).stdout().starts_with("wrong_issuer"));
    with("nowhere").fails_with("nowhere");
}

#[test]
fn verify_finds_a_changed_license() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    let (head, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let changed = format!("{head}.{first}{}", &signature[1..]);
    assert!(verify(&folder, &changed, &[]).code(1).stdout().starts_with("bad_signature"));
    assert!(verify(&folder, "", &[]).code(1).stdout().starts_with("missing"));
    assert!(verify(&folder, "hello", &[]).code(1).stdout().starts_with("malformed"));
}

#[test]
fn verify_asks_for_the_instance_of_a_bound_license() {
    let folder = Folder::with_key();
    let token = folder.token(&[&PERPETUAL, &["--bind", UUID, "acme.odoo.com"][..]].concat());
    assert!(verify(&folder, &token, &[]).code(1).stdout().starts_with("wrong_instance"));
    assert!(
        verify(&folder, &token, &["--bind", UUID, "other.odoo.com"]).code(1).stdout().starts_with("wrong_instance")
    );
    verify(&folder, &token, &["--bind", UUID, "acme.odoo.com"]).success();
}

#[test]
fn verify_with_one_public_key_keeps_the_limits_of_the_keyring_beside_it() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    folder.run(&["keys", "generate", "--kid", "k2", "--issuer", "acme.example", "--no-passphrase"]).success();
    let with = |entry: &str, more: &[&str]| {
        folder.write(
            "keys/keyring.toml",
            &format!("[\"k1\"]\n{entry}\n[\"k2\"]\nissuer = \"b\"\nmodules = [\"other\"]\n"),
        );
        folder.run_with_input(&[&["license", "verify", "--keys", "keys/k1.public.pem"], more].concat(), &token)
    };
    let acme = "issuer = \"acme.example\"\nmodules = [\"biz4a_*\"]";
    with(acme, &[]).success();
    with(acme, &["--issuer", "acme.example"]).success();
    let ran = with(acme, &["--issuer", "b"]).code(2);
    assert!(ran.stderr().contains("--issuer") && ran.stderr().contains("\nhelp: "), "{}", ran.stderr());
    let ran = with("issuer = \"acme.example\"\nmodules = [\"x\"]", &[]).code(1);
    assert!(ran.stdout().starts_with("wrong_module"), "{}", ran.stdout());
    let ran = with("issuer = \"a\"\nmodules = [\"biz4a_*\"]", &[]).code(1);
    assert!(ran.stdout().starts_with("wrong_issuer"), "{}", ran.stdout());
    let missing = ["license", "verify", "--keys", "keys/k9.public.pem"];
    folder.run_with_input(&missing, &token).fails_with("cannot read keys/k9.public.pem");
    let only_k2 = ["license", "verify", "--keys", "keys/k2.public.pem"];
    with(acme, &[]).success();
    assert!(folder.run_with_input(&only_k2, &token).code(1).stdout().starts_with("unknown_key"));
}

#[test]
fn the_metadata_of_a_key_has_the_key_id_of_its_file_name() {
    let folder = Folder::with_key();
    for suffix in [".private.pem", ".public.pem", ".json"] {
        let path = |kid: &str| folder.path(&format!("keys/{kid}{suffix}"));
        std::fs::rename(path("k1"), path("k2")).unwrap();
    }
    let fixed = ["license", "issue", "--key", "keys/k2.private.pem", "--customer-id", "C-1", "--customer-name", "A"];
    folder.run(&[&fixed[..], &PERPETUAL].concat()).fails_with("k2.json");
    assert!(!folder.path("keys/licenses.jsonl").exists());
}

#[test]
fn a_license_among_wrong_arguments_is_not_echoed() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    let (head, tail) = token.split_at(100);
    for arguments in [
        &["license", "inspect", "a", &token][..],
        &["license", "show", head, tail],
        &["license", &token],
        &[&token],
        &["license", "list", "--ending-until", &token],
        &["license", "issue", &format!("--module={token}")],
    ] {
        let ran = folder.run(arguments).code(2);
        let text = ran.stderr();
        assert!(text.contains("error: ") && text.contains("help: "), "{text}");
        assert!(!text.contains("eyJ") && !text.contains(&tail[tail.len() - 40..]), "{text}");
    }
}

#[test]
fn verify_finds_the_one_license_in_a_text() {
    let folder = Folder::with_key();
    let token = folder.token(&PERPETUAL);
    let (head, tail) = token.split_at(70);
    let mail = format!("Dear customer,\n\n{head}\n  {tail}\n\nYours\n");
    assert!(verify(&folder, &mail, &[]).success().stdout().starts_with("valid"));
}

#[test]
fn verify_of_several_licenses_asks_for_the_module() {
    let folder = Folder::with_key();
    let several = format!("{}\n{}", folder.token(&PERPETUAL), folder.token(&PERPETUAL));
    let ran = verify(&folder, &several, &[]).code(2);
    assert!(ran.stderr().contains("2 licenses"), "{}", ran.stderr());
    assert!(ran.stderr().contains("--module") && ran.stderr().contains("--odoo-version"), "{}", ran.stderr());
    verify(&folder, &several, &["--module", "biz4a_payroll", "--odoo-version", "18.0"]).success();
}

#[test]
fn letters_that_turn_or_hide_text_are_not_printed() {
    let folder = Folder::with_key();
    let name = "A\u{202e}B\u{200b}C\u{2066}D\u{feff}E\u{2028}F";
    let fixed = ["license", "issue", "--key", KEY, "--customer-id", "C-1", "--customer-name", name];
    let ran = folder.run(&[&fixed[..], &PERPETUAL].concat()).success();
    assert!(ran.stderr().contains("A\u{fffd}B\u{fffd}C\u{fffd}D\u{fffd}E\u{fffd}F"), "{}", ran.stderr());
    let listed = folder.run(&["license", "list"]).success().stdout();
    assert!(listed.contains("A\u{fffd}B"), "{listed}");
}

#[test]
fn upper_case_in_a_binding_is_warned_of_and_swapped_values_are_refused() {
    let folder = Folder::with_key();
    let bound = |uuid: &str, domain: &str| folder.issue(&[&PERPETUAL, &["--bind", uuid, domain][..]].concat());
    assert!(!bound(UUID, "acme.odoo.com").success().stderr().contains("upper-case"));
    for (uuid, domain) in [(UUID.to_uppercase().as_str(), "acme.odoo.com"), (UUID, "Acme.odoo.com")] {
        let ran = bound(uuid, domain).success();
        assert_eq!(ran.stderr().matches("which has upper-case letters").count(), 1, "{}", ran.stderr());
    }
    let ran = bound("acme.odoo.com", UUID);
    assert!(ran.stderr().contains("the customer's system parameter database.uuid"), "{}", ran.stderr());
    ran.fails_with("\"acme.odoo.com\" is not a database UUID");
}

#[test]
fn what_is_no_private_key_is_said_before_anything_about_its_id() {
    let folder = Folder::with_key();
    let with = |key: &str| {
        let fixed = ["license", "issue", "--key", key, "--customer-id", "C-1", "--customer-name", "Acme"];
        folder.run(&[&fixed, &PERPETUAL[..]].concat())
    };
    with("nowhere.pem").fails_with("cannot read nowhere.pem");
    with("keys/k9.private.pem").fails_with("cannot read keys/k9.private.pem");
    with("keys").fails_with("cannot read keys");
    let ran = with("keys/k1.public.pem").code(2);
    let said = "error: keys/k1.public.pem is the public key\nhelp: name keys/k1.private.pem";
    assert!(ran.stderr().contains(said), "{}", ran.stderr());
    std::fs::copy(folder.path("keys/k1.public.pem"), folder.path("odd.pem")).unwrap();
    assert!(with("odd.pem").code(2).stderr().contains("odd.pem is the public key\nhelp: name KID.private.pem"));
}

#[test]
fn a_value_that_is_refused_comes_with_what_to_write_instead() {
    let folder = Folder::with_key();
    for (flags, remedy) in [
        (["--expires", "01.03.2027"], "write a day as 2027-03-01, or an instant as 2027-03-01T12:00:00Z"),
        (["--not-before", "soon"], "write a day as 2027-03-01, or an instant as 2027-03-01T12:00:00Z"),
        (["--expires", "9999-12-31"], "choose a nearer date or fewer days"),
        (["--days", "many"], "write a whole number from 0 to 4294967295, in digits alone, such as 30"),
        (["--limit-users", "4294967296"], "write a whole number from 0 to 4294967295"),
    ] {
        let ran = folder.issue(&[&DEMO, &flags[..]].concat()).code(2);
        assert!(ran.stderr().contains(remedy), "{}", ran.stderr());
    }
    let ran = folder.run(&["keys", "generate", "--kid", "a b", "--issuer", "a"]).code(2);
    assert!(ran.stderr().contains("use 1 to 64 characters of A-Z a-z 0-9 . _ -"), "{}", ran.stderr());
}

#[test]
fn a_note_says_so_where_no_keyring_was_consulted() {
    const NOTE: &str = "note: the key's limits were not checked";
    let folder = Folder::with_key();
    let ran = folder.issue(&PERPETUAL).success();
    assert!(ran.stderr().contains(NOTE) && ran.stderr().contains("--keyring"), "{}", ran.stderr());
    std::fs::create_dir(folder.path("ring")).unwrap();
    std::fs::copy(folder.path("keys/k1.public.pem"), folder.path("ring/k1.public.pem")).unwrap();
    folder.write("ring/keyring.toml", "[k1]\nissuer = \"acme.example\"\n");
    let ran = folder.issue(&[&PERPETUAL, &["--keyring", "ring"][..]].concat()).success();
    assert!(!ran.stderr().contains(NOTE), "{}", ran.stderr());
    folder.write("keys/keyring.toml", "[k1]\nissuer = \"acme.example\"\n");
    assert!(!folder.issue(&PERPETUAL).success().stderr().contains(NOTE));
}
