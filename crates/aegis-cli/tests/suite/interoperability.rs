//! Key files of ours open elsewhere, and those of others open here.

use crate::common::{self, Folder, KEY};

/// Issues with the key in `file`, made by another tool.
fn issues_with(folder: &Folder, file: &str, more: &[&str]) -> common::Ran {
    let fixed = ["license", "issue", "--key", file, "--kid", "k9", "--issuer", "acme.example", "--customer-id", "C-1"];
    let rest = ["--customer-name", "Acme", "--type", "perpetual", "--module", "m:18", "--ledger", "ledger.jsonl"];
    folder
        .aegis(&[&fixed, &rest[..], more].concat())
        .env("AEGIS_PASSPHRASE", "secret")
        .output()
        .map(common::Ran::of)
        .unwrap()
}

#[test]
fn openssl_reads_an_encrypted_key_of_ours() {
    let folder = Folder::empty();
    let arguments = ["keys", "generate", "--kid", "k1", "--issuer", "acme.example"];
    folder.aegis(&arguments).env("AEGIS_PASSPHRASE", "secret").assert().success();
    let public = folder.openssl(&["pkey", "-in", KEY, "-passin", "pass:secret", "-pubout"]);
    assert_eq!(public, folder.read("keys/k1.public.pem"));
    let structure = folder.openssl(&["asn1parse", "-in", KEY]);
    for part in [":PBES2", ":PBKDF2", ":0927C0", ":hmacWithSHA256", ":aes-256-cbc"] {
        assert!(structure.contains(part), "{part} is not in {structure}");
    }
}

#[test]
fn openssl_reads_a_plain_key_of_ours() {
    let folder = Folder::with_key();
    let public = folder.openssl(&["pkey", "-in", KEY, "-pubout"]);
    assert_eq!(public, folder.read("keys/k1.public.pem"));
}

#[test]
fn openssl_verifies_a_license_of_ours() {
    use std::io::Write as _;
    let folder = Folder::with_key();
    let token = folder.token(&["--type", "perpetual", "--module", "m:18"]);
    let (message, signature) = token.rsplit_once('.').unwrap();
    folder.write("message", message);
    let standard = format!("{}==", signature.replace('-', "+").replace('_', "/"));
    folder.write("signature.b64", &standard);
    folder.openssl(&["base64", "-d", "-A", "-in", "signature.b64", "-out", "signature"]);
    let verify = ["pkeyutl", "-verify", "-pubin", "-inkey", "keys/k1.public.pem", "-rawin", "-in", "message"];
    folder.openssl(&[&verify, &["-sigfile", "signature"][..]].concat());
    std::fs::OpenOptions::new().append(true).open(folder.path("message")).unwrap().write_all(b"x").unwrap();
    let output = folder.tool("openssl", &[&verify, &["-sigfile", "signature"][..]].concat());
    assert!(!output.status.success(), "a changed license verifies");
}

#[test]
fn a_key_of_openssl_is_read() {
    let folder = Folder::empty();
    folder.openssl(&["genpkey", "-algorithm", "ed25519", "-out", "plain.pem"]);
    let ran = issues_with(&folder, "plain.pem", &[]).success();
    assert!(ran.stderr().contains("the private key is not encrypted"), "{}", ran.stderr());
}

#[test]
fn encrypted_keys_of_openssl_are_read_and_weak_ones_warned_of() {
    let folder = Folder::empty();
    folder.openssl(&["genpkey", "-algorithm", "ed25519", "-out", "plain.pem"]);
    for (flags, warning) in [
        (&["-v2", "aes-256-cbc"][..], "PBKDF2 iterations"),
        (&["-v2", "aes-128-cbc", "-iter", "5000"], "only 5000 PBKDF2 iterations"),
        (&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"], "PBKDF2 iterations"),
        (&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"], "HMAC-SHA-1"),
        (&["-scrypt", "-scrypt_N", "1024"], "scrypt N=1024 r=8"),
        (&["-scrypt"], ""),
    ] {
        let fixed = ["pkcs8", "-topk8", "-in", "plain.pem", "-out", "locked.pem", "-passout", "pass:secret"];
        folder.openssl(&[&fixed, flags].concat());
        let ran = issues_with(&folder, "locked.pem", &[]).success();
        assert!(ran.stderr().contains(warning), "{flags:?}: {}", ran.stderr());
        assert_eq!(ran.stderr().contains("stretched"), !warning.is_empty(), "{flags:?}: {}", ran.stderr());
    }
}

#[test]
fn outdated_encryption_is_refused_with_the_command_that_renews_it() {
    let folder = Folder::empty();
    folder.openssl(&["genpkey", "-algorithm", "ed25519", "-out", "plain.pem"]);
    for flags in [&["-v2", "des3"][..], &["-v1", "PBE-SHA1-3DES"]] {
        let fixed = ["pkcs8", "-topk8", "-in", "plain.pem", "-out", "locked.pem", "-passout", "pass:secret"];
        folder.openssl(&[&fixed, flags].concat());
        let ran = issues_with(&folder, "locked.pem", &[]);
        assert!(ran.stderr().contains("openssl pkcs8 -topk8"), "{flags:?}: {}", ran.stderr());
        ran.fails_with("outdated or unknown way");
    }
}

#[test]
fn other_kinds_of_key_are_refused() {
    let folder = Folder::empty();
    for (algorithm, more) in [("x25519", &[][..]), ("ed448", &[]), ("EC", &["-pkeyopt", "ec_paramgen_curve:P-256"])] {
        let fixed = ["genpkey", "-algorithm", algorithm, "-out", "other.pem"];
        folder.openssl(&[&fixed, more].concat());
        issues_with(&folder, "other.pem", &[]).fails_with("not an Ed25519 key");
    }
}

/// Reads our key, writes it again in its own ways, and prints the public key.
const PYTHON: &str = r#"
import sys
from cryptography.hazmat.primitives import serialization as s
key = s.load_pem_private_key(open("keys/k1.private.pem", "rb").read(), b"secret")
for name, encryption in [("plain", s.NoEncryption()), ("locked", s.BestAvailableEncryption(b"secret"))]:
    open(name + ".pem", "wb").write(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, encryption))
sys.stdout.write(key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode())
"#;

#[test]
fn python_cryptography_reads_ours_and_its_keys_are_read() {
    let folder = Folder::empty();
    let probe = folder.tool("python3", &["-c", "import cryptography"]);
    if !probe.status.success() {
        eprintln!("skipped: python3 has no package `cryptography`");
        return;
    }
    let arguments = ["keys", "generate", "--kid", "k1", "--issuer", "acme.example"];
    folder.aegis(&arguments).env("AEGIS_PASSPHRASE", "secret").assert().success();
    let output = folder.tool("python3", &["-c", PYTHON]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), folder.read("keys/k1.public.pem"));
    issues_with(&folder, "plain.pem", &[]).success();
    issues_with(&folder, "locked.pem", &[]).success();
}
