//! `aegis bundle`

mod wheel;

use std::path::{Path, PathBuf};

use aegis_issuer::ledger::{LedgerContent, LedgerEntry};
use clap::Args;

use super::ledger_args::LedgerAndKeysArgs;
use crate::companions;
use crate::failure::Failure;
use crate::licenses;
use crate::output::{Outcome, now, warn};

/// `aegis bundle …`
#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    /// Licenses: ids in the ledger, or files with licenses in them; none for the newest revocation list alone
    #[arg(value_name = "JTI|FILE")]
    licenses: Vec<String>,
    /// Instead of a text for a customer: what the wheel is to bring along that is built from this folder of public
    /// keys, for its file trust.jwt: the certificates of all keys, and the newest revocation lists
    #[arg(long, value_name = "DIR", conflicts_with = "licenses")]
    wheel: Option<PathBuf>,
    #[command(flatten)]
    from: LedgerAndKeysArgs,
}

pub(crate) fn run(arguments: &BundleArgs) -> Result<Outcome, Failure> {
    if let Some(public) = &arguments.wheel {
        return wheel::run(public, &arguments.from);
    }
    let ledger = arguments.from.ledger.read_if_there()?;
    let companions = arguments.from.companions()?;
    if arguments.licenses.is_empty() {
        return lists_alone(&companions);
    }
    let licenses = wanted(&arguments.licenses, &ledger)?;
    for entry in &licenses {
        warn_of_use(entry, &ledger, arguments.from.ledger.folder())?;
    }
    let mut parts: Vec<_> = licenses.iter().map(companions::license).collect();
    parts.extend(companions.of(&licenses)?);
    Ok(Outcome::text(companions::text(&parts)?))
}

fn lists_alone(companions: &companions::Companions) -> Result<Outcome, Failure> {
    let parts = companions.of_nobody()?;
    if parts.is_empty() {
        let remedy = "name licenses, or sign a list first: `aegis revoke sign --key KEY`";
        return Err(Failure::new("no license was named, and no revocation list was signed yet", remedy));
    }
    Ok(Outcome::text(companions::text(&parts)?))
}

fn wanted(names: &[String], ledger: &LedgerContent) -> Result<Vec<LedgerEntry>, Failure> {
    let mut found: Vec<LedgerEntry> = Vec::new();
    for name in names {
        for entry in licenses::named(name, ledger)? {
            if !found.contains(&entry) {
                found.push(entry);
            }
        }
    }
    Ok(found)
}

/// Licenses that help the customer no more are bundled nevertheless: the vendor may know why.
fn warn_of_use(entry: &LedgerEntry, ledger: &LedgerContent, folder: &Path) -> Result<(), Failure> {
    if entry.end()?.is_some_and(|end| end <= now()) {
        warn(format!("license {} has ended", entry.jti));
    }
    if licenses::is_revoked(entry, folder)? {
        warn(format!("license {} is revoked", entry.jti));
    }
    if let Some(newer) = ledger.reissues_of(&entry.jti).last() {
        let how = if licenses::are_bound_alike(entry, newer)? { "again" } else { "for another instance" };
        warn(format!("license {} was issued {how} as {}", entry.jti, newer.jti));
    }
    Ok(())
}
