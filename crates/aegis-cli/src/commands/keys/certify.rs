//! `aegis keys certify`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_core::{Certificate, KeyUse, ModulePattern};
use aegis_issuer::keyfile::{
    KeyMetadata, KeyPaths, PUBLIC_SUFFIX, add_certificate, copy_public, read_metadata, read_public,
};
use aegis_issuer::{CertificateRequest, Certified, IssueContext, certify, dates};
use clap::Args;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::key_folder::paths_of;
use crate::keyrings::folder_of;
use crate::output::{Facts, Outcome, instant, note, now};
use crate::passphrase::RootPassphraseArgs;
use crate::signing_key::{SigningKey, SigningKeyArgs};
use crate::values;

/// How long a certificate lasts when nobody says: two years.
const DEFAULT_DAYS: u32 = 730;

/// `aegis keys certify …`
#[derive(Debug, Args)]
pub(crate) struct CertifyArgs {
    /// The key: its id, or one of its files
    #[arg(value_name = "NAME")]
    name: PathBuf,
    /// Folder of the key
    #[arg(long, default_value = "keys")]
    dir: PathBuf,
    #[command(flatten)]
    scope: ScopeArgs,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

/// Which root certifies, and for what.
#[derive(Debug, Args)]
pub(super) struct ScopeArgs {
    /// The root that certifies: its id in the same folder, or the path of its private key
    #[arg(long, value_name = "ROOT")]
    root: PathBuf,
    /// What the key may sign, separated by commas: license, revocation (default: license, or what the key that it
    /// replaces was for)
    #[arg(long = "use", value_name = "USE", value_delimiter = ',', value_parser = values::certified_use)]
    uses: Vec<KeyUse>,
    /// The modules that it may license, separated by commas, such as acme_*,other_module (default: all of the root's,
    /// or those of the key that it replaces)
    #[arg(long, value_name = "P,P", value_delimiter = ',', value_parser = values::pattern)]
    modules: Vec<ModulePattern>,
    /// First day (UTC) on which it signs (default: today)
    #[arg(long, value_name = "DATE", value_parser = values::start)]
    from: Option<i64>,
    /// Last day (UTC) on which it signs; what it has signed stands (default: two years later)
    #[arg(long, value_name = "DATE", value_parser = values::end)]
    until: Option<i64>,
    /// Folder with the keyring.toml whose limits for the root are to be kept (default: the root's folder, if it has one)
    #[arg(long, value_name = "DIR")]
    keyring: Option<PathBuf>,
    #[command(flatten)]
    passphrase: RootPassphraseArgs,
}

/// A key to be certified: how it is called, and its public half.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) public: [u8; 32],
    /// What it is for where the flags do not say.
    pub(super) uses: Vec<KeyUse>,
    /// The modules where the flags do not say; `None` for all.
    pub(super) modules: Option<Vec<ModulePattern>>,
}

impl ScopeArgs {
    pub(super) fn root_paths(&self, dir: &Path) -> KeyPaths {
        paths_of(&self.root, dir)
    }

    /// Opens the root, asking for its passphrase if need be.
    pub(super) fn open_root(&self, dir: &Path) -> Result<SigningKey, Failure> {
        let paths = self.root_paths(dir);
        SigningKeyArgs::of_root(&paths, self.keyring.clone(), self.passphrase.source()).open(KeyUse::Certify)
    }

    /// Signs the certificate of a key.
    pub(super) fn certify(&self, subject: Subject, root: &SigningKey) -> Result<Certified, Failure> {
        let now = now();
        let from = self.from.unwrap_or(now - now.rem_euclid(dates::DAY));
        let until = match self.until {
            Some(until) => until,
            None => dates::days_after(from, DEFAULT_DAYS)?,
        };
        let request = CertificateRequest {
            name: subject.name,
            public_key: subject.public,
            uses: if self.uses.is_empty() { subject.uses } else { self.uses.clone() },
            modules: if self.modules.is_empty() { subject.modules } else { Some(self.modules.clone()) },
            not_before: Some(from),
            not_after: Some(until),
        };
        let context = IssueContext { issuer: &root.issuer, now, keyring: root.keyring.as_ref() };
        Ok(certify(&request, &root.signer, &context)?)
    }
}

