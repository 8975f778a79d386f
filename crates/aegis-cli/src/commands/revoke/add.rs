//! `aegis revoke add`

use aegis_core::Keyring;
use aegis_issuer::ledger::{LedgerContent, LedgerEntry};
use aegis_issuer::revocation::{Revocation, Revoked};
use clap::Args;

use crate::commands::ledger_args::{LedgerAndKeysArgs, warn_of_damage};
use crate::failure::Failure;
use crate::key_folder::{KeyFolder, KnownKey};
use crate::licenses;
use crate::output::{Outcome, instant, now, printable};

/// `aegis revoke add …`
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Licenses: ids in the ledger, or files with licenses in them
    #[arg(value_name = "JTI|FILE", required_unless_present = "kid", conflicts_with = "kid")]
    licenses: Vec<String>,
    /// A key, by its name or thumbprint, with all that it signed; counts only in a list that a root signs
    #[arg(long, value_name = "KID", allow_hyphen_values = true)]
    kid: Option<String>,
    /// Why, for your own records: customers are not told
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    from: LedgerAndKeysArgs,
}

pub(crate) fn run(arguments: &AddArgs) -> Result<Outcome, Failure> {
    let ledger = arguments.from.ledger.read_if_there()?;
    let folder = KeyFolder::read(arguments.from.keys())?;
    let wanted = match &arguments.kid {
        Some(kid) => keys(kid, &ledger, &folder)?,
        None => all_licenses(arguments, &ledger, &folder)?,
    };
    let (at, reason) = (now(), &arguments.reason);
    let record = |(iss, what)| Revocation { at, iss, what, reason: reason.clone() };
    let book = arguments.from.ledger.revocations();
    let report = book.add(wanted.into_iter().map(record).collect())?;
    warn_of_damage(book.journal.path(), &report.damage);
    let line = |word: &str, revocation: &Revocation| format!("{word} {}\n", described(revocation, &ledger, &folder));
    let added = report.added.iter().map(|revocation| line("revoked:", revocation));
    let known = report.known.iter().map(|revocation| line("was revoked before:", revocation));
    let text: String = added.chain(known).collect();
    Ok(Outcome::text(text + &next_step(arguments, &ledger, &report.added, &folder)))
}

/// Issuer and license of each argument.
fn all_licenses(
    arguments: &AddArgs,
    ledger: &LedgerContent,
    folder: &KeyFolder,
) -> Result<Vec<(String, Revoked)>, Failure> {
    let mut wanted = Vec::new();
    for argument in &arguments.licenses {
        for entry in licenses::named(argument, ledger)? {
            check_genuine(&entry, ledger, folder)?;
            let ends = entry.end()?;
            wanted.push((entry.iss, Revoked::License { jti: entry.jti, ends }));
        }
    }
    Ok(wanted)
}

/// A forged license with the id of a good one must not get the good one revoked.
fn check_genuine(entry: &LedgerEntry, ledger: &LedgerContent, folder: &KeyFolder) -> Result<(), Failure> {
    match ledger.find(&entry.jti) {
        Some(known) if known.token == entry.token => Ok(()),
        Some(_) => Err(Failure::new(
            format!("the license is not the one that the ledger has under the id {}", printable(&entry.jti)),
            "revoke the one in the ledger by its id, if that is meant",
        )),
        None => licenses::check_ours(entry, trusted(folder, &entry.iss)?.as_ref()),
    }
}

fn trusted(folder: &KeyFolder, issuer: &str) -> Result<Option<Keyring>, Failure> {
    let keyring = folder.trusted(issuer)?;
    Ok(keyring.map(|keyring| keyring.with_trust(&folder.certificates.join("\n")).0))
}

