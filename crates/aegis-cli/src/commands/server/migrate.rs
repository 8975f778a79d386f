//! `aegis migrate`

use clap::Args;
use serde_json::json;

use super::SettingsArgs;
use super::database::{connect, explained, runtime};
use crate::failure::Failure;
use crate::output::{Outcome, counted};

/// `aegis migrate …`
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Change nothing; fail where there is something to do
    #[arg(long)]
    check: bool,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &MigrateArgs) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read()?;
    let address = &settings.database;
    let is_missing = address.file().is_some_and(|file| !file.exists());
    if arguments.check && is_missing {
        return answer(arguments, "the database is not there yet: `aegis migrate` makes it".to_owned(), None);
    }
    let pending = runtime()?.block_on(async {
        let store = connect(address).await?;
        let pending = store.pending_migrations().await.map_err(|error| explained(&error, address))?;
        if !arguments.check && pending > 0 {
            store.migrate().await.map_err(|error| explained(&error, address))?;
        }
        // Nothing is left to be stored.
        let _ = store.close().await;
        Ok::<_, Failure>(pending)
    })?;
    let text = match (pending, arguments.check) {
        (0, _) => format!("{address}: the tables are those of this version"),
        (pending, true) => format!("{address}: {} to be done: `aegis migrate`", counted(pending, "migration")),
        (pending, false) => format!("{address}: {} done", counted(pending, "migration")),
    };
    answer(arguments, text, Some(pending))
}

/// `pending`: how many migrations there were to do; `None` where there is no database yet.
fn answer(arguments: &MigrateArgs, text: String, pending: Option<usize>) -> Result<Outcome, Failure> {
    let is_good = !arguments.check || pending == Some(0);
    let outcome = if arguments.json {
        let done = if arguments.check { 0 } else { pending.unwrap_or(0) };
        let left = if arguments.check { pending } else { Some(0) };
        Outcome::json(&json!({ "done": done, "pending": left }))?
    } else {
        Outcome::text(text)
    };
    Ok(outcome.good_if(is_good))
}
