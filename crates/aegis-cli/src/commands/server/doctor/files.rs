//! Who can read what is secret.

use std::fs;
use std::path::Path;

use aegis_issuer::keyfile::{PRIVATE_SUFFIX, look_at_private};

use super::Check;
use crate::keyrings::files_ending;
use crate::settings::{Place, Settings};

pub(super) fn checks(settings: &Settings) -> Vec<Check> {
    let mut checks = Vec::new();
    if settings.data.exists() {
        checks.extend(open_to_others(&settings.data));
    }
    if let Some(database) = settings.database.file().filter(|file| file.exists()) {
        checks.extend(open_to_others(&database));
    }
    checks.extend(settings.passphrase_file.iter().filter_map(|file| open_to_others(file)));
    // It may hold the password of the database.
    let in_file =
        |name| settings.shown().iter().any(|shown| shown.name == name && matches!(shown.origin, Place::Member(_)));
    if in_file("database_url") {
        checks.extend(settings.file.iter().filter_map(|file| open_to_others(file)));
    }
    for path in settings.key_files() {
        checks.extend(key_files(&path));
    }
    if checks.is_empty() {
        checks.push(Check::ok("files", "what is secret is for its owner alone"));
    }
    checks
}

/// What is weak about private keys, their modes included.
fn key_files(path: &Path) -> Vec<Check> {
    let files =
        if path.is_dir() { files_ending(path, PRIVATE_SUFFIX).unwrap_or_default() } else { vec![path.to_owned()] };
    let remedy = "`aegis keys check` says more; encrypt keys with a passphrase, and give it with AEGIS_PASSPHRASE_FILE";
    let looked = files.iter().filter_map(|file| look_at_private(file).ok().map(|(_, weaknesses)| (file, weaknesses)));
    looked
        .flat_map(|(file, weaknesses)| weaknesses.into_iter().map(move |weakness| (file, weakness)))
        .map(|(file, weakness)| Check::warn("files", format!("{}: {weakness}", file.display()), remedy))
        .collect()
}

/// Its group may read what is root's and the server's: settings are installed so.
#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<Check> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let who = match mode {
        mode if mode & 0o007 != 0 => "others may read",
        mode if mode & 0o020 != 0 => "its group may write",
        _ => return None,
    };
    let message = format!("{who} {} (mode {mode:04o})", path.display());
    Some(Check::warn("files", message, format!("`chmod o=,g-w {}`", path.display())))
}

#[cfg(not(unix))]
fn open_to_others(path: &Path) -> Option<Check> {
    fs::metadata(path).err().map(|error| Check::warn("files", format!("{}: {error}", path.display()), "check the path"))
}
