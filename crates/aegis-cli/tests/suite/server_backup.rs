//! `aegis backup` and `aegis restore`, as one rehearses them.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command as Process;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant, SystemTime};

use crate::common::server::Place;
use crate::common::{self, Folder};
use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;

/// A recipient, whose identity is in the file `identity.txt`.
fn recipient(place: &Place, file: &str) -> String {
    let identity = Identity::generate();
    place.folder.write(file, &format!("# made for a test\n{}\n", identity.to_string().expose_secret()));
    identity.to_public().to_string()
}

fn backup(place: &Place) {
    let recipient = recipient(place, "identity.txt");
    place.run(&["backup", "--to", "kept.age", "--recipient", &recipient]).success();
}

fn restore(place: &Place, into: &str) -> common::Ran {
    place.run(&["restore", "--from", "kept.age", "--identity", "identity.txt", "--into", into])
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_destroyed_comes_back_and_goes_on() {
    let place = Place::new();
    let server = place.serve();
    let key = server.key.clone().unwrap();
    server.add_customer();
    let before = server.issue();
    let rows = place.run(&["audit", "verify", "--json"]).success().json();
    // While the server runs.
    backup(&place);
    assert_eq!(mode(&place.path("kept.age")), 0o600);
    drop(server);
    fs::remove_dir_all(place.path("data")).unwrap();

    let said = restore(&place, "data").success().stdout();
    assert!(said.contains("AEGIS_DATA=data aegis serve"), "{said}");
    assert_eq!(mode(&place.path("data")), 0o700);
    assert_eq!(mode(&place.path("data/aegis.db")), 0o600);
    let hash = rows["last_hash"].as_str().unwrap();
    place.run(&["audit", "verify", "--expect-hash", hash]).success();
    let server = place.serve();
    assert!(server.key.is_none(), "{}", server.output);
    let server = server.with_key(&key);
    let id = before["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/api/v1/licenses/{id}/token"))["token"], before["token"]);
    let token = server.issue()["token"].as_str().unwrap().to_owned();
    let verify = ["license", "verify", "--keys", "data/keys", "--module", "m", "--odoo-version", "18.0"];
    place.folder.run_with_input(&verify, &token).success();
    place.run(&["audit", "verify", "--expect-hash", hash]).success();
}

#[test]
fn certificates_and_trust_are_kept_and_postgresql_is_left_to_pg_dump() {
    let place = Place::of(Folder::with_roots("license,revocation"))
        .with("AEGIS_SIGNER", "file:keys/k1.private.pem")
        .with("AEGIS_TRUST", "public_keys")
        .on_postgres();
    let recipient = recipient(&place, "identity.txt");
    let said = place.run(&["backup", "--to", "kept.age", "--recipient", &recipient]).success().stdout();
    assert!(said.contains("The database is NOT in it") && said.contains("pg_dump"), "{said}");
    restore(&place, "back").success();
    for (kept, original) in [
        ("back/keys/k1.private.pem", "keys/k1.private.pem"),
        ("back/keys/k1.certificate", "keys/k1.certificate"),
        ("back/trust/keyring.toml", "public_keys/keyring.toml"),
        ("back/trust/root-b.public.pem", "public_keys/root-b.public.pem"),
    ] {
        assert_eq!(place.folder.read(kept), place.folder.read(original), "{kept}");
    }
    assert_eq!(mode(&place.path("back/keys/k1.private.pem")), 0o600);
    let place = place.with("AEGIS_SIGNER", "file:back/keys/k1.private.pem").with("AEGIS_TRUST", "back/trust");
    drop(place.serve());
}

