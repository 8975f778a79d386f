//! The keys that sign, opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_issuer::keyfile::{KeyPaths, PRIVATE_SUFFIX, Passphrase, read_certificates, read_private};
use aegis_issuer::{FileSigner, Signer};
use secrecy::ExposeSecret as _;

use crate::failure::Failure;
use crate::keyrings::files_ending;
use crate::settings::Settings;

/// What signs, shared by threads.
pub(super) type SharedSigner = Arc<dyn Signer + Send + Sync>;

/// Opens all keys that the settings name.
pub(super) async fn open(settings: &Settings) -> Result<Vec<SharedSigner>, Failure> {
    let passphrase = settings.passphrase.without_asking()?.filter(|secret| !secret.expose_secret().is_empty());
    let addresses = settings.signers.clone();
    // Stretching a passphrase takes half a second.
    let opening = tokio::task::spawn_blocking(move || {
        let each = addresses.iter().map(|address| open_one(address, passphrase.as_ref()));
        each.collect::<Result<Vec<_>, Failure>>()
    });
    let opened = opening.await.map_err(|_| Failure::new("opening the keys was interrupted", "start again"))??;
    Ok(opened.into_iter().flatten().collect())
}

fn open_one(address: &str, passphrase: Option<&Passphrase>) -> Result<Vec<SharedSigner>, Failure> {
    let path = address.strip_prefix("file:").map(PathBuf::from);
    let path = path.ok_or_else(|| Failure::new("an address of a signing key is not understood", "write file:PATH"))?;
    key_files(&path)?.iter().map(|file| open_file(file, passphrase)).collect()
}

fn open_file(file: &Path, passphrase: Option<&Passphrase>) -> Result<SharedSigner, Failure> {
    let key = read_private(file, passphrase)?.key;
    let certificates = KeyPaths::beside(file).map(|paths| read_certificates(&paths.certificate)).transpose()?;
    if certificates.is_some_and(|certificates| !certificates.is_empty()) {
        return Ok(Arc::new(FileSigner::certified(key)));
    }
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Ok(Arc::new(FileSigner::new(name.strip_suffix(PRIVATE_SUFFIX).unwrap_or(name), key)?))
}

fn key_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let files = files_ending(path, PRIVATE_SUFFIX)?;
    if files.is_empty() {
        let remedy = "make a key with `aegis keys generate`, or check the path";
        return Err(Failure::new(format!("there is no key file in {}", path.display()), remedy));
    }
    Ok(files)
}
