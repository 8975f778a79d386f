//! `aegis license preview`

use std::path::PathBuf;
use std::sync::Arc;

use aegis_core::{Change, Context, Event, Report, evaluate, open};
use aegis_issuer::Preview;
use clap::Args;
use serde_json::{Value, json};

use super::request::RequestArgs;
use crate::failure::Failure;
use crate::input::read_text;
use crate::licenses;
use crate::output::{Outcome, instant, now};

/// Whom a license is from does not matter for what will happen when.
const ISSUER: &str = "preview";

/// `aegis license preview …`
#[derive(Debug, Args)]
pub(crate) struct PreviewArgs {
    /// File with licenses that are there already, instead of what a new one is to contain; - for standard input
    #[arg(value_name = "FILE", conflicts_with_all = ["flags", "activation", "json_in"])]
    file: Option<PathBuf>,
    /// Answer with one JSON list
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    request: RequestArgs,
}

pub(crate) fn run(arguments: &PreviewArgs) -> Result<Outcome, Failure> {
    let previews = match &arguments.file {
        Some(file) => of_file(file)?,
        None => vec![("The license".to_owned(), Preview::of_request(&arguments.request.request()?, ISSUER, now())?)],
    };
    let reports: Vec<(String, Report)> = previews.into_iter().map(|(name, preview)| (name, report(&preview))).collect();
    if arguments.json {
        return Outcome::json(&reports.iter().flat_map(|(_, report)| as_json(report)).collect::<Vec<_>>());
    }
    let texts: Vec<String> = reports.iter().map(|(name, report)| text(name, report)).collect();
    Ok(Outcome::text(texts.join("\n")))
}

fn of_file(file: &std::path::Path) -> Result<Vec<(String, Preview)>, Failure> {
    let found = licenses::of_text(&read_text(file)?)?;
    if found.is_empty() {
        return Err(Failure::new("there is no license in the text", "give the whole text of the license"));
    }
    let preview = |entry: aegis_issuer::ledger::LedgerEntry| {
        Ok((format!("License {} (not verified)", entry.jti), Preview::of_token(&entry.token)?))
    };
    found.into_iter().map(preview).collect()
}

fn report(preview: &Preview) -> Report {
    // Any version that it covers will do.
    let open = |token: &str| open(token, &preview.keyring).map(Arc::new);
    let major = open(&preview.token).ok().and_then(|license| license.modules.first()?.versions.first().copied());
    evaluate(&preview.token, &preview.keyring, &Context::new(major.unwrap_or_default(), now()), open)
}

fn text(name: &str, report: &Report) -> String {
    let change = |change: Change| format!("\n{}  {}\n     {}\n", instant(change.at), what(&change), effect_of(&change));
    let changes: String = report.timeline().into_iter().map(change).collect();
    let changes = if changes.is_empty() { "\nNothing changes.\n".to_owned() } else { changes };
    format!("{name}, if nothing else is issued:\n\nnow  {}\n     {}\n{changes}", report.code, report.code.effect())
}

fn what(change: &Change) -> String {
    match change.event {
        Event::Status => change.code.to_string(),
        event => format!("{} ({event})", change.code),
    }
}

fn effect_of(change: &Change) -> String {
    match change.event {
        Event::UsersWarned => change.message.clone(),
        _ => format!("{} {}", change.message, change.code.effect()),
    }
}

fn as_json(report: &Report) -> Vec<Value> {
    let now = json!({ "at": report.now, "code": report.code.as_str(), "event": Event::Status.as_str(), "effect": report.code.effect() });
    let change = |change: Change| {
        json!({
            "at": change.at, "code": change.code.as_str(), "event": change.event.as_str(),
            "message": change.message, "effect": change.code.effect(),
        })
    };
    std::iter::once(now).chain(report.timeline().into_iter().map(change)).collect()
}