/// As on a machine where everything is in `/etc/aegis`.
#[test]
fn what_lies_beside_the_keys_is_left_out_and_named() {
    let folder = Folder::with_roots("license,revocation");
    for (name, text) in [("keys/passphrase", "hush"), ("keys/aegis.toml", "log = \"info\""), ("keys/other.json", "{}")]
    {
        folder.write(name, text);
    }
    let place = Place::of(folder).with("AEGIS_SIGNER", "file:keys/k1.private.pem").with("AEGIS_TRUST", "public_keys");
    drop(place.serve());
    let recipient = recipient(&place, "identity.txt");
    let said = place.run(&["backup", "--to", "kept.age", "--recipient", &recipient]).success().stdout();
    restore(&place, "back").success();
    for name in ["passphrase", "aegis.toml", "other.json"] {
        assert!(!place.path(&format!("back/keys/{name}")).exists(), "{name}");
        assert!(said.contains(&format!("Left out, for it is no file of a key: keys/{name}")), "{said}");
    }
    for name in ["k1.private.pem", "k1.public.pem", "k1.json", "k1.certificate"] {
        assert!(place.path(&format!("back/keys/{name}")).exists(), "{name}");
    }
    let place = place
        .with("AEGIS_DATA", "back")
        .with("AEGIS_SIGNER", "file:back/keys/k1.private.pem")
        .with("AEGIS_TRUST", "back/trust");
    drop(place.serve());
}

/// Its name says nothing, but the settings do.
#[test]
fn a_key_of_any_name_is_kept_when_it_is_named() {
    let folder = Folder::with_roots("license,revocation");
    fs::rename(folder.path("keys/k1.private.pem"), folder.path("keys/signing.pem")).unwrap();
    let place = Place::of(folder).with("AEGIS_SIGNER", "file:keys/signing.pem").with("AEGIS_TRUST", "public_keys");
    place.run(&["migrate"]).success();
    backup(&place);
    restore(&place, "back").success();
    assert_eq!(place.folder.read("back/keys/signing.pem"), place.folder.read("keys/signing.pem"));
}

#[test]
fn several_recipients_can_open_it() {
    let place = Place::new();
    drop(place.serve());
    let (one, other) = (recipient(&place, "identity.txt"), recipient(&place, "other.txt"));
    place.run(&["backup", "--to", "kept.age", "--recipient", &one, "--recipient", &other]).success();
    for identity in ["identity.txt", "other.txt"] {
        let into = format!("from-{identity}");
        place.run(&["restore", "--from", "kept.age", "--identity", identity, "--into", &into]).success();
    }
}

#[test]
fn nothing_secret_is_readable_in_it() {
    let place = Place::new();
    drop(place.serve());
    backup(&place);
    let bytes = fs::read(place.path("kept.age")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.starts_with("age-encryption.org/v1") && !text.contains("PRIVATE KEY") && !text.contains("SQLite"));
}

#[test]
fn a_backup_overwrites_nothing() {
    let place = Place::new();
    drop(place.serve());
    backup(&place);
    let recipient = recipient(&place, "other.txt");
    place.run(&["backup", "--to", "kept.age", "--recipient", &recipient]).fails_with("kept.age exists already");
}

#[test]
fn a_backup_leaves_no_copy_of_the_database_behind() {
    let place = Place::new();
    drop(place.serve());
    backup(&place);
    let names: Vec<String> = fs::read_dir(place.path("data"))
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| name == "keys" || name.starts_with("aegis.db")), "{names:?}");
}

/// What begins like a hidden folder of ours, or a file that is not whole.
fn leftovers(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_mins(1), "{what}");
        sleep(Duration::from_millis(5));
    }
}

