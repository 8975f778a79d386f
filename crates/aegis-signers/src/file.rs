//! Keys in files: PKCS#8 PEM, also encrypted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_issuer::FileSigner;
use aegis_issuer::keyfile::{
    KeyId, KeyPaths, PRIVATE_SUFFIX, Passphrase, PrivateKey, read_certificates, read_private, read_public,
};

use crate::{Error, Secrets, SharedSigner};

/// Opens a key file, or all of a folder in the order of their names.
pub(crate) async fn open(path: &Path, kid: Option<&KeyId>, secrets: &Secrets) -> Result<Vec<SharedSigner>, Error> {
    let (path, kid, passphrase) = (path.to_owned(), kid.cloned(), secrets.passphrase.clone());
    // Stretching a passphrase takes half a second.
    let work = move || open_all(&path, kid.as_ref(), passphrase.as_ref());
    let ended = |_| Error::unavailable("reading the key files was interrupted", "start again");
    tokio::task::spawn_blocking(work).await.map_err(ended)?
}

fn open_all(path: &Path, kid: Option<&KeyId>, passphrase: Option<&Passphrase>) -> Result<Vec<SharedSigner>, Error> {
    if !path.is_dir() {
        return Ok(vec![open_one(path, kid, passphrase)?]);
    }
    if kid.is_some() {
        let what = format!("{} is a folder, whose keys have ids of their own", path.display());
        return Err(Error::bad_address(what, "leave out #KID, or name the file of one key"));
    }
    let files = key_files(path)?;
    files.iter().map(|file| open_one(file, None, passphrase)).collect()
}

fn open_one(path: &Path, kid: Option<&KeyId>, passphrase: Option<&Passphrase>) -> Result<SharedSigner, Error> {
    let key = read_private(path, passphrase)?.key;
    let beside = KeyPaths::beside(path);
    let kid = match (kid, &beside) {
        (Some(kid), _) => Some(kid.clone()),
        (None, Some(paths)) => own_id(path, paths)?,
        (None, None) => None,
    };
    if let Some(paths) = &beside {
        check_pair(path, paths, &key)?;
    }
    Ok(Arc::new(match kid {
        Some(kid) => FileSigner::new(kid.as_str(), key)?,
        None => FileSigner::certified(key),
    }))
}

/// The id that the file's name says, unless the key is certified: then it is the thumbprint.
fn own_id(path: &Path, paths: &KeyPaths) -> Result<Option<KeyId>, Error> {
    if !read_certificates(&paths.certificate)?.is_empty() {
        return Ok(None);
    }
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(PRIVATE_SUFFIX));
    Ok(name.map(str::parse).transpose()?)
}

/// Files that were mixed up would sign what nobody can read.
fn check_pair(path: &Path, paths: &KeyPaths, key: &PrivateKey) -> Result<(), Error> {
    if paths.public.exists() && read_public(&paths.public)? != key.public_key() {
        let what = format!("{} is not the private key of {}", path.display(), paths.public.display());
        let remedy = "keep the files of one key together under one name; restore them from a backup".to_owned();
        return Err(Error::File { what, remedy });
    }
    Ok(())
}

fn key_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let fault = |what: String| Error::File {
        what,
        remedy: "make a key with `aegis keys generate`, or check the path and who may read the folder".to_owned(),
    };
    let unreadable = |error: std::io::Error| fault(format!("cannot read the folder {}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_key = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(PRIVATE_SUFFIX));
        if is_key {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() { Err(fault(format!("there is no key file in {}", folder.display()))) } else { Ok(files) }
}
