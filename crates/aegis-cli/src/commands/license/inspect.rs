//! `aegis license inspect`

use std::path::PathBuf;

use aegis_core::split_bundle;
use aegis_issuer::UnverifiedToken;
use clap::Args;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::read_text;
use crate::output::{Facts, Outcome, counted, instant};

/// Claims that are times.
const TIMES: [&str; 7] =
    ["iat", "nbf", "exp", "grace_until", "updates_until", "notify_admins_from", "notify_users_from"];

/// `aegis license inspect …`
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// File with the license, or with several, certificates and lists among other text; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Answer with one JSON object; with a list of them where the text holds several tokens
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &InspectArgs) -> Result<Outcome, Failure> {
    let text = read_text(&arguments.file)?;
    let tokens = tokens(&text)?;
    if arguments.json {
        return match &tokens[..] {
            [only] => Outcome::json(&as_json(only)),
            several => Outcome::json(&several.iter().map(as_json).collect::<Vec<_>>()),
        };
    }
    let texts: Vec<String> = tokens.iter().map(as_text).collect();
    Ok(Outcome::text(format!(
        "NOT VERIFIED: anybody can write such a text. `aegis license verify` checks it.\n\n{}",
        texts.join("\n")
    )))
}

/// The tokens of a text; the text itself where none is found, so that it is said what is wrong with it.
fn tokens(text: &str) -> Result<Vec<UnverifiedToken>, Failure> {
    let found = split_bundle(text).map_err(|error| Failure::new(error.to_string(), "give only the licenses"))?;
    if found.len() < 2 && !matches!(found[..], [Ok(_)]) {
        return Ok(vec![UnverifiedToken::decode(text)?]);
    }
    let cut = |error: aegis_core::Error| Failure::new(error.to_string(), "give the whole text");
    found.into_iter().map(|token| Ok(UnverifiedToken::decode(&token.map_err(cut)?)?)).collect()
}

fn as_json(token: &UnverifiedToken) -> Value {
    json!({ "verified": false, "header": token.header, "claims": token.claims })
}

fn as_text(token: &UnverifiedToken) -> String {
    let kind = match token.header.get("typ").and_then(Value::as_str) {
        Some("aegis-revocation+jwt") => "Revocation list",
        Some("aegis-key+jwt") => "Key certificate",
        _ => "License",
    };
    format!("{kind}\nheader\n{}\nclaims\n{}", facts(&token.header).to_text(), facts(&token.claims).to_text())
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
        // Up to 20,000 hashes, which tell nobody anything.
        Value::Array(ids) if name == "revoked" => counted(ids.len(), "license"),
        other => other.to_string(),
    }
}
