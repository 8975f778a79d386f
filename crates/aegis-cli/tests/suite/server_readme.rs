//! The lines of the README that use the license server, word for word.

use std::path::Path;
use std::process::Command as Process;

use crate::common::server::Place;
use serde_json::Value;

/// The block of the README behind the mark.
fn lines() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let (_, rest) = text.split_once("<!-- tests/server_readme.rs runs these lines as they are. -->\n```sh\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_lines_of_the_readme_do_what_it_says() {
    let lines = lines();
    assert_eq!(lines.lines().count(), 6, "a customer, and five lines for a license");
    let place = Place::new();
    let server = place.serve();
    let script = format!("set -euo pipefail\n{lines}");
    let output = Process::new("bash")
        .args(["-c", &script])
        .env("SERVER", &server.url)
        .env("KEY", server.key.as_deref().unwrap())
        .current_dir(place.path(""))
        .output()
        .expect("bash and curl are there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let answers: Vec<Value> = answers.collect::<Result<_, _>>().unwrap();
    let [customer, read, validated, renewed, revoked] = &answers[..] else { panic!("{answers:?}") };
    let issued: Value = serde_json::from_str(&place.folder.read("globex.json")).unwrap();
    assert_eq!((&customer["id"], &read["id"]), (&Value::from("C-1"), &issued["id"]));
    assert_eq!((&read["status"], &validated["valid"]), (&Value::from("active"), &Value::from(true)));
    assert_eq!(renewed["replaces"], issued["id"]);
    assert_eq!((&revoked["id"], &revoked["status"]), (&issued["id"], &Value::from("revoked")));
    // The text to mail is one that customers can read.
    let verify = ["license", "verify", "--keys", "data/keys", "--module", "acme_sign", "--odoo-version", "18.0"];
    place.folder.run_with_input(&verify, issued["bundle"].as_str().unwrap()).success();
}
