//! `aegis serve`: what the first start makes, how the server stops, and when it does not start.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::common::Folder;
use crate::common::server::Place;
use serde_json::{Value, json};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The private keys in a folder.
fn private_keys(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".private.pem")).collect()
}

/// With a certified key `k1`, and customers who trust its root alone.
fn with_certified_key(window: &[&str]) -> Folder {
    let folder = Folder::with_key();
    fs::create_dir(folder.path("public_keys")).unwrap();
    folder
        .write("public_keys/keyring.toml", "[root]\nissuer = \"acme.example\"\nuse = [\"certify\", \"revocation\"]\n");
    let root = ["keys", "generate", "--root", "--kid", "root", "--issuer", "acme.example", "--no-passphrase"];
    folder.run(&root).success();
    fs::copy(folder.path("keys/root.public.pem"), folder.path("public_keys/root.public.pem")).unwrap();
    let certify = ["keys", "certify", "k1", "--root", "root", "--use", "license,revocation"];
    folder.run(&[&certify[..], window].concat()).success();
    folder
}

/// Lets a key that is not certified sign lists too.
fn for_lists_too(folder: &Folder, kid: &str) {
    let file = format!("keys/{kid}.json");
    let mut metadata: Value = serde_json::from_str(&folder.read(&file)).unwrap();
    metadata["use"] = json!(["license", "revocation"]);
    folder.write(&file, &metadata.to_string());
}

fn certified(folder: Folder) -> Place {
    Place::of(folder).with("AEGIS_SIGNER", "file:keys/k1.private.pem").with("AEGIS_TRUST", "public_keys")
}

#[test]
fn the_first_start_makes_all_that_is_needed_and_says_so_once() {
    let place = Place::new();
    let server = place.serve();
    let key = server.key.clone().expect("is printed");
    assert_eq!(mode(&place.path("data")), 0o700);
    assert_eq!(mode(&place.path("data/aegis.db")), 0o600);
    let keys = private_keys(&place.path("data/keys"));
    assert_eq!(keys.len(), 1);
    assert_eq!(mode(&place.path("data/keys").join(&keys[0])), 0o600);
    server.add_customer();
    let token = server.issue()["token"].as_str().unwrap().to_owned();
    let verify = ["license", "verify", "--keys", "data/keys", "--module", "m", "--odoo-version", "18.0"];
    place.folder.run_with_input(&verify, &token).success();
    assert!(server.stop("-TERM").success());

    let again = place.serve();
    assert!(again.key.is_none() && !again.output.contains(&key), "{}", again.output);
    assert_eq!(private_keys(&place.path("data/keys")), keys);
    let again = again.with_key(&key);
    assert_eq!(again.get("/api/v1/licenses")["items"].as_array().unwrap().len(), 1);
    let log = fs::read_to_string(place.path("serve.log")).unwrap();
    assert!(!log.contains(&key), "{log}");
}

#[test]
fn a_key_of_the_first_start_is_encrypted_where_there_is_a_passphrase() {
    let place = Place::new().with("AEGIS_PASSPHRASE", "open sesame").with("AEGIS_ISSUER", "acme.example");
    let server = place.serve();
    server.add_customer();
    assert_eq!(server.issue()["issuer"], "acme.example");
    drop(server);
    let keys = private_keys(&place.path("data/keys"));
    let pem = fs::read_to_string(place.path("data/keys").join(&keys[0])).unwrap();
    assert!(pem.contains("ENCRYPTED PRIVATE KEY"), "{pem}");
}

#[test]
fn ctrl_c_and_sigterm_stop_it() {
    for signal in ["-INT", "-TERM"] {
        let place = Place::new();
        let server = place.serve();
        server.add_customer();
        assert!(server.stop(signal).success(), "{signal}");
        place.run(&["audit", "verify"]).success();
    }
}

#[test]
fn it_serves_on_postgresql_with_a_certified_key() {
    let place = certified(with_certified_key(&[])).on_postgres();
    let server = place.serve();
    server.add_customer();
    let issued = server.issue();
    place.folder.customer(issued["bundle"].as_str().unwrap()).success();
    let rows = place.run(&["audit", "verify", "--json"]).success().json();
    assert_eq!(rows["holds"], true);
    assert!(!place.path("data").exists(), "nothing belongs there");
}

