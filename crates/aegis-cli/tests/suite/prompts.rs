//! The prompt for a passphrase, on a terminal

use crate::common::{Folder, KEY};
use serde_json::{Value, json};

const GENERATE: [&str; 6] = ["keys", "generate", "--kid", "k1", "--issuer", "acme.example"];
const FIRST: &str = "New passphrase for k1: ";
const SECOND: &str = "The same again: ";

/// Runs `aegis` on a terminal and types keys, each when that text is shown and the terminal is raw or cooked.
fn on_terminal(folder: &Folder, arguments: &[&str], steps: &[(&str, &str, &str)]) -> Value {
    let argv = [&["env", "-u", "AEGIS_PASSPHRASE", env!("CARGO_BIN_EXE_aegis")], arguments].concat();
    let task = json!({ "argv": argv, "steps": steps }).to_string();
    let output = folder.tool("python3", &["-c", include_str!("common/pty.py"), &task]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["before"], json!({ "echo": true, "icanon": true, "isig": true }));
    assert_eq!(answer["after"], answer["before"], "{answer}");
    answer
}

#[test]
fn ctrl_c_at_a_prompt_exits_quietly_with_130_and_puts_the_terminal_back_in_order() {
    let folder = Folder::empty();
    let answer = on_terminal(&folder, &GENERATE, &[(FIRST, "raw", "secr\u{3}")]);
    assert_eq!(answer["code"], 130);
    assert_eq!(answer["shown"], format!("{FIRST}\r\n"));
    let answer = on_terminal(&folder, &GENERATE, &[(FIRST, "raw", "secret\r"), (SECOND, "raw", "\u{3}")]);
    assert_eq!(answer["code"], 130);
    assert_eq!(answer["shown"], format!("{FIRST}\r\n{SECOND}\r\n"));
    assert!(!folder.path("keys").exists());
}

#[test]
fn ctrl_c_after_a_prompt_ends_the_program_by_the_signal() {
    let folder = Folder::empty();
    folder.write("secret.txt", "secret");
    folder.run(&[&GENERATE[..], &["--passphrase-file", "secret.txt"]].concat()).success();
    // Nobody writes into it: reading it as a keyring waits until it is interrupted.
    assert!(folder.tool("mkfifo", &["keys/keyring.toml"]).status.success());
    let arguments = ["license", "issue", "--key", KEY, "--customer-id", "1", "--customer-name", "A", "--type"];
    let arguments = [&arguments[..], &["perpetual", "--module", "m:18"]].concat();
    // That it is warned of shows that the prompt is over and done with.
    assert!(folder.tool("chmod", &["644", KEY]).status.success());
    let steps = [("Passphrase of", "raw", "secret\r"), ("warning: ", "cooked", "\u{3}")];
    assert_eq!(on_terminal(&folder, &arguments, &steps)["code"], -2);
}

#[test]
fn ctrl_d_at_a_prompt_is_no_passphrase_rather_than_no_terminal() {
    let answer = on_terminal(&Folder::empty(), &GENERATE, &[(FIRST, "raw", "\u{4}")]);
    assert_eq!(answer["code"], 1);
    let shown = answer["shown"].as_str().unwrap();
    assert!(shown.starts_with(&format!("{FIRST}\r\nerror: no passphrase was given\r\nhelp: ")), "{shown}");
}

#[test]
fn an_empty_passphrase_is_refused_after_the_first_entry() {
    let answer = on_terminal(&Folder::empty(), &GENERATE, &[(FIRST, "raw", "\r")]);
    assert_eq!(answer["code"], 1);
    let shown = answer["shown"].as_str().unwrap();
    assert!(shown.starts_with(&format!("{FIRST}\r\nerror: the passphrase is empty\r\nhelp: ")), "{shown}");
}

#[test]
fn a_passphrase_typed_twice_makes_a_key() {
    let folder = Folder::empty();
    let steps = [(FIRST, "raw", "secret\r"), (SECOND, "raw", "secret\r")];
    assert_eq!(on_terminal(&folder, &GENERATE, &steps)["code"], 0);
    folder.openssl(&["pkey", "-in", KEY, "-passin", "pass:secret", "-noout"]);
}
