//! `aegis doctor`

mod files;
mod keys;
mod quick;

use aegis_storage::{LicenseFilter, Store};
use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::database::{connect, explained, refuse_missing, refuse_pending, runtime};
use super::{SettingsArgs, present};
use crate::failure::Failure;
use crate::output::{Facts, Outcome, instant};
use crate::settings::Settings;

/// Seconds by which two clocks may differ before somebody is told.
const CLOCKS_DIFFER: i64 = 5;

/// Seconds by which two clocks may differ before licenses come out wrong.
const CLOCKS_ARE_WRONG: i64 = 60;

/// `aegis doctor …`
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Only ask the running server at AEGIS_LISTEN whether it can work
    #[arg(long)]
    quick: bool,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, state: State::Ok, message: message.into(), remedy: None }
    }

    fn warn(name: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Warn, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn error(name: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Error, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn failed(name: &'static str, failure: &Failure) -> Self {
        Self::error(name, failure.what(), failure.remedy())
    }
}

pub(crate) fn run(arguments: &DoctorArgs) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read()?;
    if arguments.quick {
        let check = quick::check(settings.listen);
        return answer(arguments, &settings, &[check]);
    }
    let runtime = runtime()?;
    let mut checks = runtime.block_on(database(&settings));
    checks.extend(runtime.block_on(keys::checks(&settings)));
    checks.extend(files::checks(&settings));
    answer(arguments, &settings, &checks)
}

/// What needs the database.
async fn database(settings: &Settings) -> Vec<Check> {
    let store = match refuse_missing(&settings.database) {
        Ok(()) => connect(&settings.database).await,
        Err(failure) => Err(failure),
    };
    let store = match store {
        Ok(store) => store,
        Err(failure) => return vec![Check::failed("database", &failure)],
    };
    let mut checks = vec![Check::ok("database", format!("{} answers", settings.database))];
    if let Err(failure) = refuse_pending(&store, &settings.database).await {
        checks.push(Check::failed("migrations", &failure));
    } else {
        checks.push(Check::ok("migrations", "the tables are those of this version"));
        checks.push(clock(&store, settings).await.unwrap_or_else(|failure| Check::failed("clock", &failure)));
    }
    // It was only read.
    let _ = store.close().await;
    checks
}

/// This machine's clock, which the server writes into licenses.
async fn clock(store: &Store, settings: &Settings) -> Result<Check, Failure> {
    let failure = |error: &aegis_storage::Error| explained(error, &settings.database);
    let database = store.clock().await.map_err(|error| failure(&error))?;
    let newest = store.licenses(&LicenseFilter::default(), 1).await.map_err(|error| failure(&error))?;
    let newest = newest.items.first().map(|license| license.issued_at.timestamp());
    Ok(judge_clock(present().timestamp(), database.timestamp(), newest))
}

fn judge_clock(now: i64, database: i64, newest: Option<i64>) -> Check {
    let remedy = "set the clock, and let something keep it (chrony, systemd-timesyncd)";
    if let Some(newest) = newest.filter(|newest| *newest > now + CLOCKS_ARE_WRONG) {
        let (newest, now) = (instant(newest), instant(now));
        let what = format!("the newest license was issued on {newest}, but it is {now} here: the clock is slow");
        return Check::error("clock", what, remedy);
    }
    let apart = now.abs_diff(database);
    let what = format!("this clock and that of the database are {apart} s apart");
    if apart > CLOCKS_ARE_WRONG.unsigned_abs() {
        Check::error("clock", what, remedy)
    } else if apart > CLOCKS_DIFFER.unsigned_abs() {
        Check::warn("clock", what, remedy)
    } else {
        Check::ok("clock", what)
    }
}

fn answer(arguments: &DoctorArgs, settings: &Settings, checks: &[Check]) -> Result<Outcome, Failure> {
    let is_good = checks.iter().all(|check| check.state != State::Error);
    if arguments.json {
        let shown = settings
            .shown()
            .iter()
            .map(|setting| json!({ "name": setting.name, "value": setting.value, "from": setting.origin.to_string() }));
        let shown: Vec<_> = if arguments.quick { Vec::new() } else { shown.collect() };
        return Ok(Outcome::json(&json!({ "ok": is_good, "settings": shown, "checks": checks }))?.good_if(is_good));
    }
    let mut text = String::new();
    if !arguments.quick {
        text.push_str(&settings_text(settings));
    }
    for check in checks {
        text.push_str(&line(check));
    }
    Ok(Outcome::text(text).good_if(is_good))
}

fn settings_text(settings: &Settings) -> String {
    let mut facts = Facts::default();
    for setting in settings.shown() {
        facts.add(setting.name, format!("{}  ({})", setting.value, setting.origin));
    }
    let file = settings.file.as_ref().map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    format!("Settings ({file})\n{}\n", facts.to_text())
}

fn line(check: &Check) -> String {
    let word = match check.state {
        State::Ok => "ok",
        State::Warn => "warn",
        State::Error => "error",
    };
    let remedy = check.remedy.as_ref().map_or_else(String::new, |remedy| format!("         help: {remedy}\n"));
    format!("{word:5}  {}: {}\n{remedy}", check.name, crate::output::printable(&check.message))
}

#[cfg(test)]
mod tests {
    use super::{State, judge_clock};

    #[test]
    fn clocks_that_differ_are_told_of() {
        let now = 1_790_000_000;
        for (database, newest, state) in [
            (now, None, State::Ok),
            (now + 3, Some(now - 10), State::Ok),
            (now - 30, None, State::Warn),
            (now + 300, None, State::Error),
            (now, Some(now + 30), State::Ok),
            (now, Some(now + 3600), State::Error),
        ] {
            assert_eq!(judge_clock(now, database, newest).state, state, "{database} {newest:?}");
        }
    }
}
