//! Keyrings from files: a folder with `keyring.toml`, a folder of keys with their metadata, or one public key of either.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aegis_core::{Key, KeyParts, KeyUse, Keyring, keyring_from_files};
use aegis_issuer::keyfile::{KeyMetadata, KeyPaths, PUBLIC_SUFFIX, read_metadata, read_public};

use crate::failure::Failure;
use crate::input::read_text;

/// What the keys of a folder are for.
pub(crate) const KEYRING_FILE: &str = "keyring.toml";
/// Certificates and lists that are compiled into wheels beside the keys.
pub(crate) const TRUST_FILE: &str = "trust.jwt";

/// Loads the keyring that `path` means; `issuer` serves for keys without `keyring.toml` and metadata.
///
/// A `keyring.toml` counts also for one public key beside it: of its keys that one alone is trusted, within its limits.
pub(crate) fn load(path: &Path, issuer: Option<&str>) -> Result<Keyring, Failure> {
    let (folder, files) = if path.is_dir() {
        (path, public_keys(path)?)
    } else {
        // Before anything is said about what lies beside it.
        read_public(path)?;
        (folder_of(path), vec![path.to_owned()])
    };
    let Some(keyring) = of_folder(folder)? else {
        return of_keys(files.iter().map(|file| key_with_metadata(file, issuer)).collect::<Result<_, _>>()?);
    };
    let keyring = if path.is_dir() { keyring } else { only(&kid_of(path)?, &keyring)? };
    check_issuer(&keyring, issuer)?;
    Ok(keyring)
}

fn only(kid: &str, keyring: &Keyring) -> Result<Keyring, Failure> {
    of_keys(keyring.iter().filter(|key| key.kid() == kid).cloned().collect())
}

/// The folder in which a file is.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// An issuer that is given must be one of those in `keyring.toml`.
fn check_issuer(keyring: &Keyring, issuer: Option<&str>) -> Result<(), Failure> {
    let Some(issuer) = issuer else { return Ok(()) };
    if keyring.iter().any(|key| key.parts().issuer == issuer) {
        return Ok(());
    }
    let what = format!("--issuer says {issuer:?}, but no such issuer is in keyring.toml");
    Err(Failure::usage(what, "leave --issuer out, or correct keyring.toml"))
}

/// The keyring of a folder with `keyring.toml`, as it is compiled into wheels; `None` without that file.
pub(crate) fn of_folder(folder: &Path) -> Result<Option<Keyring>, Failure> {
    match keys_of_folder(folder)? {
        Some(keyring) => with_built_in_trust(keyring, &folder.join(TRUST_FILE)).map(Some),
        None => Ok(None),
    }
}

/// The same without the certificates and lists that are compiled into wheels too.
pub(crate) fn keys_of_folder(folder: &Path) -> Result<Option<Keyring>, Failure> {
    let toml = folder.join(KEYRING_FILE);
    if !toml.exists() {
        return Ok(None);
    }
    let mut pems = BTreeMap::new();
    for file in public_keys(folder)? {
        pems.insert(kid_of(&file)?, read_text(&file)?);
    }
    keyring_from_files(&pems, &read_text(&toml)?).map(Some).map_err(|error| {
        Failure::new(format!("{}: {error}", folder.display()), "correct keyring.toml, or the files beside it")
    })
}

/// The keyring with the certificates and lists that are compiled into wheels too, each of which has to verify.
fn with_built_in_trust(keyring: Keyring, file: &Path) -> Result<Keyring, Failure> {
    if !file.exists() {
        return Ok(keyring);
    }
    let (keyring, trust) = keyring.with_trust(&read_text(file)?);
    match trust.into_iter().find_map(|found| found.content.err()) {
        Some(refusal) => Err(Failure::new(
            format!("{}: {}", file.display(), refusal.error),
            "put only certificates and lists there that the keys beside them have signed",
        )),
        None => Ok(keyring),
    }
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
    let uses = metadata.as_ref().map_or_else(|| vec![KeyUse::License], uses);
    let issuer = issuer.map(str::to_owned).or_else(|| metadata.map(|metadata| metadata.issuer)).ok_or_else(|| {
        let remedy = "give --issuer NAME, or keep the .json file beside the key";
        Failure::usage(format!("it is not known which issuer {} speaks for", file.display()), remedy)
    })?;
    let (modules, not_before, not_after) = (None, None, None);
    Key::new(KeyParts { kid, issuer, uses, modules, not_before, not_after, public })
        .map_err(|error| bad_keyring(&error))
}

/// What the metadata of a key says that it is for.
pub(crate) fn uses(metadata: &KeyMetadata) -> Vec<KeyUse> {
    metadata.uses.iter().filter_map(|word| KeyUse::parse(word)).collect()
}

/// The id of a key, from the name of its public file.
pub(crate) fn kid_of(file: &Path) -> Result<String, Failure> {
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
