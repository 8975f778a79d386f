//! `aegis license show`

use aegis_issuer::ledger::LedgerEntry;
use aegis_issuer::stated;
use clap::Args;

use super::{LedgerArgs, summary};
use crate::failure::Failure;
use crate::output::{Facts, Outcome, instant, warn};

/// `aegis license show …`
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Id of the license
    jti: String,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Print only the license itself, for the customer
    #[arg(long, conflicts_with = "json")]
    token: bool,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &ShowArgs) -> Result<Outcome, Failure> {
    let content = arguments.ledger.read()?;
    let Some(entry) = content.find(&arguments.jti) else {
        let remedy = "`aegis license list` shows the ids; --ledger names another ledger";
        return Err(Failure::new("there is no license with this id in the ledger", remedy));
    };
    match arguments {
        ShowArgs { json: true, .. } => Outcome::json(entry),
        ShowArgs { token: true, .. } => Ok(Outcome::text(&entry.token)),
        _ => Ok(Outcome::text(format!("License {}\n{}", entry.jti, facts(entry).to_text()))),
    }
}

/// All that the license says, and what the ledger adds.
fn facts(entry: &LedgerEntry) -> Facts {
    let mut facts = match stated(&entry.token) {
        Ok(license) => summary::of_license(&license, &entry.token),
        Err(error) => {
            warn(format!("only what the ledger has is shown, as the license cannot be read: {error}"));
            of_ledger(entry)
        }
    };
    facts.add_some("issued by", entry.issued_by.clone());
    facts.add_some("in place of", entry.reissue_of.clone());
    facts
}

fn of_ledger(entry: &LedgerEntry) -> Facts {
    let mut facts = Facts::default();
    facts.add("customer", format!("{} ({})", entry.customer.name, entry.customer.id));
    facts.add("type", entry.license_type.clone());
    facts.add("modules", entry.modules.join(", "));
    facts.add("issued", instant(entry.iat));
    facts.add("ends", entry.exp.map_or_else(|| "never".to_owned(), instant));
    facts.add_some("bound to", entry.instance_fingerprint.clone());
    facts.add("signed by", format!("key {} of {}", entry.kid, entry.iss));
    facts
}
