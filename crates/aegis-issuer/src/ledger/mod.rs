//! `licenses.jsonl`: every license that was issued, one JSON object a line, only ever appended to.
//!
//! A line is flushed to disk before its license is handed out, so a license that a customer has is always in the
//! ledger. A crash can leave a torn last line; it is reported with its number and does not stop anything.

mod entry;
mod import;

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

pub use entry::{LedgerCustomer, LedgerEntry};
pub use import::{ImportReport, NotImported};

use crate::Error;
use crate::keyfile::sync_parent;

/// The file's usual name, beside the keys.
pub const LEDGER_FILE: &str = "licenses.jsonl";

/// A ledger file. Nothing is opened before it is used, and every use locks the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    path: PathBuf,
}

/// What a ledger says, in its order, and the lines that cannot be read.
#[derive(Debug, Default)]
pub struct LedgerContent {
    /// The readable entries.
    pub entries: Vec<LedgerEntry>,
    /// One [`Error::BadLedgerLine`] for each unreadable line.
    pub damage: Vec<Error>,
}

impl LedgerContent {
    /// Reads the lines of a ledger. Empty lines are skipped.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut content = Self::default();
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            match LedgerEntry::from_line(line) {
                None => {}
                Some(Ok(entry)) => content.entries.push(entry),
                Some(Err(reason)) => content.damage.push(Error::BadLedgerLine { line: index + 1, reason }),
            }
        }
        content
    }

    /// The entry of a license, by its id in either case.
    #[must_use]
    pub fn find(&self, jti: &str) -> Option<&LedgerEntry> {
        self.entries.iter().find(|entry| entry.jti.eq_ignore_ascii_case(jti))
    }
}

impl Ledger {
    /// The ledger at `path`, which need not exist yet.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole ledger.
    ///
    /// # Errors
    /// [`Error::Io`]; an unreadable line is no error but [damage](LedgerContent::damage).
    pub fn read(&self) -> Result<LedgerContent, Error> {
        let mut file = File::open(&self.path).map_err(|error| self.fault("read", error))?;
        file.lock_shared().map_err(|error| self.fault("lock", error))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| self.fault("read", error))?;
        Ok(LedgerContent::parse(&bytes))
    }

    /// Appends one entry and flushes it to disk. Only then may the license be handed out.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn append(&self, entry: &LedgerEntry) -> Result<(), Error> {
        let mut open = self.open()?;
        open.append(std::slice::from_ref(entry))
    }

    /// Opens for appending, made with mode 0600 if need be, and locks against every other process.
    fn open(&self) -> Result<OpenLedger<'_>, Error> {
        let (file, is_new) = open_or_create(&self.path).map_err(|error| self.fault("open", error))?;
        file.lock().map_err(|error| self.fault("lock", error))?;
        if is_new {
            sync_parent(&self.path)?;
        }
        Ok(OpenLedger { ledger: self, file })
    }

    fn fault(&self, action: &'static str, source: io::Error) -> Error {
        Error::io(action, &self.path, source)
    }
}

/// A ledger that is locked; the lock goes with the file.
struct OpenLedger<'l> {
    ledger: &'l Ledger,
    file: File,
}

impl OpenLedger<'_> {
    fn read(&mut self) -> Result<LedgerContent, Error> {
        let mut bytes = Vec::new();
        let result = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.read_to_end(&mut bytes));
        result.map_err(|error| self.ledger.fault("read", error))?;
        Ok(LedgerContent::parse(&bytes))
    }

    fn append(&mut self, entries: &[LedgerEntry]) -> Result<(), Error> {
        let mut lines = String::new();
        for entry in entries {
            lines.push_str(&entry.to_line()?);
        }
        let end = self.file.seek(SeekFrom::End(0)).map_err(|error| self.ledger.fault("write", error))?;
        if self.is_torn(end)? {
            lines.insert(0, '\n');
        }
        let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|error| {
            // Take back what a full disk let through; if that fails too, the line stays torn and is reported as such.
            let _ = self.file.set_len(end);
            self.ledger.fault("write", error)
        })
    }

    /// Whether the file ends in the middle of a line.
    fn is_torn(&mut self, end: u64) -> Result<bool, Error> {
        if end == 0 {
            return Ok(false);
        }
        let mut last = [0];
        let result = self.file.seek(SeekFrom::End(-1)).and_then(|_| self.file.read_exact(&mut last));
        result.map_err(|error| self.ledger.fault("read", error))?;
        Ok(last != *b"\n")
    }
}

fn open_or_create(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            options.create(true);
            // It names the customers and holds their licenses.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path).map(|file| (file, true))
        }
        opened => opened.map(|file| (file, false)),
    }
}
