//! `aegis license reissue JTI --bind-request`

use crate::common::{self, Folder};
use aegis_core::{ActivationRequest, Instance};
use serde_json::Value;

const DEMO: [&str; 10] =
    ["--type", "demo", "--module", "m:18:f1", "--expires", "2099-03-01", "--grace-days", "14", "--limit-users", "5"];
const KEY: [&str; 2] = ["--key", common::KEY];
const OLD: &str = "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11";
const NEW: &str = "b1f7c9d2-0c53-4c0e-8d6b-5a7b7f3e2c44";

fn request(uuid: &str) -> String {
    ActivationRequest::of(&Instance::new(uuid, "acme.odoo.com").unwrap()).to_string()
}

fn with_id(uuid: &str) -> String {
    let instance = Instance::new(uuid, "acme.odoo.com").unwrap().with_instance_id("erp-1").unwrap();
    ActivationRequest::of(&instance).to_string()
}

/// With one license, bound as `flags` say, and its id.
fn with_license(flags: &[&str]) -> (Folder, String) {
    let folder = Folder::with_roots("license,revocation");
    folder.issue(&[&DEMO[..], flags].concat()).success();
    let id = folder.ids().remove(0);
    (folder, id)
}

fn rebind(folder: &Folder, id: &str, request: &str, more: &[&str]) -> common::Ran {
    folder.run(&[&["license", "reissue", id, "--bind-request", request], &KEY[..], more].concat())
}

fn verified(folder: &Folder, uuid: &str, text: &str) -> common::Ran {
    folder.run_with_input(&["license", "verify", "--keys", "public_keys", "--bind", uuid, "acme.odoo.com"], text)
}

