//! What commands print, and times for people.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use aegis_issuer::dates;
use chrono::{DateTime, Local, Utc};
use serde::Serialize;

use crate::failure::Failure;

/// What a command that did its work leaves: text for standard output, and the exit code.
#[derive(Debug)]
pub(crate) struct Outcome {
    stdout: String,
    exit_code: u8,
}

impl Outcome {
    /// All is well.
    pub(crate) fn text(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into(), exit_code: 0 }
    }

    /// All is well; the answer as JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Failure> {
        match serde_json::to_string_pretty(value) {
            Ok(text) => Ok(Self::text(text)),
            Err(error) => Err(Failure::new(format!("cannot write JSON: {error}"), "report this")),
        }
    }

    /// The same with exit code 1 unless `good`.
    pub(crate) fn good_if(self, good: bool) -> Self {
        Self { exit_code: u8::from(!good), ..self }
    }

    /// Prints, and gives the exit code.
    pub(crate) fn print(self) -> Result<u8, Failure> {
        let text = self.stdout.trim_end();
        let mut stdout = io::stdout().lock();
        let written = if text.is_empty() { Ok(()) } else { writeln!(stdout, "{text}") }.and_then(|()| stdout.flush());
        match written {
            // The reader (`head`, say) has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(self.exit_code),
            Err(error) => Err(Failure::new(
                format!("cannot write the answer: {error}"),
                "a license that was issued is in the ledger: `aegis license list` finds it",
            )),
            Ok(()) => Ok(self.exit_code),
        }
    }
}

/// Prints a line for people on standard error. Where that is closed, nobody is listening.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a warning on standard error.
pub(crate) fn warn(text: impl std::fmt::Display) {
    note(&format!("warning: {text}"));
}

/// The present, in Unix seconds.
pub(crate) fn now() -> i64 {
    Utc::now().timestamp()
}

/// An instant in UTC and in this machine's time zone.
pub(crate) fn instant(time: i64) -> String {
    let utc = dates::format_utc(time);
    match DateTime::from_timestamp(time, 0) {
        Some(instant) => format!("{utc} ({} local time)", instant.with_timezone(&Local).format("%Y-%m-%d %H:%M %:z")),
        None => utc,
    }
}

/// `1 license`, `2 licenses`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A table of two columns, the first padded.
#[derive(Debug, Default)]
pub(crate) struct Facts(Vec<(String, String)>);

impl Facts {
    pub(crate) fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    pub(crate) fn add_some(&mut self, name: impl Into<String>, value: Option<String>) {
        self.0.extend(value.map(|value| (name.into(), value)));
    }

    pub(crate) fn to_text(&self) -> String {
        let width = self.0.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for (name, value) in &self.0 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {:width$}  {}", printable(name), printable(value));
        }
        text
    }
}

/// Text of others (customer names, unverified claims) without control characters, which a terminal would obey, and
/// without those that turn, break or hide what stands around them.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if misleads(letter) { '\u{fffd}' } else { letter }).collect()
}

fn misleads(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
