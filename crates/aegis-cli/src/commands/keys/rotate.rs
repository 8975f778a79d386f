//! `aegis keys rotate`

use std::path::{Path, PathBuf};

use aegis_core::{KeyUse, ModulePattern};
use aegis_issuer::UnverifiedCertificate;
use aegis_issuer::keyfile::{KeyId, KeyPaths, PrivateKey, read_certificates, read_metadata, read_public, thumbprint};
use aegis_issuer::revocation::{KeptList, RevocationBook};
use clap::Args;
use serde_json::json;

use super::certify::{ScopeArgs, Subject, as_json, check_issuer, keep, name_of, refuse_root, summary};
use super::generate::{Plan, ProtectionArgs, facts};
use crate::failure::Failure;
use crate::key_folder::paths_of;
use crate::keyrings::{self, folder_of};
use crate::output::{Outcome, instant, now};
use crate::values;

/// `aegis keys rotate …`
#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The key that is to be replaced: its id, or one of its files
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Id of the new key, such as acme-2028-01
    #[arg(long, value_name = "KID", value_parser = values::key_id)]
    kid: KeyId,
    /// Folder of the keys
    #[arg(long, default_value = "keys")]
    dir: PathBuf,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    protection: ProtectionArgs,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &RotateArgs) -> Result<Outcome, Failure> {
    let old = paths_of(&arguments.old, &arguments.dir);
    let old_name = name_of(&old);
    let folder = folder_of(&old.public).to_owned();
    let thumbprint = thumbprint(&read_public(&old.public)?);
    let metadata = read_metadata(&old.metadata)?;
    refuse_root(&old_name, metadata.as_ref())?;
    let last = last_certificate(&old)?;
    let plan = |issuer| Plan { kid: &arguments.kid, issuer, uses: &[KeyUse::License], dir: &folder };
    plan("").refuse_existing()?;
    let root = arguments.scope.open_root(&folder)?;
    check_issuer(&old_name, metadata.as_ref(), &root.issuer)?;
    let passphrase = arguments.protection.passphrase(&arguments.kid, false)?;
    let key = PrivateKey::generate()?;
    // Certified before anything is written: a key without a certificate would sign under its name, trusted by nobody.
    let certified = arguments.scope.certify(successor(arguments, &key, last.as_ref()), &root)?;
    let uses = &certified.certificate.key.parts().uses;
    let (paths, described) = Plan { uses, ..plan(&root.issuer) }.write(&key, passphrase.as_ref())?;
    keep(&paths, &arguments.scope.root_paths(&folder), &certified)?;
    if arguments.json {
        return Outcome::json(&json!({ "key": described, "certified": as_json(&certified, &paths) }));
    }
    Ok(Outcome::text(format!(
        "Made the key {} for the issuer {}.\n{}\n{}\n{}",
        described.kid,
        described.issuer,
        facts(&paths, &described, arguments.protection.no_passphrase).to_text(),
        summary(&certified, &paths),
        match revoked(&folder, &old_name, &thumbprint)? {
            Some(is_in_list) => after_revocation(&old_name, is_in_list, &paths),
            None => next_steps(&old_name, &old, last.as_ref(), &paths),
        },
    )))
}

fn last_certificate(old: &KeyPaths) -> Result<Option<UnverifiedCertificate>, Failure> {
    match read_certificates(&old.certificate)?.last() {
        Some(token) => Ok(Some(UnverifiedCertificate::decode(token)?)),
        None => Ok(None),
    }
}

/// The new key, for what the old one was for.
fn successor(arguments: &RotateArgs, key: &PrivateKey, last: Option<&UnverifiedCertificate>) -> Subject {
    let uses = last.map(|last| last.uses.iter().filter_map(|word| KeyUse::parse(word)).collect());
    let modules = last.and_then(|last| last.modules.as_ref());
    Subject {
        name: arguments.kid.to_string(),
        public: key.public_key(),
        uses: uses.unwrap_or_else(|| vec![KeyUse::License]),
        modules: modules.map(|names| names.iter().filter_map(|name| ModulePattern::parse(name)).collect()),
    }
}

/// Whether the old key is revoked, as the journal beside it says; and if so, whether a list names it.
fn revoked(folder: &Path, name: &str, thumbprint: &str) -> Result<Option<bool>, Failure> {
    let (book, ids) = (RevocationBook::in_folder(folder), [name, thumbprint]);
    if book.of_key(&ids)?.is_none() {
        return Ok(None);
    }
    let names = |list: &KeptList| list.revoked_keys.iter().any(|kid| ids.contains(&kid.as_str()));
    Ok(Some(book.lists.read()?.iter().any(names)))
}

fn after_revocation(old: &str, is_in_list: bool, new: &KeyPaths) -> String {
    let list = if is_in_list {
        "a root's list says so: where that arrives, what it signed is refused"
    } else {
        "no list says so yet: let a root sign one, `aegis revoke sign`"
    };
    let new = new.private.display();
    format!(
        "What to do next:\n  1. Sign with --key {new} from now on.\n  2. {old} is revoked, and {list}.\n  3. Issue its licenses again: `aegis license reissue --kid={old} --key {new}`.\n  4. Put the private key of the root away again.\n",
    )
}

fn next_steps(old: &str, paths: &KeyPaths, last: Option<&UnverifiedCertificate>, new: &KeyPaths) -> String {
    let end = match (last.and_then(|last| last.not_after), in_keyring(old, paths)) {
        (Some(until), _) if until <= now() => format!("Its window ended at {}.", instant(until)),
        (Some(until), _) => format!("Its window ends at {}.", instant(until)),
        (None, Some(until)) => format!("Wheels trust it for what it signs until {}.", instant(until)),
        (None, None) => format!(
            "Wheels trust it without an end: give it `not_after` in the keyring.toml of the next wheel, under [{old}]."
        ),
    };
    format!(
        "What to do next:\n  1. Sign with --key {} from now on.\n  2. {old} is not revoked: what it signed stands. {end}\n  3. Move {} out of reach once nothing signs with it any more.\n  4. Put the private key of the root away again.\nIf {old} was stolen, this is not enough: `aegis revoke add --kid={old}` comes next.\n",
        new.private.display(),
        paths.private.display(),
    )
}

/// The end of a key's window in the keyring beside it.
fn in_keyring(kid: &str, paths: &KeyPaths) -> Option<i64> {
    keyrings::of_folder(folder_of(&paths.public)).ok()??.get(kid)?.parts().not_after
}
