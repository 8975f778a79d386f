//! `aegis keys show`

use std::path::PathBuf;

use aegis_issuer::UnverifiedCertificate;
use aegis_issuer::keyfile::{look_at_private, read_certificates, read_metadata, read_public, thumbprint};
use aegis_issuer::revocation::RevocationBook;
use clap::Args;
use serde::Serialize;

use super::{NamedKey, keys_at};
use crate::failure::Failure;
use crate::keyrings::folder_of;
use crate::output::{Facts, Outcome, instant, now};

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
    /// When it was revoked, Unix seconds, as the journal of revocations beside it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    certificates: Vec<ShownCertificate>,
}

/// What is shown of a certificate. Whether it verifies is up to `aegis keys check`.
#[derive(Debug, Serialize)]
struct ShownCertificate {
    root: String,
    #[serde(rename = "use")]
    uses: Vec<String>,
    modules: Option<Vec<String>>,
    not_before: Option<i64>,
    not_after: Option<i64>,
    in_use: bool,
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
        Some(thumbprint(&read_public(&key.paths.public)?))
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
    let certificates = read_certificates(&key.paths.certificate)?;
    let certificates = certificates.iter().map(|token| shown_certificate(token)).collect::<Result<Vec<_>, _>>()?;
    let revoked = revoked(key, thumbprint.as_deref())?;
    Ok(Shown { kid: key.kid.clone(), issuer, created, uses, thumbprint, private_key, revoked, certificates })
}

/// A key is revoked by its thumbprint where it was certified, and by its name where wheels trust it.
fn revoked(key: &NamedKey, thumbprint: Option<&str>) -> Result<Option<i64>, Failure> {
    let book = RevocationBook::in_folder(folder_of(&key.paths.public));
    let revocation = book.of_key(&[&key.kid, thumbprint.unwrap_or(&key.kid)])?;
    Ok(revocation.map(|revocation| revocation.at))
}

fn shown_certificate(token: &str) -> Result<ShownCertificate, Failure> {
    let stated = UnverifiedCertificate::decode(token)?;
    let in_use = stated.is_in_use(now());
    let UnverifiedCertificate { root, uses, modules, not_before, not_after, .. } = stated;
    Ok(ShownCertificate { root, uses, modules, not_before, not_after, in_use })
}

fn facts(key: &Shown) -> Facts {
    let mut facts = Facts::default();
    facts.add_some("issuer", key.issuer.clone());
    facts.add_some("created", key.created.clone());
    facts.add_some("use", key.uses.as_ref().map(|uses| for_people(uses)));
    facts.add_some("thumbprint", key.thumbprint.clone());
    facts.add("private key", key.private_key);
    facts.add_some("REVOKED", key.revoked.map(|at| format!("on {}", instant(at))));
    for certificate in &key.certificates {
        facts.add("certificate", certificate.to_text());
    }
    facts
}

fn for_people(uses: &[String]) -> String {
    let root = if uses.iter().any(|word| word == "certify") { " (a root)" } else { "" };
    format!("{}{root}", uses.join(", "))
}

impl ShownCertificate {
    fn to_text(&self) -> String {
        let window = match (self.not_before, self.not_after) {
            (None, None) => "without end".to_owned(),
            (from, until) => {
                let from = from.map(|from| format!("from {} ", instant(from))).unwrap_or_default();
                let until = until.map(|until| format!("until {}", instant(until))).unwrap_or_default();
                format!("{from}{until}")
            }
        };
        let modules = self.modules.as_ref().map(|modules| format!(", for {}", modules.join(", "))).unwrap_or_default();
        let state = if self.in_use { "in use" } else { "NOT in use now" };
        format!("by the root {}: {}{modules}, {} ({state})", self.root, self.uses.join(", "), window.trim())
    }
}
