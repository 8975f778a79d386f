//! Which ledger, and the keys beside it.

use std::path::{Path, PathBuf};

use aegis_issuer::Error;
use aegis_issuer::ledger::{LEDGER_FILE, Ledger, LedgerContent};
use aegis_issuer::revocation::RevocationBook;
use clap::Args;

use crate::companions::Companions;
use crate::failure::Failure;
use crate::keyrings::folder_of;
use crate::output::warn;

/// Which ledger.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// The ledger file
    #[arg(long, value_name = "FILE", default_value_os_t = Path::new("keys").join(LEDGER_FILE))]
    ledger: PathBuf,
}

impl LedgerArgs {
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::at(&self.ledger)
    }

    /// The folder of the ledger.
    pub(crate) fn folder(&self) -> &Path {
        folder_of(&self.ledger)
    }

    /// What was revoked, beside the ledger.
    pub(crate) fn revocations(&self) -> RevocationBook {
        RevocationBook::in_folder(self.folder())
    }

    /// Reads the ledger and warns of unreadable lines.
    pub(crate) fn read(&self) -> Result<LedgerContent, Failure> {
        let content = self.ledger().read()?;
        self.warn_of(&content.damage);
        Ok(content)
    }

    /// Reads the ledger, which need not exist, and warns of unreadable lines.
    pub(crate) fn read_if_there(&self) -> Result<LedgerContent, Failure> {
        let content = self.ledger().read_if_there()?;
        self.warn_of(&content.damage);
        Ok(content)
    }

    pub(crate) fn warn_of(&self, damage: &[Error]) {
        warn_of_damage(&self.ledger, damage);
    }
}

/// Warns of the unreadable lines of a file.
pub(crate) fn warn_of_damage(path: &Path, damage: &[Error]) {
    for damage in damage {
        warn(format!("{}: {damage}", path.display()));
    }
}

/// Which ledger, and which keys.
#[derive(Debug, Args)]
pub(crate) struct LedgerAndKeysArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Folder of the keys and their certificates (default: the ledger's folder)
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

impl LedgerAndKeysArgs {
    pub(crate) fn keys(&self) -> &Path {
        self.keys.as_deref().unwrap_or(self.ledger.folder())
    }

    pub(crate) fn companions(&self) -> Result<Companions, Failure> {
        Companions::read(self.keys(), self.ledger.ledger().path())
    }
}
