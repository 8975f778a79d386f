//! `aegis license list`

use aegis_issuer::dates;
use aegis_issuer::ledger::LedgerEntry;
use clap::Args;

use super::LedgerArgs;
use crate::failure::Failure;
use crate::output::{Outcome, printable};
use crate::values;

/// `aegis license list …`
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only licenses of this customer id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only licenses that end up to this day
    #[arg(long, value_name = "DATE", value_parser = values::end)]
    ending_until: Option<i64>,
    /// Answer with one JSON list
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &ListArgs) -> Result<Outcome, Failure> {
    let content = arguments.ledger.read()?;
    let wanted: Vec<&LedgerEntry> = content.entries.iter().filter(|entry| is_wanted(arguments, entry)).collect();
    if arguments.json {
        return Outcome::json(&wanted);
    }
    if wanted.is_empty() {
        return Ok(Outcome::text("no licenses"));
    }
    Ok(Outcome::text(wanted.into_iter().map(line).collect::<String>()))
}

fn is_wanted(arguments: &ListArgs, entry: &LedgerEntry) -> bool {
    let of_customer = arguments.customer.as_ref().is_none_or(|id| *id == entry.customer.id);
    let ending = arguments.ending_until.is_none_or(|until| entry.exp.is_some_and(|exp| exp <= until));
    of_customer && ending
}

fn line(entry: &LedgerEntry) -> String {
    let ends = entry.exp.map_or_else(|| "never".to_owned(), dates::format_utc);
    let (jti, license_type) = (printable(&entry.jti), printable(&entry.license_type));
    let customer = printable(&format!("{} ({})", entry.customer.name, entry.customer.id));
    let modules = printable(&entry.modules.join(", "));
    format!("{jti}  {license_type:12}  ends {ends:20}  {customer}  {modules}\n")
}
