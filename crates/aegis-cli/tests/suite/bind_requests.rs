//! `aegis license issue --bind-request` and `--move-grace-days`

use crate::common::{self, Folder};
use aegis_core::{ActivationRequest, Instance};

const PERPETUAL: [&str; 4] = ["--type", "perpetual", "--module", "m:18"];
const UUID: &str = "5b7a4b1e-0c3e-4a57-9d3a-2f6f0f1f8a11";

fn request() -> String {
    ActivationRequest::of(&Instance::new(UUID, "acme.odoo.com").unwrap()).to_string()
}

fn issue(folder: &Folder, more: &[&str]) -> common::Ran {
    folder.issue(&[&PERPETUAL, more].concat())
}

fn bound(folder: &Folder, more: &[&str]) -> serde_json::Value {
    issue(folder, &[more, &["--json"]].concat()).success().json()["claims"].clone()
}

#[test]
fn an_activation_request_binds_to_the_database_and_lets_the_address_change() {
    let folder = Folder::with_key();
    let token = issue(&folder, &["--bind-request", &request()]).success().stdout();
    let verify = |uuid: &str, domain: &str| {
        let arguments = ["license", "verify", "--keys", "keys", "--bind", uuid, domain];
        folder.run_with_input(&arguments, &token)
    };
    verify(UUID, "acme.odoo.com").success();
    verify(UUID, "new.odoo.com").success();
    let refused = verify("11111111-0c3e-4a57-9d3a-2f6f0f1f8a11", "acme.odoo.com").code(1).stdout();
    assert!(refused.starts_with("wrong_instance") && refused.contains("database UUID"), "{refused}");
}

#[test]
fn the_request_is_taken_from_the_mail_from_a_file_and_from_standard_input() {
    let folder = Folder::with_key();
    let (head, tail) = (request()[..70].to_owned(), request()[70..].to_owned());
    let mail = format!("Hello,\n\n> {head}\n> {tail}\n\nRegards\n");
    folder.write("mail.txt", &mail);
    let expected = bound(&folder, &["--bind-request", &request()])["instance"].clone();
    assert_eq!(bound(&folder, &["--bind-request", &mail])["instance"], expected);
    assert_eq!(bound(&folder, &["--bind-request", "mail.txt"])["instance"], expected);
    let fixed = ["license", "issue", "--key", common::KEY, "--customer-id", "C-1", "--customer-name", "Acme", "--json"];
    let arguments = [&fixed[..], &PERPETUAL, &["--bind-request", "-"]].concat();
    assert_eq!(folder.run_with_input(&arguments, &mail).success().json()["claims"]["instance"], expected);
}

#[test]
fn a_request_that_is_cut_or_changed_or_not_there_is_refused_with_a_remedy() {
    let folder = Folder::with_key();
    let cut = &request()[..60];
    let ran = issue(&folder, &["--bind-request", cut]);
    assert!(ran.stderr().contains("help: ask the customer to copy it again"), "{}", ran.stderr());
    ran.fails_with("instance: the activation request is not whole, or was changed");
    issue(&folder, &["--bind-request", "nowhere.txt"]).fails_with("cannot read nowhere.txt");
    folder.write("mail.txt", "Hello");
    issue(&folder, &["--bind-request", "mail.txt"]).fails_with("there is no activation request in the text");
    assert!(!folder.path("keys/licenses.jsonl").exists());
}

#[test]
fn what_has_to_match_can_be_said() {
    let folder = Folder::with_key();
    let claims = bound(&folder, &["--bind-request", &request(), "--need", "2", "--require", "domain"]);
    assert_eq!(claims["instance"]["need"], 2);
    assert_eq!(claims["instance"]["of"][1]["required"], true);
    assert!(claims["instance"]["of"][0].get("required").is_none());
    issue(&folder, &["--bind-request", &request(), "--need", "3"]).fails_with("3 components have to match, of the 2");
    issue(&folder, &["--bind-request", &request(), "--require", "mac"]).fails_with("has no \"mac\"");
    issue(&folder, &["--need", "1"]).code(2);
    issue(&folder, &["--require", "domain"]).code(2);
    issue(&folder, &["--bind-request", &request(), "--bind", UUID, "a.b"]).code(2);
}

#[test]
fn days_after_a_move_are_said_and_shown() {
    let folder = Folder::with_key();
    let ran = issue(&folder, &["--bind-request", &request(), "--move-grace-days", "30"]).success();
    assert!(ran.stderr().contains("works on for 30 days"), "{}", ran.stderr());
    assert_eq!(bound(&folder, &["--bind", UUID, "a.b", "--move-grace-days", "0"])["move_grace_days"], 0);
    issue(&folder, &["--bind", UUID, "a.b", "--move-grace-days", "91"]).fails_with("move_grace_days: 91 days");
    issue(&folder, &["--move-grace-days", "5"]).fails_with("the license is bound to no instance");
}
