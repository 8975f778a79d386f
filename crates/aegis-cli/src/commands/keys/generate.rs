//! `aegis keys generate`

use std::path::PathBuf;

use aegis_issuer::keyfile::{
    KeyId, KeyMetadata, KeyPaths, MIN_PBKDF2_ITERATIONS, NewKey, PrivateKey, Protection, Weakness, keyring_entry,
    write_new,
};
use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Facts, Outcome, now, warn};
use crate::passphrase::PassphraseArgs;
use crate::values;

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
    /// Do not encrypt the private key
    #[arg(long, conflicts_with = "passphrase_file")]
    no_passphrase: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &GenerateArgs) -> Result<Outcome, Failure> {
    refuse_existing(arguments)?;
    let passphrase =
        if arguments.no_passphrase { None } else { Some(arguments.passphrase.get_new(arguments.kid.as_str())?) };
    let protection = match &passphrase {
        None => Protection::None,
        Some(passphrase) => Protection::Passphrase { passphrase, iterations: MIN_PBKDF2_ITERATIONS },
    };
    let key = PrivateKey::generate()?;
    let (kid, issuer, created) = (arguments.kid.clone(), arguments.issuer.as_str(), now());
    let (paths, metadata) = write_new(&arguments.dir, &NewKey { kid, issuer, created, key: &key, protection })?;
    if passphrase.is_none() {
        warn(Weakness::Unencrypted);
    }
    answer(arguments, &paths, &metadata)
}

/// Before anybody types a passphrase twice; [`write_new`] makes sure of it again.
fn refuse_existing(arguments: &GenerateArgs) -> Result<(), Failure> {
    let paths = KeyPaths::new(&arguments.dir, arguments.kid.as_str());
    let in_the_way = [paths.private, paths.public, paths.metadata].into_iter().find(|path| path.exists());
    in_the_way.map_or(Ok(()), |path| Err(aegis_issuer::Error::FileExists { path }.into()))
}

fn answer(arguments: &GenerateArgs, paths: &KeyPaths, metadata: &KeyMetadata) -> Result<Outcome, Failure> {
    let entry = keyring_entry(&metadata.kid, &metadata.issuer);
    if arguments.json {
        let KeyPaths { private, public, metadata: description } = paths;
        let files = json!({ "private": private, "public": public, "metadata": description });
        return Outcome::json(&json!({ "key": metadata, "files": files, "keyring_toml": entry }));
    }
    let secret = if arguments.no_passphrase { "NOT encrypted" } else { "encrypted" };
    let mut facts = Facts::default();
    facts.add(
        "private key",
        format!("{} ({secret}; keep it secret, and keep a copy elsewhere)", paths.private.display()),
    );
    facts.add("public key", paths.public.display().to_string());
    facts.add("metadata", paths.metadata.display().to_string());
    facts.add("thumbprint", metadata.thumbprint.clone());
    Ok(Outcome::text(format!(
        "Made the key {} for the issuer {}.\n{}\nTo make wheels trust it, copy the public key into a folder of its own, named by AEGIS_PUBLIC_KEYS when the wheel is built, and add to keyring.toml in that folder:\n\n{entry}",
        metadata.kid,
        metadata.issuer,
        facts.to_text(),
    )))
}
