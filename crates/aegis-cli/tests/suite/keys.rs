//! `aegis keys`

use crate::common::{self, Folder, KEY};

const GENERATE: [&str; 6] = ["keys", "generate", "--kid", "k1", "--issuer", "acme.example"];

fn generate(folder: &Folder, more: &[&str]) -> common::Ran {
    folder.run(&[&GENERATE, more].concat())
}

/// Encrypts the key of a folder with few iterations, as another tool would, so that opening it takes no time.
fn encrypt_cheaply(folder: &Folder) {
    let new =
        ["-in", KEY, "-topk8", "-v2", "aes-256-cbc", "-iter", "1000", "-passout", "pass:secret", "-out", "new.pem"];
    folder.openssl(&[&["pkcs8"], &new[..]].concat());
    std::fs::copy(folder.path("new.pem"), folder.path(KEY)).unwrap();
}

#[test]
fn generate_writes_three_files_and_prints_the_keyring_lines() {
    let folder = Folder::empty();
    let ran = generate(&folder, &["--no-passphrase"]).success();
    assert!(ran.stdout().contains("[k1]\nissuer = \"acme.example\"\n# modules = ["), "{}", ran.stdout());
    assert!(ran.stdout().contains("a folder of its own, named by AEGIS_PUBLIC_KEYS"), "{}", ran.stdout());
    assert!(ran.stderr().contains("warning: the private key is not encrypted"));
    for name in [KEY, "keys/k1.public.pem", "keys/k1.json"] {
        assert!(folder.path(name).is_file(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_generated_private_key_is_0600_and_its_public_files_0644() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::with_key();
    let mode = |name| std::fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(KEY), mode("keys/k1.public.pem"), mode("keys/k1.json")], [0o600, 0o644, 0o644]);
}

#[test]
fn generate_never_overwrites() {
    let folder = Folder::with_key();
    let before = folder.read(KEY);
    generate(&folder, &["--no-passphrase"]).fails_with("exists already");
    std::fs::remove_file(folder.path(KEY)).unwrap();
    generate(&folder, &["--no-passphrase"]).fails_with("k1.public.pem exists already");
    assert!(!folder.path(KEY).exists());
    assert!(before.contains("PRIVATE KEY"));
}

#[test]
fn generate_encrypts_by_default_and_takes_the_passphrase_from_file_or_environment() {
    let folder = Folder::empty();
    folder.write("secret.txt", "from file\nsecond line\n");
    generate(&folder, &["--passphrase-file", "secret.txt"]).success();
    assert!(folder.read(KEY).starts_with(concat!("-----BEGIN ENCRYPTED ", "PRIVATE KEY-----")));
    folder.openssl(&["pkey", "-in", KEY, "-passin", "pass:from file", "-noout"]);
    let mut command = folder.aegis(&["keys", "generate", "--kid", "k2", "--issuer", "acme.example"]);
    command.env("AEGIS_PASSPHRASE", "from environment").assert().success();
    folder.openssl(&["pkey", "-in", "keys/k2.private.pem", "-passin", "pass:from environment", "-noout"]);
}

#[test]
fn generate_refuses_an_empty_passphrase() {
    let folder = Folder::empty();
    folder.write("secret.txt", "\n");
    generate(&folder, &["--passphrase-file", "secret.txt"]).fails_with("the passphrase is empty");
    assert!(!folder.path("keys").exists());
}

#[test]
fn generate_refuses_a_key_id_that_is_no_file_name() {
    let folder = Folder::empty();
    for kid in ["../k1", "a/b", ".k", "", "a b"] {
        let ran = folder.run(&["keys", "generate", "--kid", kid, "--issuer", "a", "--no-passphrase"]).code(2);
        assert!(ran.stderr().contains("cannot be a key id"), "{}", ran.stderr());
    }
}

#[test]
fn generate_answers_in_json() {
    let answer = generate(&Folder::empty(), &["--no-passphrase", "--json"]).success().json();
    assert_eq!(answer["key"]["kid"], "k1");
    assert_eq!(answer["files"]["private"], KEY);
}

#[test]
fn no_passphrase_and_a_passphrase_exclude_each_other() {
    generate(&Folder::empty(), &["--no-passphrase", "--passphrase-file", "x"]).code(2);
}

#[test]
fn show_tells_whose_a_key_is_and_nothing_secret() {
    let folder = Folder::with_key();
    for path in ["keys", KEY, "keys/k1.public.pem"] {
        let ran = folder.run(&["keys", "show", path]).success();
        assert!(ran.stdout().contains("acme.example") && ran.stdout().contains("NOT encrypted"), "{}", ran.stdout());
    }
    let answer = folder.run(&["keys", "show", "--json"]).success().json();
    assert_eq!(answer[0]["kid"], "k1");
    assert_eq!(answer[0]["use"], serde_json::json!(["license"]));
    folder.run(&["keys", "show", "nowhere"]).fails_with("there is no key at nowhere");
}

#[test]
fn check_finds_a_good_key_good() {
    let ran = Folder::with_key().run(&["keys", "check"]).success();
    assert!(ran.stdout().contains("private and public key belong together"), "{}", ran.stdout());
    assert!(ran.stdout().contains("warning"), "{}", ran.stdout());
}

#[test]
fn check_warns_of_weak_parameters_with_and_without_the_passphrase() {
    let folder = Folder::with_key();
    encrypt_cheaply(&folder);
    let ran = folder.run(&["keys", "check", KEY]).success();
    assert!(ran.stdout().contains("only 1000 PBKDF2 iterations"), "{}", ran.stdout());
    assert!(ran.stdout().contains("was not opened"), "{}", ran.stdout());
    folder.write("secret.txt", "secret");
    let ran = folder.run(&["keys", "check", KEY, "--passphrase-file", "secret.txt"]).success();
    assert!(ran.stdout().contains("only 1000 PBKDF2 iterations"), "{}", ran.stdout());
    assert!(ran.stdout().contains("belong together"), "{}", ran.stdout());
}

#[test]
fn check_says_so_when_the_passphrase_is_wrong() {
    let folder = Folder::with_key();
    encrypt_cheaply(&folder);
    folder.write("secret.txt", "sesame");
    let ran = folder.run(&["keys", "check", KEY, "--passphrase-file", "secret.txt"]).code(1);
    assert!(ran.stdout().contains("the passphrase does not open this private key"), "{}", ran.stdout());
    assert!(!ran.stdout().contains("sesame") && !ran.stderr().contains("sesame"));
}

#[test]
fn check_finds_halves_that_do_not_belong_together() {
    let folder = Folder::with_key();
    folder.run(&["keys", "generate", "--kid", "k2", "--issuer", "acme.example", "--no-passphrase"]).success();
    std::fs::copy(folder.path("keys/k2.public.pem"), folder.path("keys/k1.public.pem")).unwrap();
    let ran = folder.run(&["keys", "check"]).code(1);
    assert!(ran.stdout().contains("do not belong together"), "{}", ran.stdout());
    assert!(ran.stdout().contains("the metadata belongs to another key"), "{}", ran.stdout());
}

#[test]
fn check_reads_the_keyring_of_the_folder() {
    let folder = Folder::with_key();
    std::fs::create_dir(folder.path("public_keys")).unwrap();
    std::fs::copy(folder.path("keys/k1.public.pem"), folder.path("public_keys/k1.public.pem")).unwrap();
    folder.write("public_keys/keyring.toml", "[\"k1\"]\nissuer = \"acme.example\"\n");
    let ran = folder.run(&["keys", "check", "public_keys"]).success();
    assert!(ran.stdout().contains("the keyring can be read"), "{}", ran.stdout());
    folder.write("public_keys/keyring.toml", "[\"k2\"]\nissuer = \"acme.example\"\n");
    let ran = folder.run(&["keys", "check", "public_keys", "--json"]).code(1);
    assert!(ran.stdout().contains("keyring.toml"), "{}", ran.stdout());
}

#[test]
fn check_finds_a_private_key_among_keys_for_wheels() {
    let folder = Folder::with_key();
    folder.write("keys/keyring.toml", "[\"k1\"]\nissuer = \"acme.example\"\n");
    let ran = folder.run(&["keys", "check"]).code(1);
    assert!(ran.stdout().contains("compiled into wheels"), "{}", ran.stdout());
}

#[test]
fn check_finds_a_wrong_public_key_beside_broken_metadata() {
    let folder = Folder::with_key();
    folder.run(&["keys", "generate", "--kid", "k2", "--issuer", "acme.example", "--no-passphrase"]).success();
    std::fs::copy(folder.path("keys/k2.public.pem"), folder.path("keys/k1.public.pem")).unwrap();
    folder.write("keys/k1.json", "{}");
    let ran = folder.run(&["keys", "check", KEY]).code(1);
    assert!(ran.stdout().contains("the metadata of the key is not understood"), "{}", ran.stdout());
    assert!(ran.stdout().contains("private and public key do not belong together"), "{}", ran.stdout());
}

#[test]
fn a_passphrase_given_as_a_file_name_is_not_repeated() {
    let folder = Folder::empty();
    let ran = generate(&folder, &["--passphrase-file", "open sesame"]);
    assert!(!ran.stderr().contains("sesame"), "{}", ran.stderr());
    ran.fails_with("cannot read the passphrase");
}

#[test]
fn a_passphrase_file_larger_than_64_kib_is_refused() {
    let folder = Folder::empty();
    folder.write("big.txt", &"x".repeat(64 * 1024 + 1));
    generate(&folder, &["--passphrase-file", "big.txt"]).fails_with("big.txt: it is larger than 64 KiB");
    assert!(!folder.path("keys").exists());
}
