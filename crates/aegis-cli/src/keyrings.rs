//! Keyrings from files: a folder with `keyring.toml`, a folder of keys with their metadata, or one public key.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aegis_core::{Key, KeyParts, KeyUse, Keyring, keyring_from_files};
use aegis_issuer::keyfile::{KeyPaths, read_metadata, read_public};

use crate::failure::Failure;
use crate::input::read_text;

const KEYRING_FILE: &str = "keyring.toml";
const PUBLIC_SUFFIX: &str = ".public.pem";

/// Loads the keyring that `path` means; `issuer` serves for keys without `keyring.toml` and metadata.
pub(crate) fn load(path: &Path, issuer: Option<&str>) -> Result<Keyring, Failure> {
    if !path.is_dir() {
        return of_keys(vec![key_with_metadata(path, issuer)?]);
    }
    if let Some(keyring) = of_folder(path)? {
        return Ok(keyring);
    }
    let keys = public_keys(path)?;
    of_keys(keys.iter().map(|file| key_with_metadata(file, issuer)).collect::<Result<_, _>>()?)
}

/// The keyring of a folder with `keyring.toml`, as it is compiled into wheels; `None` without that file.
pub(crate) fn of_folder(folder: &Path) -> Result<Option<Keyring>, Failure> {
    let toml = folder.join(KEYRING_FILE);
    if !toml.exists() {
        return Ok(None);
    }
    let mut pems = BTreeMap::new();
    for file in public_keys(folder)? {
        pems.insert(kid_of(&file)?, read_text(&file)?);
    }
    let keyring = keyring_from_files(&pems, &read_text(&toml)?);
    keyring.map(Some).map_err(|error| {
        Failure::new(format!("{}: {error}", folder.display()), "correct keyring.toml, or the files beside it")
    })
}

/// The `*.public.pem` of a folder, sorted.
pub(crate) fn public_keys(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    files_ending(folder, PUBLIC_SUFFIX)
}

/// The files of a folder whose names end with `suffix`, sorted.
pub(crate) fn files_ending(folder: &Path, suffix: &str) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(format!("cannot read the folder {}: {error}", folder.display()), "check the path")
    };
    let mut found = Vec::new();
    for item in fs::read_dir(folder).map_err(unreadable)? {
        let path = item.map_err(unreadable)?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(suffix)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn key_with_metadata(file: &Path, issuer: Option<&str>) -> Result<Key, Failure> {
    let public = read_public(file)?;
    let kid = kid_of(file)?;
    let metadata = match KeyPaths::beside(file) {
        Some(paths) => read_metadata(&paths.metadata)?,
        None => None,
    };
    let issuer = issuer.map(str::to_owned).or_else(|| metadata.map(|metadata| metadata.issuer)).ok_or_else(|| {
        let remedy = "give --issuer NAME, or keep the .json file beside the key";
        Failure::usage(format!("it is not known which issuer {} speaks for", file.display()), remedy)
    })?;
    let (uses, modules, not_before, not_after) = (vec![KeyUse::License], None, None, None);
    Key::new(KeyParts { kid, issuer, uses, modules, not_before, not_after, public })
        .map_err(|error| bad_keyring(&error))
}

fn kid_of(file: &Path) -> Result<String, Failure> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_suffix(PUBLIC_SUFFIX).map(str::to_owned).ok_or_else(|| {
        let remedy = "name public keys <key id>.public.pem";
        Failure::new(format!("the name of {} does not say its key id", file.display()), remedy)
    })
}

fn of_keys(keys: Vec<Key>) -> Result<Keyring, Failure> {
    Keyring::new(keys).map_err(|error| bad_keyring(&error))
}

fn bad_keyring(error: &aegis_core::KeyringError) -> Failure {
    Failure::new(error.to_string(), "give a folder with <key id>.public.pem files, or one such file")
}
