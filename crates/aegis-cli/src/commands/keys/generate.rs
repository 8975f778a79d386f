//! `aegis keys generate`

use std::path::{Path, PathBuf};

use aegis_core::KeyUse;
use aegis_issuer::ROOT_USES;
use aegis_issuer::keyfile::{
    KeyId, KeyMetadata, KeyPaths, MIN_PBKDF2_ITERATIONS, NewKey, Passphrase, PrivateKey, Protection, Weakness,
    write_new,
};
use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::output::{Facts, Outcome, now, warn};
use crate::passphrase::PassphraseArgs;
use crate::values;

const ABOUT_ROOTS: &str = "
A root signs no licenses. Let it certify a key that does: `aegis keys certify NAME --root ROOT`. Then move its private key to a place without a network.
A wheel needs two roots, kept in two places, so that one can be lost.
";

/// `aegis keys generate …`
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// Id of the new key, such as acme-2027-01
    #[arg(long, value_name = "KID", value_parser = values::key_id)]
    kid: KeyId,
    /// The issuer that the key speaks for, such as acme.example
    #[arg(long)]
    issuer: String,
    /// Folder for the key's three files
    #[arg(long, default_value = "keys")]
    dir: PathBuf,
    /// Make a root: it certifies the keys that sign day by day, and signs revocation lists; keep it off line
    #[arg(long)]
    root: bool,
    #[command(flatten)]
    protection: ProtectionArgs,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

/// How a new private key is protected.
#[derive(Debug, Args)]
pub(super) struct ProtectionArgs {
    /// Do not encrypt the private key
    #[arg(long, conflicts_with = "passphrase_file")]
    pub(super) no_passphrase: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl ProtectionArgs {
    /// A passphrase for the new key, if it is to have one.
    pub(super) fn passphrase(&self, kid: &KeyId, is_root: bool) -> Result<Option<Passphrase>, Failure> {
        let source = if is_root { self.passphrase.for_root() } else { self.passphrase.clone() };
        if self.no_passphrase { Ok(None) } else { source.get_new(kid.as_str()).map(Some) }
    }
}

/// A key about to be made.
pub(super) struct Plan<'a> {
    pub(super) kid: &'a KeyId,
    pub(super) issuer: &'a str,
    pub(super) uses: &'a [KeyUse],
    pub(super) dir: &'a Path,
}

impl Plan<'_> {
    /// Writes the files of a key, and warns if it is not encrypted.
    pub(super) fn write(
        &self,
        key: &PrivateKey,
        passphrase: Option<&Passphrase>,
    ) -> Result<(KeyPaths, KeyMetadata), Failure> {
        let protection = match passphrase {
            None => Protection::None,
            Some(passphrase) => Protection::Passphrase { passphrase, iterations: MIN_PBKDF2_ITERATIONS },
        };
        let (kid, issuer, uses, created) = (self.kid.clone(), self.issuer, self.uses, now());
        let written = write_new(self.dir, &NewKey { kid, issuer, uses, created, key, protection })?;
        if passphrase.is_none() {
            warn(Weakness::Unencrypted);
        }
        Ok(written)
    }

    /// Before anybody types a passphrase twice; [`write_new`] makes sure of it again.
    pub(super) fn refuse_existing(&self) -> Result<(), Failure> {
        let KeyPaths { private, public, metadata, certificate } = KeyPaths::new(self.dir, self.kid.as_str());
        let in_the_way = [private, public, metadata, certificate].into_iter().find(|path| path.exists());
        in_the_way.map_or(Ok(()), |path| Err(aegis_issuer::Error::FileExists { path }.into()))
    }
}

pub(crate) fn run(arguments: &GenerateArgs) -> Result<Outcome, Failure> {
    let uses = if arguments.root { &ROOT_USES[..] } else { &[KeyUse::License] };
    let plan = Plan { kid: &arguments.kid, issuer: &arguments.issuer, uses, dir: &arguments.dir };
    plan.refuse_existing()?;
    let passphrase = arguments.protection.passphrase(&arguments.kid, arguments.root)?;
    let (paths, metadata) = plan.write(&PrivateKey::generate()?, passphrase.as_ref())?;
    answer(arguments, &paths, &metadata)
}

fn answer(arguments: &GenerateArgs, paths: &KeyPaths, metadata: &KeyMetadata) -> Result<Outcome, Failure> {
    let entry = metadata.keyring_entry();
    if arguments.json {
        let KeyPaths { private, public, metadata: description, .. } = paths;
        let files = json!({ "private": private, "public": public, "metadata": description });
        return Outcome::json(&json!({ "key": metadata, "files": files, "keyring_toml": entry }));
    }
    let kind = if arguments.root { "root" } else { "key" };
    let (first, last) = if arguments.root {
        (String::new(), ABOUT_ROOTS)
    } else {
        (how_to_certify(metadata, &KeyFolder::read(&arguments.dir)?), "")
    };
    Ok(Outcome::text(format!(
        "Made the {kind} {} for the issuer {}.\n{}\n{first}To make wheels trust it, copy the public key into a folder of its own, named by AEGIS_PUBLIC_KEYS when the wheel is built, and add to keyring.toml in that folder:\n\n{entry}{last}",
        metadata.kid,
        metadata.issuer,
        facts(paths, metadata, arguments.protection.no_passphrase).to_text(),
    )))
}

/// Where there are roots, no new wheel is needed.
fn how_to_certify(metadata: &KeyMetadata, folder: &KeyFolder) -> String {
    match folder.roots().first() {
        Some(root) => format!(
            "Customers trust it without a new wheel once a root has certified it: `aegis keys certify {} --root {root}`. Without that:\n\n",
            metadata.kid
        ),
        None => String::new(),
    }
}

/// Where the files of a new key are.
pub(super) fn facts(paths: &KeyPaths, metadata: &KeyMetadata, is_open: bool) -> Facts {
    let secret = if is_open { "NOT encrypted" } else { "encrypted" };
    let mut facts = Facts::default();
    facts.add(
        "private key",
        format!("{} ({secret}; keep it secret, and keep a copy elsewhere)", paths.private.display()),
    );
    facts.add("public key", paths.public.display().to_string());
    facts.add("metadata", paths.metadata.display().to_string());
    facts.add("thumbprint", metadata.thumbprint.clone());
    facts
}
