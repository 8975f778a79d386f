//! `aegis audit`

use aegis_storage::{Error, Store};
use clap::{Args, Subcommand};
use serde_json::json;

use super::SettingsArgs;
use super::database::{explained, with_store};
use crate::failure::Failure;
use crate::output::{Facts, Outcome};

/// `aegis audit …`
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Make sure that no row of the audit log was changed, left out or added
    Verify(VerifyArgs),
}

/// `aegis audit verify …`
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// The hash that an earlier run showed and that was kept elsewhere: a row has to have it
    #[arg(long, value_name = "HASH", value_parser = hash)]
    expect_hash: Option<String>,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

/// What the walk through the log found.
enum Walked {
    /// So many rows, the hash of the last, and the number of the row that has the expected hash.
    Holds(i64, String, Option<i64>),
    /// The number of the first row that does not hold, and what is wrong with it.
    Broken(i64, &'static str),
}

impl AuditCommand {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Verify(arguments) => verify(&arguments),
        }
    }
}

fn hash(text: &str) -> Result<String, String> {
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let remedy = || "write the 64 hexadecimal digits that an earlier `aegis audit verify` showed".to_owned();
    if is_hash { Ok(text.to_ascii_lowercase()) } else { Err(remedy()) }
}

fn verify(arguments: &VerifyArgs) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read()?;
    let walked = with_store(&settings, async |store| {
        walk(&store, arguments.expect_hash.as_deref()).await.map_err(|error| explained(&error, &settings.database))
    })?;
    if arguments.json {
        return as_json(&walked, arguments);
    }
    match walked {
        Walked::Broken(row, problem) => Err(Failure::new(
            format!("the audit log is broken at row {row}: {problem}"),
            "somebody changed the database past the server, or a part was lost: compare this row with a backup",
        )),
        Walked::Holds(rows, last, None) if arguments.expect_hash.is_some() => Err(Failure::new(
            format!("the audit log holds together ({rows} rows, the last {last}), but no row has the expected hash"),
            "the log was written anew, rows at its end are missing, or this is another database: compare with a backup",
        )),
        Walked::Holds(rows, last, expected) => Ok(Outcome::text(as_text(rows, &last, expected))),
    }
}

async fn walk(store: &Store, expected: Option<&str>) -> Result<Walked, Error> {
    let (rows, last) = match store.verify_audit_log().await {
        Err(Error::BrokenChain(broken)) => return Ok(Walked::Broken(broken.seq, broken.problem)),
        held => held?,
    };
    let row = match expected {
        Some(hash) => store.audit_row_with_hash(hash).await?.filter(|row| *row <= rows),
        None => None,
    };
    Ok(Walked::Holds(rows, last, row))
}

fn as_text(rows: i64, last: &str, expected: Option<i64>) -> String {
    let mut facts = Facts::default();
    facts.add("rows", rows.to_string());
    facts.add("last hash", if rows == 0 { "none" } else { last });
    facts.add_some("expected", expected.map(|row| format!("found, in row {row}")));
    let advice = "Keep the last hash elsewhere, and give it with --expect-hash the next time: whoever can write to the database could make a whole new log, but none that has it.";
    format!("The audit log holds.\n{}\n{advice}", facts.to_text())
}

fn as_json(walked: &Walked, arguments: &VerifyArgs) -> Result<Outcome, Failure> {
    let (answer, is_good) = match walked {
        Walked::Broken(row, problem) => (json!({ "holds": false, "broken_row": row, "problem": problem }), false),
        Walked::Holds(rows, last, expected) => {
            let is_good = arguments.expect_hash.is_none() || expected.is_some();
            (json!({ "holds": true, "rows": rows, "last_hash": last, "expected_row": expected }), is_good)
        }
    };
    Ok(Outcome::json(&answer)?.good_if(is_good))
}
