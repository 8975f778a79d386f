//! `licenses.jsonl`: every license that was issued, one JSON object a line, only ever appended to.
//!
//! A line is flushed to disk before its license is handed out, so a license that a customer has is always in the
//! ledger.

mod entry;
mod import;

pub use entry::{LedgerCustomer, LedgerEntry};
pub use import::{ImportReport, NotImported};

use crate::journal::{Journal, JournalContent};

/// The file's usual name, beside the keys.
pub const LEDGER_FILE: &str = "licenses.jsonl";

/// A ledger file.
pub type Ledger = Journal<LedgerEntry>;

/// What a ledger says, in its order, and the lines that cannot be read.
pub type LedgerContent = JournalContent<LedgerEntry>;

impl LedgerContent {
    /// The entry of a license, by its id in either case.
    #[must_use]
    pub fn find(&self, jti: &str) -> Option<&LedgerEntry> {
        self.entries.iter().find(|entry| entry.jti.eq_ignore_ascii_case(jti))
    }

    /// The entries of the licenses that were issued in place of the one with this id.
    pub fn reissues_of<'l>(&'l self, jti: &'l str) -> impl Iterator<Item = &'l LedgerEntry> {
        self.entries.iter().filter(move |entry| entry.reissue_of.as_deref() == Some(jti))
    }
}
