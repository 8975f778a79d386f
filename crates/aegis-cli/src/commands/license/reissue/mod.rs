//! `aegis license reissue`

mod of_key;
mod rebind;

use std::path::PathBuf;

use aegis_core::{KeyUse, Keyring};
use aegis_issuer::IssueContext;
use aegis_issuer::ledger::LedgerEntry;
use clap::Args;

use super::request::ActivationArgs;
use crate::commands::ledger_args::LedgerAndKeysArgs;
use crate::companions::{self, Companions};
use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::output::{Outcome, now};
use crate::signing_key::{SigningKey, SigningKeyArgs};

/// `aegis license reissue …`
#[derive(Debug, Args)]
pub(crate) struct ReissueArgs {
    /// One license, to bind it to another instance with --bind-request: its id in the ledger, or a file with it
    #[arg(value_name = "JTI|FILE", requires = "bind_request")]
    license: Option<String>,
    /// All licenses of a key, by its name or thumbprint: when it was stolen
    #[arg(
        long = "kid",
        value_name = "OLD",
        allow_hyphen_values = true,
        required_unless_present = "license",
        conflicts_with_all = ["license", "activation"]
    )]
    old: Option<String>,
    /// The key that is to sign now
    #[command(flatten)]
    key: SigningKeyArgs,
    #[command(flatten)]
    from: LedgerAndKeysArgs,
    #[command(flatten)]
    activation: ActivationArgs,
    /// With --kid: folder for one file per license, with all that the customer needs (default: reissued beside the
    /// ledger)
    #[arg(long, value_name = "DIR", conflicts_with = "license")]
    out: Option<PathBuf>,
    /// Who issues them, for the ledger
    #[arg(long, value_name = "NAME")]
    issued_by: Option<String>,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &ReissueArgs) -> Result<Outcome, Failure> {
    match &arguments.license {
        Some(license) => rebind::run(arguments, license),
        None => of_key::run(arguments, arguments.old.as_deref().unwrap_or_default()),
    }
}

impl ReissueArgs {
    /// The key that signs, which must not be revoked.
    fn open_key(&self) -> Result<SigningKey, Failure> {
        let key = self.key.open(KeyUse::License)?;
        key.check_not_revoked(&self.from.ledger.revocations())?;
        Ok(key)
    }
}

/// All that is needed to issue licenses again.
struct Work<'w> {
    arguments: &'w ReissueArgs,
    companions: Companions,
    key: SigningKey,
    /// Our keys: what they have not signed is not signed again.
    trusted: Option<Keyring>,
}

impl<'w> Work<'w> {
    fn new(arguments: &'w ReissueArgs, folder: &KeyFolder, key: SigningKey) -> Result<Self, Failure> {
        let trusted = folder.trusted(&key.issuer)?;
        let trusted = trusted.map(|keyring| keyring.with_trust(&folder.certificates.join("\n")).0);
        Ok(Self { arguments, companions: arguments.from.companions()?, key, trusted })
    }

    fn trusted(&self) -> Result<&Keyring, Failure> {
        let failure = || Failure::new("the folder of keys has no key to verify it with", "name the folder with --keys");
        self.trusted.as_ref().ok_or_else(failure)
    }

    fn context(&self) -> IssueContext<'_> {
        IssueContext { issuer: &self.key.issuer, now: now(), keyring: self.key.keyring.as_ref() }
    }

    /// Writes the new license into the ledger, before anybody sees it.
    fn keep(&self, token: &str, old: &LedgerEntry) -> Result<LedgerEntry, Failure> {
        let mut new = LedgerEntry::from_token(token, self.arguments.issued_by.clone())?;
        new.reissue_of = Some(old.jti.clone());
        self.arguments.from.ledger.ledger().append(&new)?;
        Ok(new)
    }

    /// The license with all that the customer needs.
    fn for_customer(&self, entry: &LedgerEntry) -> Result<String, Failure> {
        let mut parts = vec![companions::license(entry)];
        parts.extend(self.companions.of(std::slice::from_ref(entry))?);
        companions::text(&parts)
    }
}
