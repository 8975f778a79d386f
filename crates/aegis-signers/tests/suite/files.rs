//! Keys in files.

use std::fs;
use std::path::Path;

use aegis_core::KeyUse;
use aegis_issuer::keyfile::{KeyPaths, NewKey, Passphrase, PrivateKey, Protection, write_new};
use aegis_signers::{Error, Secrets, SignerAddress, open};
use tempfile::TempDir;

use crate::common::{assert_signs, open_error, opened};

const PASSPHRASE: &str = "hush correct horse";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, kid: &str, passphrase: Option<&str>) -> KeyPaths {
    let key = PrivateKey::generate().unwrap();
    let passphrase = passphrase.map(Passphrase::from);
    let protection = passphrase
        .as_ref()
        .map_or(Protection::None, |passphrase| Protection::Passphrase { passphrase, iterations: 1000 });
    let kid = kid.parse().unwrap();
    let new = NewKey { kid, issuer: "acme.example", uses: &[KeyUse::License], created: 0, key: &key, protection };
    write_new(folder, &new).unwrap().0
}

fn with_passphrase(passphrase: &str) -> Secrets {
    Secrets { passphrase: Some(passphrase.into()), ..Secrets::default() }
}

fn file(path: &Path) -> String {
    format!("file:{}", path.display())
}

async fn all(path: &Path, secrets: &Secrets) -> Result<Vec<String>, Error> {
    let signers = open(&SignerAddress::file(path), secrets).await?;
    Ok(signers.iter().map(|signer| signer.kid().to_owned()).collect())
}

/// Asserts that a file is told, and what about it.
fn assert_file_error(error: &Error, what: &str) {
    assert!(matches!(error, Error::File { .. }) && error.to_string().contains(what), "{error:?}");
}

#[tokio::test]
async fn a_key_in_an_encrypted_file_signs_under_its_name() {
    let folder = folder();
    let paths = write(folder.path(), "acme-1", Some(PASSPHRASE));
    let signer = opened(&file(&paths.private), &with_passphrase(PASSPHRASE)).await;
    assert_signs(&signer).await;
    assert_eq!(signer.kid(), "acme-1");
    let other = opened(&format!("{}#acme-2", file(&paths.private)), &with_passphrase(PASSPHRASE)).await;
    assert_eq!(other.kid(), "acme-2");
}

#[tokio::test]
async fn a_certified_key_signs_under_its_thumbprint() {
    let folder = folder();
    let paths = write(folder.path(), "acme-1", None);
    // Whose certificate it is does not matter here: that it has one does.
    fs::write(&paths.certificate, format!("eyJhbGciOiJFZERTQSJ9.eyJqdGkiOiIxIn0.{}\n", "A".repeat(86))).unwrap();
    let signer = opened(&file(&paths.private), &Secrets::default()).await;
    assert_eq!(signer.kid(), aegis_issuer::keyfile::thumbprint(&signer.public_key()));
}

#[tokio::test]
async fn a_file_of_any_name_is_a_key_under_its_thumbprint() {
    let folder = folder();
    let path = folder.path().join("signing.pem");
    fs::copy(write(folder.path(), "acme-1", None).private, &path).unwrap();
    let signer = opened(&file(&path), &Secrets::default()).await;
    assert_eq!(signer.kid(), aegis_issuer::keyfile::thumbprint(&signer.public_key()));
}

#[tokio::test]
async fn all_keys_of_a_folder_are_opened_in_order() {
    let folder = folder();
    for kid in ["b-2", "a-1"] {
        write(folder.path(), kid, Some(PASSPHRASE));
    }
    write(folder.path(), "c-3", None);
    assert_eq!(all(folder.path(), &with_passphrase(PASSPHRASE)).await.unwrap(), ["a-1", "b-2", "c-3"]);
}

#[tokio::test]
async fn a_folder_under_one_key_id_is_refused() {
    let folder = folder();
    write(folder.path(), "a-1", None);
    let error = open_error(&format!("{}#a-1", file(folder.path())), &Secrets::default(), &[]).await;
    assert!(matches!(error, Error::BadAddress { .. }), "{error:?}");
}

#[tokio::test]
async fn a_folder_without_keys_is_told() {
    let folder = folder();
    assert_file_error(&all(folder.path(), &Secrets::default()).await.unwrap_err(), "no key file");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told() {
    let error = open_error("file:/nowhere/a.private.pem", &Secrets::default(), &[]).await;
    assert_file_error(&error, "/nowhere/a.private.pem");
}

#[tokio::test]
async fn a_missing_passphrase_is_told() {
    let folder = folder();
    let paths = write(folder.path(), "acme-1", Some(PASSPHRASE));
    let error = open_error(&file(&paths.private), &Secrets::default(), &[PASSPHRASE]).await;
    assert!(error.remedy().contains("AEGIS_PASSPHRASE"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_passphrase_is_told() {
    let folder = folder();
    let paths = write(folder.path(), "acme-1", Some(PASSPHRASE));
    let error = open_error(&file(&paths.private), &with_passphrase("hush wrong"), &["hush"]).await;
    assert_file_error(&error, "passphrase");
}

#[tokio::test]
async fn one_file_of_a_folder_that_does_not_open_is_told() {
    let folder = folder();
    write(folder.path(), "a-1", Some(PASSPHRASE));
    write(folder.path(), "b-2", Some("hush another"));
    let error = all(folder.path(), &with_passphrase(PASSPHRASE)).await.unwrap_err();
    assert_file_error(&error, "b-2.private.pem");
}

#[tokio::test]
async fn files_that_were_mixed_up_are_told() {
    let folder = folder();
    let (first, second) = (write(folder.path(), "a-1", None), write(folder.path(), "b-2", None));
    fs::copy(&first.private, &second.private).unwrap();
    assert_file_error(&all(folder.path(), &Secrets::default()).await.unwrap_err(), "is not the private key of");
}

#[tokio::test]
async fn what_is_no_key_is_told() {
    let folder = folder();
    let paths = write(folder.path(), "a-1", None);
    assert_file_error(&open_error(&file(&paths.public), &Secrets::default(), &[]).await, "public key");
}