pub(crate) fn run(arguments: &CertifyArgs) -> Result<Outcome, Failure> {
    let paths = paths_of(&arguments.name, &arguments.dir);
    let public = read_public(&paths.public)?;
    let metadata = read_metadata(&paths.metadata)?;
    let name = name_of(&paths);
    refuse_root(&name, metadata.as_ref())?;
    let folder = folder_of(&paths.public).to_owned();
    let root = arguments.scope.open_root(&folder)?;
    check_issuer(&name, metadata.as_ref(), &root.issuer)?;
    let subject = Subject { name: name.clone(), public, uses: vec![KeyUse::License], modules: None };
    let certified = arguments.scope.certify(subject, &root)?;
    keep(&paths, &arguments.scope.root_paths(&folder), &certified)?;
    if arguments.json {
        return Outcome::json(&as_json(&certified, &paths));
    }
    Ok(Outcome::text(format!(
        "{}\nIt signs with its thumbprint as key id from now on, and its licenses come with this certificate. Customers need a wheel that trusts {}; what the key signed before stands as it is.\nPut the private key of the root away again.\n",
        summary(&certified, &paths),
        certified.certificate.root,
    )))
}

/// The id of a key, from the name of its files.
pub(super) fn name_of(paths: &KeyPaths) -> String {
    let file = paths.public.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    file.strip_suffix(PUBLIC_SUFFIX).unwrap_or(file).to_owned()
}

pub(super) fn refuse_root(name: &str, metadata: Option<&KeyMetadata>) -> Result<(), Failure> {
    if !metadata.is_some_and(KeyMetadata::is_root) {
        return Ok(());
    }
    Err(Failure::new(
        format!("{name} is a root, and roots are trusted by wheels alone"),
        "name a key that is to sign day by day; `aegis keys generate --root` makes another root, for the next wheel",
    ))
}

pub(super) fn check_issuer(name: &str, metadata: Option<&KeyMetadata>, issuer: &str) -> Result<(), Failure> {
    match metadata.filter(|metadata| metadata.issuer != issuer) {
        Some(metadata) => Err(Failure::new(
            format!("{name} speaks for {:?}, and the root for {issuer:?}", metadata.issuer),
            "name a root of the same issuer",
        )),
        None => Ok(()),
    }
}

/// The certificate beside the key, and the public half of the root too: without it nobody here could use the key.
pub(super) fn keep(paths: &KeyPaths, root: &KeyPaths, certified: &Certified) -> Result<(), Failure> {
    add_certificate(&paths.certificate, &certified.token)?;
    let folder = folder_of(&paths.certificate);
    if root.metadata.exists() && root.public.exists() && copy_public(root, folder)? {
        note(&format!("note: the public key of the root was copied into {}", folder.display()));
    }
    Ok(())
}

pub(super) fn summary(certified: &Certified, paths: &KeyPaths) -> String {
    let certificate = &certified.certificate;
    let mut facts = facts(certificate);
    facts.add("certificate", paths.certificate.display().to_string());
    format!("Certified the key {} of {}.\n{}", certificate.name, certificate.iss, facts.to_text())
}

fn facts(certificate: &Arc<Certificate>) -> Facts {
    let parts = certificate.key.parts();
    let (mut facts, uses) = (Facts::default(), parts.uses.iter().map(|key_use| key_use.as_str()));
    facts.add("by the root", certificate.root.clone());
    facts.add("key id", parts.kid.clone());
    facts.add("signs", uses.collect::<Vec<_>>().join(", "));
    let modules = parts.modules.as_ref().map(|modules| modules.iter().map(ToString::to_string).collect::<Vec<_>>());
    facts.add("modules", modules.map_or_else(|| "all".to_owned(), |modules| modules.join(", ")));
    facts.add_some("from", parts.not_before.map(instant));
    facts.add_some("until", parts.not_after.map(instant));
    facts
}

pub(super) fn as_json(certified: &Certified, paths: &KeyPaths) -> Value {
    let certificate = &certified.certificate;
    let parts = certificate.key.parts();
    json!({
        "certificate": certified.token, "file": paths.certificate, "name": certificate.name, "kid": parts.kid,
        "root": certificate.root, "use": parts.uses.iter().map(|key_use| key_use.as_str()).collect::<Vec<_>>(),
        "modules": parts.modules.as_ref().map(|modules| modules.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "not_before": parts.not_before, "not_after": parts.not_after,
    })
}