#[test]
fn a_port_in_use_is_refused_before_anything_is_made() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::new().with("AEGIS_LISTEN", &taken.local_addr().unwrap().to_string());
    let said = place.does_not_serve("cannot listen on 127.0.0.1:");
    assert!(said.contains("is another server running there?"), "{said}");
    assert!(!place.path("data").exists());
}

#[test]
fn a_data_folder_that_cannot_be_written_is_refused() {
    // Not even root writes there.
    let place = Place::new().with("AEGIS_DATA", "/sys/aegis");
    place.does_not_serve("cannot write /sys/aegis");
}

#[test]
fn a_database_that_is_away_is_refused_without_its_password() {
    let place = Place::new().with("AEGIS_DATABASE_URL", "postgres://aegis:s3cret@127.0.0.1:1/aegis");
    let said = place.does_not_serve("the database does not answer");
    assert!(said.contains("postgres://aegis:***@127.0.0.1:1/aegis") && !said.contains("s3cret"), "{said}");
}

#[test]
fn a_database_without_tables_is_refused_unless_it_is_the_embedded_default() {
    let place = Place::new().with("AEGIS_DATABASE_URL", "sqlite://other.db");
    let said = place.does_not_serve("the tables of the database");
    assert!(said.contains("`aegis migrate`"), "{said}");
    place.run(&["migrate"]).success();
    drop(place.serve());
}

#[test]
fn an_encrypted_key_without_a_passphrase_is_refused() {
    let folder = Folder::empty();
    folder.write("secret.txt", "open sesame\n");
    let generate = ["keys", "generate", "--kid", "k1", "--issuer", "acme.example", "--passphrase-file", "secret.txt"];
    folder.run(&generate).success();
    for_lists_too(&folder, "k1");
    let place = Place::of(folder).with("AEGIS_SIGNER", "file:keys").with("AEGIS_TRUST", "keys");
    place.refuses_to_serve("the private key is encrypted, and no passphrase was given");
    drop(place.with("AEGIS_PASSPHRASE_FILE", "secret.txt").serve());
}

#[test]
fn a_key_that_customers_do_not_trust_is_refused() {
    let folder = with_certified_key(&[]);
    let other = ["keys", "generate", "--kid", "k2", "--issuer", "acme.example", "--no-passphrase", "--dir", "other"];
    folder.run(&other).success();
    let place = Place::of(folder).with("AEGIS_SIGNER", "file:other").with("AEGIS_TRUST", "public_keys");
    let said = place.refuses_to_serve("customers do not trust the signing key \"k2\"");
    assert!(said.contains("AEGIS_TRUST"), "{said}");
}

#[test]
fn keys_whose_time_is_over_are_refused() {
    let place = certified(with_certified_key(&["--from", "2020-01-01", "--until", "2020-12-31"]));
    let said =
        place.refuses_to_serve("it is the time of no signing key for licenses: that of the last ended on 2021-01-01");
    assert!(said.contains("`aegis keys rotate`"), "{said}");
}

#[test]
fn keys_whose_time_has_not_begun_are_refused() {
    let place = certified(with_certified_key(&["--from", "2090-01-01", "--until", "2091-12-31"]));
    place.does_not_serve("that of the next begins on 2090-01-01");
}

/// `/ready` would never be good, and nothing that was revoked would reach customers.
#[test]
fn keys_that_sign_no_revocation_lists_are_refused() {
    let place = certified(Folder::with_roots("license"));
    let said = place.refuses_to_serve("no signing key for revocation lists: none of them is for revocation lists");
    assert!(said.contains("--use license,revocation"), "{said}");
    place.folder.run(&["keys", "certify", "k1", "--root", "root-a", "--use", "license,revocation"]).success();
    drop(place.serve());
}

#[test]
fn a_folder_without_keys_is_refused() {
    let place = Place::new().with("AEGIS_SIGNER", "file:nowhere").with("AEGIS_TRUST", "nowhere");
    place.refuses_to_serve("there is no public key");
}

