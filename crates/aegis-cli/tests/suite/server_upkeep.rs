//! `aegis migrate`, `api-keys`, `audit` and `doctor`.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::thread::sleep;
use std::time::Duration;

use crate::common::Folder;
use crate::common::server::{Place, client};
use serde_json::{Value, json};

fn migrated() -> Place {
    let place = Place::new();
    place.run(&["migrate"]).success();
    place
}

/// Runs a statement on the embedded database, past the server.
fn sql(place: &Place, statement: &str) {
    let script = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.executescript(sys.argv[2]); d.commit()";
    let output = place.folder.tool("python3", &["-c", script, "data/aegis.db", statement]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn check(answer: &Value, name: &str) -> Value {
    let checks = answer["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).cloned().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

mod migrate {
    use super::*;

    #[test]
    fn check_tells_what_is_to_be_done_and_makes_nothing() {
        let place = Place::new();
        let ran = place.run(&["migrate", "--check"]).code(1);
        assert!(ran.stdout().contains("the database is not there yet"), "{}", ran.stdout());
        assert!(!place.path("data").exists());
        fs::create_dir(place.path("data")).unwrap();
        place.folder.write("data/aegis.db", "");
        let ran = place.run(&["migrate", "--check"]).code(1);
        assert!(ran.stdout().contains("to be done: `aegis migrate`"), "{}", ran.stdout());
        let done = place.run(&["migrate", "--json"]).success().json();
        assert!(done["done"].as_u64().unwrap() > 0, "{done}");
        assert_eq!(place.run(&["migrate", "--check", "--json"]).success().json(), json!({ "done": 0, "pending": 0 }));
        assert_eq!(place.run(&["migrate", "--json"]).success().json(), json!({ "done": 0, "pending": 0 }));
    }

    #[test]
    fn it_works_on_postgresql() {
        let place = Place::new().on_postgres();
        place.run(&["migrate"]).success();
        place.run(&["migrate", "--check"]).success();
    }

    #[test]
    fn tables_of_a_newer_version_are_refused() {
        let place = migrated();
        sql(&place, "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_later', 0)");
        place.run(&["migrate"]).fails_with("the database does not fit this version");
        place.run(&["api-keys", "list"]).fails_with("the database does not fit this version");
    }
}

mod api_keys {
    use super::*;

    #[test]
    fn a_key_is_shown_once_and_opens_what_its_scopes_say() {
        let place = Place::new();
        let server = place.serve();
        let made = place.run(&["api-keys", "add", "--name", "shop", "--scope", "read", "--json"]).success().json();
        let key = made["key"].as_str().unwrap();
        let url = |path: &str| format!("{}/api/v1{path}", server.url);
        let status =
            |request: reqwest::blocking::RequestBuilder| request.bearer_auth(key).send().unwrap().status().as_u16();
        assert_eq!(status(client().get(url("/licenses"))), 200);
        assert_eq!(status(client().get(url("/admin/api-keys"))), 403);
        let id = made["api_key"]["id"].as_str().unwrap();
        let listed = place.run(&["api-keys", "list"]).success().stdout();
        assert!(listed.contains(id) && listed.contains("shop") && !listed.contains(key), "{listed}");
        // Who has the key at hand may name it whole.
        place.run(&["api-keys", "revoke", key]).success();
        // The server believes for a second what it has read of a key.
        sleep(Duration::from_millis(1100));
        assert_eq!(status(client().get(url("/licenses"))), 401);
        let listed = place.run(&["api-keys", "list", "--json"]).success().json();
        let mine = listed.as_array().unwrap().iter().find(|key| key["id"] == id).unwrap();
        assert!(mine["revoked_at"].is_string(), "{mine}");
        let log = server.get("/api/v1/admin/audit-logs");
        let actions: Vec<&Value> = log["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["actor"] == "command line")
            .map(|row| &row["action"])
            .collect();
        assert_eq!(actions, ["api_key.revoke", "api_key.add", "api_key.add"]);
    }

    #[test]
    fn a_key_may_end() {
        let place = migrated();
        let add = ["api-keys", "add", "--name", "x", "--scope", "read,issue", "--json", "--expires"];
        let made = place.run(&[&add[..], &["2099-12-31"]].concat()).success().json();
        assert_eq!(made["api_key"]["expires_at"], "2100-01-01T00:00:00Z");
        assert_eq!(made["api_key"]["scopes"], json!(["issue", "read"]));
        let ran = place.run(&[&add[..], &["2020-01-01"]].concat()).code(2);
        assert!(ran.stderr().contains("would have ended already"), "{}", ran.stderr());
    }

    #[test]
    fn an_unknown_scope_or_a_long_name_is_refused() {
        let place = migrated();
        let ran = place.run(&["api-keys", "add", "--name", "x", "--scope", "write"]).code(2);
        assert!(ran.stderr().contains("write issue, read, revoke or admin"), "{}", ran.stderr());
        let ran = place.run(&["api-keys", "add", "--name", &"x".repeat(101), "--scope", "read"]).code(2);
        assert!(ran.stderr().contains("1 to 100 characters"), "{}", ran.stderr());
        place.run(&["api-keys", "add", "--name", "x"]).code(2);
    }

    #[test]
    fn an_unknown_key_cannot_be_revoked() {
        migrated().run(&["api-keys", "revoke", "aegis_nobody"]).fails_with("there is no API key \"aegis_nobody\"");
    }

    #[test]
    fn a_database_that_is_not_there_is_not_made() {
        let place = Place::new();
        place.run(&["api-keys", "list"]).fails_with("there is no database at data/aegis.db");
        assert!(!place.path("data").exists());
    }
}

mod audit {
    use super::*;

    fn with_rows() -> Place {
        let place = migrated();
        for name in ["a", "b", "c"] {
            place.run(&["api-keys", "add", "--name", name, "--scope", "read"]).success();
        }
        place
    }

    #[test]
    fn a_log_that_holds_is_known_again_by_its_hash() {
        let place = with_rows();
        let first = place.run(&["audit", "verify", "--json"]).success().json();
        assert_eq!((first["holds"].clone(), first["rows"].clone()), (json!(true), json!(3)));
        let hash = first["last_hash"].as_str().unwrap();
        place.run(&["api-keys", "add", "--name", "d", "--scope", "read"]).success();
        let ran = place.run(&["audit", "verify", "--expect-hash", hash]).success();
        assert!(ran.stdout().contains("found, in row 3"), "{}", ran.stdout());
        let other = "0".repeat(64);
        place.run(&["audit", "verify", "--expect-hash", &other]).fails_with("no row has the expected hash");
        place.run(&["audit", "verify", "--expect-hash", &other, "--json"]).code(1);
        place.run(&["audit", "verify", "--expect-hash", "abc"]).code(2);
    }

    #[test]
    fn a_row_that_was_changed_is_named() {
        let place = with_rows();
        sql(&place, "DROP TRIGGER audit_log_update; UPDATE audit_log SET actor = 'nobody' WHERE seq = 2");
        place.run(&["audit", "verify"]).fails_with("the audit log is broken at row 2: it was changed");
        let answer = place.run(&["audit", "verify", "--json"]).code(1).json();
        assert_eq!(answer, json!({ "holds": false, "broken_row": 2, "problem": "it was changed" }));
    }

    #[test]
    fn a_row_that_is_missing_is_named() {
        let place = with_rows();
        sql(&place, "DROP TRIGGER audit_log_delete; DELETE FROM audit_log WHERE seq = 3");
        place.run(&["audit", "verify"]).fails_with("the audit log is broken at row 3: it is missing");
    }
}

mod doctor {
    use super::*;

    #[test]
    fn a_healthy_server_has_no_errors() {
        let place = Place::new();
        drop(place.serve());
        let answer = place.run(&["doctor", "--json"]).success().json();
        for name in ["database", "migrations", "clock", "trust", "signer", "window"] {
            assert_eq!(check(&answer, name)["state"], "ok", "{answer}");
        }
        assert_eq!(answer["ok"], true);
        let text = place.run(&["doctor"]).success().stdout();
        assert!(text.contains("Settings (no file)") && text.contains("ok     signer: server-"), "{text}");
        // The key of the first start is not encrypted.
        assert!(text.contains("warn   files:") && text.contains("the private key is not encrypted"), "{text}");
    }

    #[test]
    fn on_postgresql_the_clock_of_the_server_is_asked() {
        let place = Place::new().on_postgres();
        drop(place.serve());
        let answer = place.run(&["doctor", "--json"]).success().json();
        assert_eq!(check(&answer, "clock")["state"], "ok", "{answer}");
    }

    #[test]
    fn a_missing_database_is_an_error() {
        let answer = Place::new().run(&["doctor", "--json"]).code(1).json();
        assert_eq!(check(&answer, "database")["state"], "error");
        assert_eq!(check(&answer, "trust")["state"], "error");
        assert!(check(&answer, "database")["remedy"].as_str().unwrap().contains("aegis migrate"));
    }

    #[test]
    fn pending_migrations_are_an_error() {
        let place = Place::new();
        fs::create_dir(place.path("data")).unwrap();
        place.folder.write("data/aegis.db", "");
        let answer = place.run(&["doctor", "--json"]).code(1).json();
        assert_eq!(check(&answer, "migrations")["state"], "error", "{answer}");
    }

    #[test]
    fn a_clock_behind_the_newest_license_is_an_error() {
        let place = Place::new();
        let server = place.serve();
        server.add_customer();
        server.issue();
        drop(server);
        sql(&place, "UPDATE licenses SET issued_at = '2099-01-01T00:00:00+00:00'");
        let answer = place.run(&["doctor", "--json"]).code(1).json();
        assert!(check(&answer, "clock")["message"].as_str().unwrap().contains("the clock is slow"), "{answer}");
    }

    #[test]
    fn a_key_that_customers_do_not_trust_is_an_error() {
        let place = Place::new();
        drop(place.serve());
        place.folder.run(&["keys", "generate", "--kid", "k1", "--issuer", "aegis.local", "--no-passphrase"]).success();
        let place = place.with("AEGIS_TRUST", "keys");
        let answer = place.run(&["doctor", "--json"]).code(1).json();
        assert!(check(&answer, "signer")["message"].as_str().unwrap().contains("customers do not trust"), "{answer}");
    }

    /// The public key of another: what is signed does not verify.
    #[test]
    fn a_key_that_was_mixed_up_is_an_error() {
        let place = Place::new();
        for dir in ["one", "other"] {
            let generate =
                ["keys", "generate", "--kid", "k1", "--issuer", "a.example", "--no-passphrase", "--dir", dir];
            place.folder.run(&generate).success();
        }
        let place = place.with("AEGIS_SIGNER", "file:one").with("AEGIS_TRUST", "other");
        let answer = place.run(&["doctor", "--json"]).code(1).json();
        assert!(check(&answer, "signer")["message"].as_str().unwrap().contains("does not verify"), "{answer}");
    }

    #[test]
    fn a_window_that_ends_soon_is_a_warning() {
        let folder = Folder::with_roots("license");
        let soon = chrono::Utc::now() + chrono::Duration::days(7);
        let until = soon.format("%Y-%m-%d").to_string();
        fs::remove_file(folder.path("keys/k1.certificate")).unwrap();
        let certify = ["keys", "certify", "k1", "--root", "root-a", "--use", "license,revocation", "--until", &until];
        folder.run(&certify).success();
        let place =
            Place::of(folder).with("AEGIS_SIGNER", "file:keys/k1.private.pem").with("AEGIS_TRUST", "public_keys");
        place.run(&["migrate"]).success();
        let answer = place.run(&["doctor", "--json"]).success().json();
        let window = check(&answer, "window");
        assert_eq!(window["state"], "warn", "{answer}");
        assert!(window["remedy"].as_str().unwrap().contains("aegis keys rotate"), "{answer}");
    }

    /// It would read the token, which goes without TLS.
    #[test]
    fn no_proxy_hears_what_vault_is_told_without_tls() {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        proxy.set_nonblocking(true).unwrap();
        let address = format!("http://{}", proxy.local_addr().unwrap());
        let place = Place::of(Folder::with_key())
            .with("AEGIS_SIGNER", "vault:transit/licenses?version=1#k1")
            .with("AEGIS_TRUST", "keys")
            .with("VAULT_ADDR", "http://127.0.0.1:1")
            .with("VAULT_TOKEN", "hush")
            .with("HTTP_PROXY", &address)
            .with("http_proxy", &address)
            .with("ALL_PROXY", &address)
            .with("NO_PROXY", "");
        let answer = place.run(&["doctor", "--json"]).code(1).json();
        assert!(check(&answer, "signer")["message"].as_str().unwrap().contains("Vault cannot be reached"), "{answer}");
        assert_eq!(proxy.accept().err().map(|error| error.kind()), Some(ErrorKind::WouldBlock));
    }

    #[test]
    fn a_key_that_signs_no_revocation_lists_is_an_error() {
        let folder = Folder::with_roots("license");
        let place =
            Place::of(folder).with("AEGIS_SIGNER", "file:keys/k1.private.pem").with("AEGIS_TRUST", "public_keys");
        place.run(&["migrate"]).success();
        let text = place.run(&["doctor"]).code(1).stdout();
        assert!(text.contains("error  signer: no key may sign revocation lists now"), "{text}");
        assert!(text.contains("--use license,revocation"), "{text}");
    }

    #[test]
    fn a_window_that_is_over_is_an_error() {
        let folder = Folder::with_roots("license");
        fs::remove_file(folder.path("keys/k1.certificate")).unwrap();
        let window = ["--from", "2020-01-01", "--until", "2020-12-31"];
        folder.run(&[&["keys", "certify", "k1", "--root", "root-a"][..], &window].concat()).success();
        let place =
            Place::of(folder).with("AEGIS_SIGNER", "file:keys/k1.private.pem").with("AEGIS_TRUST", "public_keys");
        let text = place.run(&["doctor"]).code(1).stdout();
        assert!(text.contains("no key may sign licenses now"), "{text}");
    }

    #[test]
    fn files_that_others_can_read_are_warned_of() {
        let place = Place::new();
        drop(place.serve());
        fs::set_permissions(place.path("data"), fs::Permissions::from_mode(0o755)).unwrap();
        let text = place.run(&["doctor"]).success().stdout();
        assert!(text.contains("warn   files: others may read data (mode 0755)"), "{text}");
        assert!(text.contains("help: `chmod o=,g-w data`"), "{text}");
        fs::set_permissions(place.path("data"), fs::Permissions::from_mode(0o770)).unwrap();
        let text = place.run(&["doctor"]).success().stdout();
        assert!(text.contains("warn   files: its group may write data (mode 0770)"), "{text}");
    }

    /// As docs/deploy.md installs it: the server is in its group, and would not start without.
    #[test]
    fn settings_that_the_group_of_the_server_reads_are_as_they_should_be() {
        let place = Place::new().with("AEGIS_CONFIG", "aegis.toml");
        place.folder.write("aegis.toml", "database_url = \"sqlite://data/aegis.db\"\n");
        let warned = |mode| {
            fs::set_permissions(place.path("aegis.toml"), fs::Permissions::from_mode(mode)).unwrap();
            place.run(&["doctor"]).stdout().contains("aegis.toml (mode")
        };
        assert_eq!([0o640, 0o600, 0o644, 0o660].map(warned), [false, false, true, true]);
    }

    #[test]
    fn quick_asks_the_running_server() {
        let place = Place::new();
        let server = place.serve();
        let address = server.address().to_owned();
        let place = place.with("AEGIS_LISTEN", &address);
        let ran = place.run(&["doctor", "--quick"]).success();
        assert!(ran.stdout().contains("is ready"), "{}", ran.stdout());
        drop(server);
        let ran = place.run(&["doctor", "--quick"]).code(1);
        assert!(ran.stdout().contains("does not answer"), "{}", ran.stdout());
        assert_eq!(place.run(&["doctor", "--quick", "--json"]).code(1).json()["ok"], false);
    }
}
