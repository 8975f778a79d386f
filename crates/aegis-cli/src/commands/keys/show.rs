//! `aegis keys show`

use std::path::PathBuf;

use aegis_issuer::keyfile::{look_at_private, read_metadata, read_public, thumbprint};
use clap::Args;
use serde::Serialize;

use super::{NamedKey, keys_at};
use crate::failure::Failure;
use crate::output::{Facts, Outcome};

/// `aegis keys show …`
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Folder of keys, or a file of one key
    #[arg(default_value = "keys")]
    path: PathBuf,
    /// Answer with one JSON list
    #[arg(long)]
    json: bool,
}

/// What is shown of a key.
#[derive(Debug, Serialize)]
struct Shown {
    kid: String,
    issuer: Option<String>,
    created: Option<String>,
    #[serde(rename = "use")]
    uses: Option<Vec<String>>,
    thumbprint: Option<String>,
    private_key: &'static str,
}

pub(crate) fn run(arguments: &ShowArgs) -> Result<Outcome, Failure> {
    let keys = keys_at(&arguments.path)?.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
    if arguments.json {
        return Outcome::json(&keys);
    }
    let texts: Vec<String> = keys.iter().map(|key| format!("{}\n{}", key.kid, facts(key).to_text())).collect();
    Ok(Outcome::text(texts.join("\n")))
}

fn shown(key: &NamedKey) -> Result<Shown, Failure> {
    let metadata = read_metadata(&key.paths.metadata)?;
    // The public key itself is the truth about the thumbprint; the metadata only repeats it.
    let thumbprint = if key.paths.public.exists() {
        Some(thumbprint(read_public(&key.paths.public)?))
    } else {
        metadata.as_ref().map(|metadata| metadata.thumbprint.clone())
    };
    let private_key = match key.paths.private.exists() {
        false => "not here",
        true if look_at_private(&key.paths.private)?.0 => "encrypted",
        true => "NOT encrypted",
    };
    let (issuer, created, uses) = match metadata {
        Some(metadata) => (Some(metadata.issuer), Some(metadata.created), Some(metadata.uses)),
        None => (None, None, None),
    };
    Ok(Shown { kid: key.kid.clone(), issuer, created, uses, thumbprint, private_key })
}

fn facts(key: &Shown) -> Facts {
    let mut facts = Facts::default();
    facts.add_some("issuer", key.issuer.clone());
    facts.add_some("created", key.created.clone());
    facts.add_some("use", key.uses.as_ref().map(|uses| uses.join(", ")));
    facts.add_some("thumbprint", key.thumbprint.clone());
    facts.add("private key", key.private_key);
    facts
}
