//! `aegis license import`

use std::path::{Path, PathBuf};

use aegis_core::Keyring;
use clap::Args;

use super::LedgerArgs;
use crate::failure::Failure;
use crate::input::read_text;
use crate::key_folder::KeyFolder;
use crate::keyrings;
use crate::output::{Outcome, printable, warn};

/// `aegis license import …`
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Another ledger, or any text with licenses in it; - for standard input
    file: PathBuf,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Import only what verifies with these keys: a folder of public keys, or one KID.public.pem
    #[arg(long, value_name = "DIR|FILE")]
    keys: Option<PathBuf>,
    /// The issuer, where neither keyring.toml nor a .json file beside the key says it
    #[arg(long, requires = "keys")]
    issuer: Option<String>,
}

pub(crate) fn run(arguments: &ImportArgs) -> Result<Outcome, Failure> {
    let keyring = match &arguments.keys {
        Some(path) => Some(keyring(path, arguments.issuer.as_deref())?),
        None => None,
    };
    let report = arguments.ledger.ledger().import(&read_text(&arguments.file)?, keyring.as_ref())?;
    arguments.ledger.warn_of(&report.damage);
    for refused in &report.refused {
        warn(format!("{} is not imported: {}", refused.place, printable(&refused.reason)));
    }
    let (added, known, refused) = (report.added.len(), report.already_there, report.refused.len());
    let text = format!("{added} imported, {known} already in the ledger, {refused} not imported");
    Ok(Outcome::text(text).good_if(refused == 0))
}

/// The keys, and the certificates beside them.
fn keyring(path: &Path, issuer: Option<&str>) -> Result<Keyring, Failure> {
    let certificates = KeyFolder::read(path)?.certificates.join("\n");
    Ok(keyrings::load(path, issuer)?.with_trust(&certificates).0)
}