/// Issuer and ids of a key: one that was certified has signed by its thumbprint, and perhaps by its name before.
fn keys(kid: &str, ledger: &LedgerContent, folder: &KeyFolder) -> Result<Vec<(String, Revoked)>, Failure> {
    let key = folder.find(kid);
    if key.is_some_and(KnownKey::is_root) {
        return Err(Failure::new(
            format!("{kid} is a root, and no list can revoke a root"),
            "build a new wheel without it: remove its .public.pem and its entry in keyring.toml",
        ));
    }
    let mut ids = key.map_or_else(|| vec![kid.to_owned()], |key| vec![key.kid()]);
    if let Some(key) = key
        && key.is_certified
        && ledger.entries.iter().any(|entry| entry.kid == key.name)
    {
        ids.push(key.name.clone());
    }
    let Some(issuer) = issuer_of(&ids, ledger, folder) else {
        return Err(Failure::new(
            format!(
                "the key {} is not known: no license of the ledger is signed by it, and it is not in the folder of keys",
                printable(kid)
            ),
            "`aegis keys show` and `aegis license list` name the keys; name the folder of keys with --keys, or another ledger with --ledger",
        ));
    };
    Ok(ids.into_iter().map(|kid| (issuer.clone(), Revoked::Key { kid })).collect())
}

fn issuer_of(ids: &[String], ledger: &LedgerContent, folder: &KeyFolder) -> Option<String> {
    let by_metadata = ids.iter().find_map(|kid| Some(folder.find(kid)?.metadata.as_ref()?.issuer.clone()));
    let by_certificate = || ids.iter().find_map(|kid| folder.certificates_of(kid).next().map(|(_, stated)| stated.iss));
    let by_license = || ledger.entries.iter().find(|entry| ids.contains(&entry.kid)).map(|entry| entry.iss.clone());
    by_metadata.or_else(by_certificate).or_else(by_license)
}

/// What was revoked, for people.
pub(super) fn described(revocation: &Revocation, ledger: &LedgerContent, folder: &KeyFolder) -> String {
    let text = match &revocation.what {
        Revoked::License { jti, .. } => match ledger.find(jti) {
            Some(entry) => format!("license {jti} of {} ({})", entry.customer.name, entry.customer.id),
            None => format!("license {jti}"),
        },
        Revoked::Key { kid } => match folder.name_of(kid) {
            name if name == kid => format!("key {kid}"),
            name => format!("key {name}, which signs as {kid}"),
        },
    };
    printable(&text)
}

fn next_step(arguments: &AddArgs, ledger: &LedgerContent, added: &[Revocation], folder: &KeyFolder) -> String {
    let Some(kid) = &arguments.kid else {
        let ended: String = added.iter().filter_map(ended).collect();
        return format!(
            "{ended}\nCustomers learn of it by the next list: `aegis revoke sign --key KEY`, then `aegis bundle`.\n"
        );
    };
    let ids: Vec<String> = folder.find(kid).map_or_else(|| vec![kid.clone()], |key| vec![key.kid(), key.name.clone()]);
    let count = ledger.entries.iter().filter(|entry| ids.contains(&entry.kid)).count();
    format!(
        "\nOnly a list that a root signs revokes a key: {}.\nIts licenses ({count} in the ledger) are refused where that list arrives; those stored there before work for 30 more days.\nIssue them again with a new key (`aegis keys rotate` makes one): `aegis license reissue --kid={kid} --key NEW`.\n",
        how_a_root_signs(folder),
    )
}

/// Roots are best kept elsewhere.
fn how_a_root_signs(folder: &KeyFolder) -> String {
    match (folder.private_root(), &folder.roots()[..]) {
        (Some(path), _) => format!("`aegis revoke sign --key {}`", path.display()),
        (None, []) => "`aegis revoke sign --key FILE`, FILE being the private key of a root".to_owned(),
        (None, roots) => {
            format!("`aegis revoke sign --key FILE`, FILE being the private key of {}", roots.join(" or "))
        }
    }
}

/// What is said of a license that no list will name.
fn ended(revocation: &Revocation) -> Option<String> {
    match &revocation.what {
        Revoked::License { jti, ends: Some(end) } if *end <= now() => {
            Some(format!("License {} ended at {}: no list will name it.\n", printable(jti), instant(*end)))
        }
        _ => None,
    }
}