fn ledger(folder: &Folder) -> Vec<Value> {
    folder.read("keys/licenses.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn claims(folder: &Folder, entry: &Value) -> Value {
    let token = entry["token"].as_str().unwrap();
    folder.run_with_input(&["license", "inspect", "--json"], token).success().json()["claims"].clone()
}

#[test]
fn the_same_claims_are_signed_for_the_new_instance_and_the_old_license_stays_in_the_ledger() {
    let (folder, id) = with_license(&["--bind-request", &request(OLD), "--move-grace-days", "30"]);
    let ran = rebind(&folder, &id, &request(NEW), &["--issued-by", "anna"]).success();
    let (text, said) = (ran.stdout(), ran.stderr());
    assert!(verified(&folder, NEW, &text).success().stdout().starts_with("valid"));
    assert!(verified(&folder, OLD, &text).code(1).stdout().starts_with("wrong_instance"));
    let [old, new] = &ledger(&folder)[..] else { panic!("two licenses") };
    assert_eq!((&new["reissue_of"], &new["issued_by"]), (&old["jti"], &"anna".into()));
    let (mut before, mut after) = (claims(&folder, old), claims(&folder, new));
    assert_ne!((&before["jti"], &before["instance"]), (&after["jti"], &after["instance"]));
    for claims in [&mut before, &mut after] {
        for changed in ["jti", "iat", "instance"] {
            claims.as_object_mut().unwrap().remove(changed);
        }
    }
    assert_eq!(before, after);
    let new_id = new["jti"].as_str().unwrap();
    assert!(
        said.contains(&format!("License {new_id} is issued in place of {id}, verified and in the ledger.")),
        "{said}"
    );
    assert!(said.contains("1 of these 2 has to match") && said.contains("works on for 30 days"), "{said}");
    assert!(
        said.contains(&format!("License {id} goes on where it fits; `aegis revoke add {id}` withdraws it.")),
        "{said}"
    );
}

#[test]
fn the_customer_gets_the_certificate_and_the_newest_list_too() {
    let (folder, id) = with_license(&["--bind-request", &request(OLD)]);
    folder.run(&["revoke", "sign", "--key", common::KEY]).success();
    let text = rebind(&folder, &id, &request(NEW), &[]).success().stdout();
    assert!(text.starts_with("Paste all of this into Settings > AEGIS License"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("eyJ")).count(), 3, "{text}");
}

#[test]
fn the_request_is_taken_from_a_mail_a_file_and_standard_input_and_nothing_is_issued_twice() {
    let (folder, id) = with_license(&["--bind-request", &request(OLD)]);
    let (head, tail) = (request(NEW)[..70].to_owned(), request(NEW)[70..].to_owned());
    let mail = format!("Hello,\n\n> {head}\n> {tail}\n\nRegards\n");
    folder.write("mail.txt", &mail);
    let first = rebind(&folder, &id, "mail.txt", &[]).success();
    let arguments = [&["license", "reissue", &id, "--bind-request", "-"], &KEY[..]].concat();
    let again = folder.run_with_input(&arguments, &mail).success();
    assert_eq!((folder.ids().len(), again.stdout()), (2, first.stdout()));
    assert!(again.stderr().contains("was issued before in place of"), "{}", again.stderr());
    rebind(&folder, &id, &request("11111111-0c53-4c0e-8d6b-5a7b7f3e2c44"), &[]).success();
    assert_eq!(folder.ids().len(), 3);
}

#[test]
fn as_many_components_may_change_as_before_and_the_same_have_to_match() {
    let (folder, id) = with_license(&["--bind-request", &with_id(OLD), "--need", "3", "--require", "instance_id"]);
    let instance = |ran: common::Ran| {
        ran.success();
        claims(&folder, ledger(&folder).last().unwrap())["instance"].clone()
    };
    let again = instance(rebind(&folder, &id, &with_id(NEW), &[]));
    assert_eq!((&again["need"], &again["of"][2]["required"]), (&3.into(), &true.into()));
    assert!(again["of"][0].get("required").is_none());
    let said = instance(rebind(&folder, &id, &request(NEW), &["--require", "domain", "--need", "1"]));
    assert_eq!((&said["need"], &said["of"][1]["required"]), (&1.into(), &true.into()));
    rebind(&folder, &id, &request(NEW), &[]).fails_with("the activation request has no \"instance_id\"");
}

#[test]
fn exact_and_unbound_licenses_are_bound_by_request() {
    for flags in [&["--bind", OLD, "acme.odoo.com"][..], &[]] {
        let (folder, id) = with_license(flags);
        let text = rebind(&folder, &id, &request(NEW), &[]).success().stdout();
        verified(&folder, NEW, &text).success();
        let claims = claims(&folder, ledger(&folder).last().unwrap());
        assert!(claims.get("instance_fingerprint").is_none(), "{claims}");
        assert_eq!((&claims["instance"]["need"], &claims["instance"]["of"][0]["required"]), (&1.into(), &true.into()));
    }
}

#[test]
fn what_cannot_be_bound_anew_is_refused_with_a_remedy() {
    let (folder, id) = with_license(&["--bind-request", &request(OLD)]);
    rebind(&folder, &id, &request(NEW)[..60], &[]).fails_with("the activation request is not whole, or was changed");
    rebind(&folder, "11111111-2222-3333-4444-555555555555", &request(NEW), &[])
        .fails_with("there is no license with the id");
    folder.run(&["license", "reissue", &id, "--key", common::KEY]).code(2);
    folder.run(&["license", "reissue", &id, "--kid", "k1", "--key", common::KEY]).code(2);
    folder.run(&["license", "reissue", "--kid", "k1", "--bind-request", "x", "--key", common::KEY]).code(2);
    folder.run(&["license", "reissue", "--key", common::KEY]).code(2);
    let stranger = Folder::with_roots("license");
    folder.write("theirs.txt", &stranger.issue(&DEMO).success().stdout());
    rebind(&folder, "theirs.txt", &request(NEW), &[]).fails_with("it cannot be made sure that the license is ours");
    folder.write("two.txt", &format!("{}{}", folder.read("theirs.txt"), folder.issue(&DEMO).success().stdout()));
    rebind(&folder, "two.txt", &request(NEW), &[]).fails_with("two.txt holds 2 licenses");
    folder.run(&["revoke", "add", "--kid", "k1"]).success();
    rebind(&folder, &id, &request(NEW), &[]).fails_with("this key was revoked on");
    assert_eq!(folder.ids().len(), 2);
}

#[test]
fn a_license_that_has_ended_is_not_bound_anew_and_a_revoked_one_is_with_a_warning() {
    let (folder, id) = with_license(&["--bind-request", &request(OLD)]);
    folder.run(&["revoke", "add", &id]).success();
    let ran = rebind(&folder, &id, &request(NEW), &[]).success();
    assert!(ran.stderr().contains(&format!("warning: license {id} is revoked")), "{}", ran.stderr());
    assert!(!ran.stderr().contains("goes on"), "{}", ran.stderr());
    let soon = serde_json::json!({
        "customer": { "id": "C-1", "name": "A" }, "license_type": "demo", "iat": 1_700_000_000, "exp": 1_700_000_001,
        "modules": [{ "technical_name": "m", "allowed_major_versions": ["18"] }],
    });
    folder.write("soon.json", &soon.to_string());
    folder.run(&["keys", "generate", "--kid", "k9", "--issuer", "acme.example", "--no-passphrase"]).success();
    folder.run(&["license", "issue", "--key", "keys/k9.private.pem", "--json-in", "soon.json"]).success();
    rebind(&folder, folder.ids().last().unwrap(), &request(NEW), &[]).fails_with("ended at 2023-11-14T22:13:21Z");
}

#[test]
fn answers_in_json() {
    let (folder, id) = with_license(&["--bind-request", &request(OLD)]);
    let answer = rebind(&folder, &id, &request(NEW), &["--json"]).success().json();
    assert_eq!((&answer["old"], &answer["is_new"]), (&id.into(), &true.into()));
    let (token, text) = (answer["token"].as_str().unwrap(), answer["for_customer"].as_str().unwrap());
    assert!(text.contains(token) && answer["new"] == folder.ids()[1]);
}

#[test]
fn when_the_key_is_stolen_both_licenses_are_issued_again() {
    let (folder, id) = with_license(&["--bind-request", &request(OLD)]);
    rebind(&folder, &id, &request(NEW), &[]).success();
    folder.run(&["keys", "rotate", "k1", "--kid", "k2", "--root", "root-b", "--no-passphrase"]).success();
    let reissue = ["license", "reissue", "--kid", "k1", "--key", "keys/k2.private.pem"];
    assert!(folder.run(&reissue).success().stdout().contains("2 issued again, 0 had been before"));
    let again = folder.run(&reissue).success().stdout();
    assert!(again.contains("0 issued again, 2 had been before") && folder.ids().len() == 4, "{again}");
    let texts: String = std::fs::read_dir(folder.path("keys/reissued"))
        .unwrap()
        .map(|item| std::fs::read_to_string(item.unwrap().path()).unwrap())
        .collect();
    assert!(!texts.contains(ledger(&folder)[1]["token"].as_str().unwrap()), "what the stolen key signed is not sent");
}