/// Starts a command, which is ended by a signal once `is_so`; then `after` is done.
fn terminated(place: &Place, arguments: &[&str], is_so: impl FnMut() -> bool, after: impl FnOnce()) -> Option<i32> {
    let mut command = Process::new(env!("CARGO_BIN_EXE_aegis"));
    command.current_dir(place.path("")).env("AEGIS_DATA", "data").env_remove("AEGIS_PASSPHRASE").args(arguments);
    let mut child = command.spawn().unwrap();
    wait_for("it does not begin", is_so);
    assert!(Process::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    after();
    child.wait().unwrap().code()
}

#[test]
fn a_backup_that_is_ended_by_a_signal_leaves_nothing_behind() {
    let place = Place::new();
    drop(place.serve());
    // It takes a while to encrypt.
    File::create(place.path("data/keys/large.certificate")).unwrap().set_len(4 << 30).unwrap();
    let recipient = recipient(&place, "identity.txt");
    let begun = || {
        let sizes = leftovers(&place.path("")).into_iter().map(|name| fs::metadata(place.path(&name)));
        !leftovers(&place.path("data")).is_empty() && sizes.flatten().any(|file| file.len() > 0)
    };
    let code = terminated(&place, &["backup", "--to", "kept.age", "--recipient", &recipient], begun, || ());
    assert_eq!(code, Some(130));
    assert_eq!(leftovers(&place.path("data")), [""; 0]);
    assert_eq!(leftovers(&place.path("")), [""; 0]);
    assert!(!place.path("kept.age").exists());
}

#[test]
fn a_restore_that_is_ended_by_a_signal_leaves_nothing_behind() {
    let place = Place::new();
    drop(place.serve());
    backup(&place);
    let whole = fs::read(place.path("kept.age")).unwrap();
    assert!(place.folder.tool("mkfifo", &["slow.age"]).status.success());
    let (first, rest) = whole.split_at(whole.len() - 1000);
    let mut slow = OpenOptions::new().read(true).write(true).open(place.path("slow.age")).unwrap();
    let first = first.to_owned();
    // More than a pipe holds.
    let feeding = spawn(move || slow.write_all(&first).map(|()| slow).unwrap());
    let begun = || feeding.is_finished() && !leftovers(&place.path("")).is_empty();
    let arguments = ["restore", "--from", "slow.age", "--identity", "identity.txt", "--into", "back"];
    let finish = || drop(fs::write(place.path("slow.age"), rest));
    assert_eq!(terminated(&place, &arguments, begun, finish), Some(130));
    assert_eq!(leftovers(&place.path("")), [""; 0]);
    assert!(!place.path("back").exists());
}

#[test]
fn what_a_killed_backup_has_left_is_removed_by_the_next() {
    let place = Place::new();
    drop(place.serve());
    for (name, hours) in [("old", 48), ("new", 1)] {
        let folder = place.path(&format!("data/.aegis-unfinished-{name}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("aegis.db"), "secret").unwrap();
        let modified = SystemTime::now() - Duration::from_hours(hours);
        File::open(&folder).unwrap().set_modified(modified).unwrap();
    }
    backup(&place);
    assert_eq!(leftovers(&place.path("data")), [".aegis-unfinished-new"]);
}

#[test]
fn a_restore_overwrites_nothing() {
    let place = Place::new();
    drop(place.serve());
    backup(&place);
    restore(&place, "data").fails_with("data is not empty, and nothing is overwritten");
}

#[test]
fn somebody_elses_identity_opens_nothing_and_leaves_nothing() {
    let place = Place::new();
    drop(place.serve());
    backup(&place);
    recipient(&place, "identity.txt");
    restore(&place, "back").fails_with("cannot restore kept.age");
    assert!(!place.path("back").exists());
}

#[test]
fn a_backup_that_was_cut_or_changed_is_refused_and_leaves_nothing() {
    let place = Place::new();
    drop(place.serve());
    backup(&place);
    let whole = fs::read(place.path("kept.age")).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for bytes in [&whole[..whole.len() - 1], &whole[..whole.len() - 20_000], &whole[..100], &changed[..]] {
        fs::write(place.path("kept.age"), bytes).unwrap();
        restore(&place, "back").fails_with("cannot restore kept.age");
        assert!(!place.path("back").exists());
    }
}

#[test]
fn what_is_no_recipient_or_identity_is_refused() {
    let place = Place::new();
    drop(place.serve());
    let ran = place.run(&["backup", "--to", "kept.age", "--recipient", "age1nobody"]).code(2);
    assert!(ran.stderr().contains("`age-keygen`"), "{}", ran.stderr());
    backup(&place);
    place.folder.write("identity.txt", "AGE-SECRET-KEY-1NOTHING\n");
    let ran = restore(&place, "back");
    assert!(!ran.stderr().contains("1NOTHING"), "{}", ran.stderr());
    ran.fails_with("is no age identity");
}