/// New keys would make all licenses that were issued worthless.
#[test]
fn keys_that_were_lost_are_not_made_anew() {
    let place = Place::new();
    drop(place.serve());
    fs::remove_dir_all(place.path("data/keys")).unwrap();
    let said = place.refuses_to_serve("is in use, but there is no signing key");
    assert!(said.contains("`aegis restore`"), "{said}");
    assert!(!place.path("data/keys").exists());
}

#[test]
fn keys_of_several_issuers_need_a_choice() {
    let folder = Folder::with_key();
    let other = ["keys", "generate", "--kid", "k2", "--issuer", "other.example", "--no-passphrase"];
    folder.run(&other).success();
    for_lists_too(&folder, "k1");
    let place = Place::of(folder).with("AEGIS_SIGNER", "file:keys/k1.private.pem").with("AEGIS_TRUST", "keys");
    let said = place.refuses_to_serve("has keys of several issuers");
    assert!(said.contains("AEGIS_ISSUER"), "{said}");
    let server = place.with("AEGIS_ISSUER", "acme.example").serve();
    server.add_customer();
    assert_eq!(server.issue()["issuer"], "acme.example");
}

#[test]
fn settings_that_cannot_be_are_refused() {
    Place::new().with("AEGIS_LISTEN", "8750").refuses_to_serve("AEGIS_LISTEN");
    Place::new().with("AEGIS_CONFIG", "nowhere.toml").refuses_to_serve("cannot read the settings");
}

/// Tokens lock themselves after a few wrong PINs.
#[test]
fn a_pin_that_the_token_refuses_is_refused() {
    let Ok(module) = env::var("AEGIS_TEST_PKCS11_MODULE") else { return };
    let folder = Folder::with_key();
    let label = format!("cli {}", std::process::id());
    let pins = ["--pin", "4711-4711", "--so-pin", "0815-0815"];
    let made = folder.tool("softhsm2-util", &[&["--init-token", "--free", "--label", &label][..], &pins].concat());
    assert!(made.status.success(), "{made:?}");
    let address = format!("pkcs11:token={};object=k1?module-path={module}", label.replace(' ', "%20"));
    let place = Place::of(folder).with("AEGIS_SIGNER", &address).with("AEGIS_TRUST", "keys");
    let place = place.with("AEGIS_PKCS11_PIN", "1234-1234");
    place.run(&["migrate"]).success();
    place.refuses_to_serve("the PIN of the token is not accepted");
    // Nothing is wrong with a token that is not plugged in.
    let away = place.with("AEGIS_SIGNER", &address.replace("cli", "away"));
    away.does_not_serve("there is no such token");
}

/// As docs/runbooks.md has it: a key beside the one that does not answer, and a restart.
#[test]
fn a_key_that_is_away_is_left_out_while_another_signs() {
    let away = "vault:transit/licenses?version=1";
    let place = certified(with_certified_key(&[]))
        .with("VAULT_ADDR", "http://127.0.0.1:1")
        .with("VAULT_TOKEN", "x")
        .with("AEGIS_SIGNER", &format!("{away} file:keys/k1.private.pem"));
    let server = place.serve();
    server.add_customer();
    server.issue();
    let log = place.folder.read("serve.log");
    assert!(log.contains("warning: a signing key is left out") && log.contains("Vault cannot be reached"), "{log}");
    drop(server);
    let text = place.run(&["doctor"]).code(1).stdout();
    assert!(text.contains("error  signer: Vault cannot be reached") && text.contains("ok     signer: "), "{text}");
    // Alone, and beside one that may not sign: it may come back.
    place.with("AEGIS_SIGNER", away).does_not_serve("Vault cannot be reached");
}

#[test]
fn a_damaged_database_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path("data")).unwrap();
    place.folder.write("data/aegis.db", &"this is no database ".repeat(1000));
    place.does_not_serve("file is not a database");
}

/// As docs/deploy.md has it: the tables and the first API key before the first start.
#[test]
fn a_database_that_was_prepared_gets_keys_but_no_second_administrator() {
    let place = Place::new();
    place.run(&["migrate"]).success();
    let add = ["api-keys", "add", "--name", "administrator", "--scope", "issue,read,revoke,admin", "--json"];
    let made = place.run(&add).success().json();
    let server = place.serve();
    assert!(server.key.is_none(), "{}", server.output);
    let server = server.with_key(made["key"].as_str().unwrap());
    server.add_customer();
    server.issue();
}
