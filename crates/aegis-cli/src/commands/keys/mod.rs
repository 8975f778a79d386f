//! `aegis keys`

mod certify;
mod check;
mod generate;
mod rotate;
mod show;

use std::path::Path;

use aegis_issuer::keyfile::{KeyPaths, PRIVATE_SUFFIX, PUBLIC_SUFFIX};
use clap::Subcommand;

use crate::failure::Failure;
use crate::keyrings::files_ending;
use crate::output::Outcome;

/// `aegis keys …`
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a signing key, or with --root a key that certifies others
    Generate(generate::GenerateArgs),
    /// Let a root certify a key: customers then trust what it signs, without a new wheel
    Certify(certify::CertifyArgs),
    /// Make the successor of a key and let a root certify it
    Rotate(rotate::RotateArgs),
    /// Show keys: their issuers, ages and thumbprints
    Show(show::ShowArgs),
    /// Check key files: parameters, permissions, whether they belong together
    Check(check::CheckArgs),
}

impl KeysCommand {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Generate(arguments) => generate::run(&arguments),
            Self::Certify(arguments) => certify::run(&arguments),
            Self::Rotate(arguments) => rotate::run(&arguments),
            Self::Show(arguments) => show::run(&arguments),
            Self::Check(arguments) => check::run(&arguments),
        }
    }
}

/// One key by its id, and where its files would be.
struct NamedKey {
    kid: String,
    paths: KeyPaths,
}

/// The keys that a path means: one by one of its files, or all of a folder. Files that follow no convention are
/// nobody's.
fn keys_at(path: &Path) -> Result<Vec<NamedKey>, Failure> {
    let files = if path.is_dir() {
        let mut files = files_ending(path, PRIVATE_SUFFIX)?;
        files.extend(files_ending(path, PUBLIC_SUFFIX)?);
        files
    } else {
        vec![path.to_owned()]
    };
    let mut keys: Vec<NamedKey> = files.iter().filter_map(|file| named(file.as_path())).collect();
    keys.sort_by(|one, other| one.kid.cmp(&other.kid));
    keys.dedup_by(|one, other| one.kid == other.kid);
    if keys.is_empty() {
        let remedy = "give a folder with <key id>.private.pem or <key id>.public.pem, or such a file";
        return Err(Failure::new(format!("there is no key at {}", path.display()), remedy));
    }
    Ok(keys)
}

fn named(file: &Path) -> Option<NamedKey> {
    let paths = KeyPaths::beside(file)?;
    let kid = paths.public.file_name()?.to_str()?.strip_suffix(PUBLIC_SUFFIX)?.to_owned();
    Some(NamedKey { kid, paths })
}
