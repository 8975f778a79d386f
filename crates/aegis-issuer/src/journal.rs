//! Files of JSON objects, one a line, only ever appended to: the ledger of licenses, and what was revoked.
//!
//! A line is flushed to disk before anything relies on it. A crash can leave a torn last line; it is reported with its
//! number and does not stop anything.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::keyfile::sync_parent;

/// What a journal keeps: one line each.
pub trait Record: Serialize + DeserializeOwned {
    /// What the file is called in messages, such as `the ledger`.
    const JOURNAL: &'static str;
    /// What a line that breaks off means for what it spoke of.
    const TORN: &'static str;
}

/// A journal file. Nothing is opened before it is used, and every use locks the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal<R> {
    path: PathBuf,
    records: PhantomData<R>,
}

/// What a journal says, in its order, and the lines that cannot be read.
#[derive(Debug)]
pub struct JournalContent<R> {
    /// The readable entries.
    pub entries: Vec<R>,
    /// One [`Error::BadLine`] for each unreadable line.
    pub damage: Vec<Error>,
}

impl<R> Default for JournalContent<R> {
    fn default() -> Self {
        Self { entries: Vec::new(), damage: Vec::new() }
    }
}

impl<R: Record> JournalContent<R> {
    /// Reads the lines of a journal. Empty lines are skipped.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut content = Self::default();
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            match read_line(line) {
                None => {}
                Some(Ok(entry)) => content.entries.push(entry),
                Some(Err(reason)) => {
                    content.damage.push(Error::BadLine { file: R::JOURNAL, line: index + 1, reason });
                }
            }
        }
        content
    }
}

/// Reads a line; `None` for an empty one.
pub(crate) fn read_line<R: Record>(line: &[u8]) -> Option<Result<R, String>> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return None;
    }
    // serde's message may quote the line, which can hold a token: only say where it went wrong.
    Some(serde_json::from_slice(line).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => format!("it breaks off, as after a crash; {}", R::TORN),
        _ => format!("it is no entry of {} (column {})", R::JOURNAL, error.column()),
    }))
}

impl<R: Record> Journal<R> {
    /// The journal at `path`, which need not exist yet.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), records: PhantomData }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole journal.
    ///
    /// # Errors
    /// [`Error::Io`]; an unreadable line is no error but [damage](JournalContent::damage).
    pub fn read(&self) -> Result<JournalContent<R>, Error> {
        let mut file = File::open(&self.path).map_err(|error| self.fault("read", error))?;
        file.lock_shared().map_err(|error| self.fault("lock", error))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| self.fault("read", error))?;
        Ok(JournalContent::parse(&bytes))
    }

    /// Reads the whole journal; one that does not exist yet is empty.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn read_if_there(&self) -> Result<JournalContent<R>, Error> {
        match self.read() {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(JournalContent::default()),
            result => result,
        }
    }

    /// Appends one entry and flushes it to disk. Only then may anything rely on it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn append(&self, entry: &R) -> Result<(), Error> {
        self.lock()?.append(std::slice::from_ref(entry))
    }

    /// Opens for appending, made with mode 0600 if need be, and locks against every other process.
    pub(crate) fn lock(&self) -> Result<LockedJournal<'_, R>, Error> {
        let (file, is_new) = open_or_create(&self.path).map_err(|error| self.fault("open", error))?;
        file.lock().map_err(|error| self.fault("lock", error))?;
        if is_new {
            sync_parent(&self.path)?;
        }
        Ok(LockedJournal { journal: self, file })
    }

    fn fault(&self, action: &'static str, source: io::Error) -> Error {
        Error::io(action, &self.path, source)
    }
}

/// A journal that is locked; the lock goes with the file.
pub(crate) struct LockedJournal<'j, R> {
    journal: &'j Journal<R>,
    file: File,
}

impl<R: Record> LockedJournal<'_, R> {
    pub(crate) fn read(&mut self) -> Result<JournalContent<R>, Error> {
        let mut bytes = Vec::new();
        let result = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.read_to_end(&mut bytes));
        result.map_err(|error| self.journal.fault("read", error))?;
        Ok(JournalContent::parse(&bytes))
    }

    pub(crate) fn append(&mut self, entries: &[R]) -> Result<(), Error> {
        let mut lines = String::new();
        for entry in entries {
            lines.push_str(&serde_json::to_string(entry).map_err(|_| Error::Encode)?);
            lines.push('\n');
        }
        let end = self.file.seek(SeekFrom::End(0)).map_err(|error| self.journal.fault("write", error))?;
        if self.is_torn(end)? {
            lines.insert(0, '\n');
        }
        let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|error| {
            // Take back what a full disk let through; if that fails too, the line stays torn and is reported as such.
            let _ = self.file.set_len(end);
            self.journal.fault("write", error)
        })
    }

    /// Whether the file ends in the middle of a line.
    fn is_torn(&mut self, end: u64) -> Result<bool, Error> {
        if end == 0 {
            return Ok(false);
        }
        let mut last = [0];
        let result = self.file.seek(SeekFrom::End(-1)).and_then(|_| self.file.read_exact(&mut last));
        result.map_err(|error| self.journal.fault("read", error))?;
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
