//! `aegis license inspect`

use std::path::PathBuf;

use aegis_issuer::UnverifiedToken;
use clap::Args;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::read_text;
use crate::output::{Facts, Outcome, instant};

/// Claims that are times.
const TIMES: [&str; 7] =
    ["iat", "nbf", "exp", "grace_until", "updates_until", "notify_admins_from", "notify_users_from"];

/// `aegis license inspect …`
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// File with the license; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &InspectArgs) -> Result<Outcome, Failure> {
    let UnverifiedToken { header, claims } = UnverifiedToken::decode(&read_text(&arguments.file)?)?;
    if arguments.json {
        return Outcome::json(&json!({ "verified": false, "header": header, "claims": claims }));
    }
    Ok(Outcome::text(format!(
        "NOT VERIFIED: anybody can write such a text. `aegis license verify` checks it.\n\nheader\n{}\nclaims\n{}",
        facts(&header).to_text(),
        facts(&claims).to_text(),
    )))
}

fn facts(object: &Value) -> Facts {
    let mut facts = Facts::default();
    for (name, value) in object.as_object().into_iter().flatten() {
        facts.add(name.clone(), shown(name, value));
    }
    facts
}

fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if TIMES.contains(&name) => match number.as_i64() {
            Some(time) => format!("{time} = {}", instant(time)),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}
