//! `aegis api-keys`

use aegis_server::{FreshKey, Scope};
use aegis_storage::{ApiKey, Error, Instant, Store};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::database::{explained, with_store};
use super::{SettingsArgs, audit_note, present};
use crate::failure::Failure;
use crate::output::{Outcome, instant, printable};
use crate::values;

/// Characters of a name, at most; as the API has it.
const LONGEST_NAME: usize = 100;

/// `aegis api-keys …`
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeysCommand {
    /// Make a key, which is shown once
    Add(AddArgs),
    /// List the keys, without their secrets
    List(ListArgs),
    /// Revoke a key: it opens nothing any more
    Revoke(RevokeArgs),
}

/// `aegis api-keys add …`
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// What the key is for, such as the name of the shop that uses it
    #[arg(long, value_parser = name)]
    name: String,
    /// What it may be used for, separated by commas: issue, read, revoke, admin
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',', value_parser = scope)]
    scopes: Vec<Scope>,
    /// Last day (UTC), or instant, on which it opens anything (default: for ever)
    #[arg(long, value_name = "DATE", value_parser = values::end)]
    expires: Option<i64>,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

/// `aegis api-keys list …`
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Answer with one JSON list
    #[arg(long)]
    json: bool,
}

/// `aegis api-keys revoke …`
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Its id: the beginning of the key, up to the dot
    id: String,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

impl ApiKeysCommand {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Add(arguments) => add(&arguments),
            Self::List(arguments) => list(&arguments),
            Self::Revoke(arguments) => revoke(&arguments),
        }
    }
}

fn name(text: &str) -> Result<String, String> {
    let is_good = (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_good { Ok(text.to_owned()) } else { Err(format!("write 1 to {LONGEST_NAME} characters on one line")) }
}

fn scope(text: &str) -> Result<Scope, String> {
    let known = Scope::ALL.into_iter().find(|scope| scope.as_str() == text.trim());
    known.ok_or_else(|| "write issue, read, revoke or admin".to_owned())
}

fn add(arguments: &AddArgs) -> Result<Outcome, Failure> {
    let now = present();
    let expires = arguments.expires.map(values::instant).transpose()?;
    if expires.is_some_and(|end| end <= now) {
        return Err(Failure::usage("the key would have ended already", "choose a later --expires"));
    }
    let settings = arguments.settings.read()?;
    let (fresh, kept) = with_store(&settings, async |store| {
        let fresh = make(&store, &arguments.name, &arguments.scopes, expires, now).await;
        fresh.map_err(|error| match error {
            NotMade::Random => no_random(),
            NotMade::Storage(error) => explained(&error, &settings.database),
        })
    })?;
    if arguments.json {
        return Outcome::json(&json!({ "key": fresh.key, "api_key": as_json(&kept) }));
    }
    Ok(Outcome::text(format!(
        "Made the API key {} for {} ({}).\n\n  {}\n\nIt is shown this once, and kept nowhere. Send it as `Authorization: Bearer KEY`.",
        kept.id,
        printable(&kept.name),
        kept.scopes,
        fresh.key
    )))
}

/// Why no key was made.
pub(super) enum NotMade {
    Random,
    Storage(Error),
}

/// The operating system failed.
pub(super) fn no_random() -> Failure {
    Failure::new("the operating system gave no random numbers", "try again when the system has started up")
}

/// Makes a key and stores it.
pub(super) async fn make(
    store: &Store,
    name: &str,
    scopes: &[Scope],
    expires: Option<Instant>,
    now: Instant,
) -> Result<(FreshKey, ApiKey), NotMade> {
    let fresh = FreshKey::generate().map_err(|_| NotMade::Random)?;
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let note = audit_note("api_key.add", "api_key", &fresh.id, json!({ "name": name, "scopes": words }));
    let stored = fresh.stored(name.to_owned(), scopes, expires);
    let kept = store.add_api_key(stored, note, now).await.map_err(NotMade::Storage)?;
    Ok((fresh, kept))
}

fn list(arguments: &ListArgs) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read()?;
    let keys = with_store(&settings, async |store| {
        store.api_keys().await.map_err(|error| explained(&error, &settings.database))
    })?;
    if arguments.json {
        return Outcome::json(&keys.iter().map(as_json).collect::<Vec<Value>>());
    }
    if keys.is_empty() {
        return Ok(Outcome::text("no API keys"));
    }
    Ok(Outcome::text(keys.iter().map(line).collect::<String>()))
}

fn line(key: &ApiKey) -> String {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked on {}", instant(at.timestamp())),
        (None, Some(end)) if end <= present() => format!("ended on {}", instant(end.timestamp())),
        (None, Some(end)) => format!("until {}", instant(end.timestamp())),
        (None, None) => "for ever".to_owned(),
    };
    format!("{}  {:26}  {state}  {}\n", key.id, key.scopes, printable(&key.name))
}

fn revoke(arguments: &RevokeArgs) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read()?;
    // Who gives the whole key means its beginning.
    let id = arguments.id.split_once('.').map_or(arguments.id.as_str(), |(id, _)| id);
    let note = audit_note("api_key.revoke", "api_key", id, json!({}));
    let key = with_store(&settings, async |store| {
        let revoked = store.revoke_api_key(id, note, present()).await;
        revoked.map_err(|error| explained(&error, &settings.database))
    })?;
    if arguments.json {
        return Outcome::json(&as_json(&key));
    }
    let at = key.revoked_at.map(|at| instant(at.timestamp())).unwrap_or_default();
    Ok(Outcome::text(format!("The API key {} ({}) is revoked since {at}.", key.id, printable(&key.name))))
}

fn as_json(key: &ApiKey) -> Value {
    let scopes: Vec<&str> = key.scopes.split(' ').collect();
    let time = |at: Instant| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    json!({
        "id": key.id, "name": key.name, "scopes": scopes, "created_at": time(key.created_at),
        "expires_at": key.expires_at.map(time), "revoked_at": key.revoked_at.map(time),
    })
}
