//! What was revoked, and the signed lists that tell customers so.
//!
//! Beside the ledger lie `revocations.jsonl`, a [`Journal`], and the folder `revocation-lists`, which keeps every list
//! that was signed: so the number of a list never goes back, and nothing that a list revoked is forgotten, even where
//! one of the two is lost.

mod entry;
mod kept;
mod plan;
mod sign;

use std::path::Path;

pub use entry::{Revocation, Revoked};
pub use kept::{KeptList, KeptLists, LISTS_FOLDER};
pub use plan::ListPlan;
pub use sign::{LIST_TYP, SignedList, sign_list};

use crate::Error;
use crate::journal::{Journal, JournalContent};
use crate::ledger::LedgerEntry;
use crate::{IssueContext, Signer};

/// The usual name of the journal of revocations, beside the ledger.
pub const REVOCATIONS_FILE: &str = "revocations.jsonl";

/// The journal of revocations.
pub type Revocations = Journal<Revocation>;

/// What the journal of revocations says.
pub type RevocationContent = JournalContent<Revocation>;

/// The revocations of a vendor: the journal, and the lists that were signed.
#[derive(Debug, Clone)]
pub struct RevocationBook {
    /// What was revoked.
    pub journal: Revocations,
    /// The lists that were signed.
    pub lists: KeptLists,
}

/// What [`RevocationBook::add`] did.
#[derive(Debug, Default)]
pub struct AddReport {
    /// What is new.
    pub added: Vec<Revocation>,
    /// What had been revoked before.
    pub known: Vec<Revocation>,
    /// One [`Error::BadLine`] for each unreadable line of the journal.
    pub damage: Vec<Error>,
}

impl RevocationBook {
    /// The revocations beside a ledger in `folder`. Nothing needs to be there yet.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            journal: Revocations::at(folder.join(REVOCATIONS_FILE)),
            lists: KeptLists::at(folder.join(LISTS_FOLDER)),
        }
    }

    /// The entry by which a key was revoked, under one of the ids with which it signs.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn of_key(&self, ids: &[&str]) -> Result<Option<Revocation>, Error> {
        let is_it = |what: &Revoked| matches!(what, Revoked::Key { kid } if ids.contains(&kid.as_str()));
        Ok(self.journal.read_if_there()?.entries.into_iter().find(|revocation| is_it(&revocation.what)))
    }

    /// Writes down what is revoked, each once, and flushes it to disk.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn add(&self, wanted: Vec<Revocation>) -> Result<AddReport, Error> {
        let mut locked = self.journal.lock()?;
        let content = locked.read()?;
        let mut report = AddReport { damage: content.damage, ..AddReport::default() };
        for revocation in wanted {
            let same = |other: &Revocation| other.what.is_same(&revocation.what) && other.iss == revocation.iss;
            let known = content.entries.iter().chain(&report.added).any(same);
            if known { report.known.push(revocation) } else { report.added.push(revocation) }
        }
        if !report.added.is_empty() {
            locked.append(&report.added)?;
        }
        Ok(report)
    }

    /// Signs the next list of an issuer and keeps it, before it is handed out.
    ///
    /// `by_root`: the list names revoked keys too, which verifiers honour in the lists of roots only.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::InFile`] when a list that was kept cannot be read, and those of [`sign_list`].
    pub fn sign(
        &self,
        by_root: bool,
        ledger: &[LedgerEntry],
        signer: &dyn Signer,
        context: &IssueContext<'_>,
    ) -> Result<SignedList, Error> {
        // Locked until the list is kept, so that no two lists get one number.
        let mut locked = self.journal.lock()?;
        let (revocations, kept) = (locked.read()?.entries, self.lists.read()?);
        let plan = ListPlan::new(context.issuer, by_root, &revocations, ledger, &kept, context.now);
        let seq = kept.iter().map(|list| list.seq + 1).fold(context.now, i64::max);
        let signed = sign_list(&plan, seq, signer, context)?;
        self.lists.keep(seq, &signed.token)?;
        Ok(signed)
    }
}
