//! Bringing licenses into a ledger that were issued elsewhere: other ledgers, or tokens in any text.

use std::collections::HashMap;

use aegis_core::{Keyring, open, split_bundle};

use super::{Ledger, LedgerEntry};
use crate::Error;

/// What an import did.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// Ids of the licenses that were added.
    pub added: Vec<String>,
    /// How many were there already.
    pub already_there: usize,
    /// What was not imported, and why.
    pub refused: Vec<NotImported>,
}

/// Something in the input that was not imported.
#[derive(Debug)]
pub struct NotImported {
    /// Where in the input: `line 3`, `token 2`.
    pub place: String,
    /// Why; never contains the token.
    pub reason: String,
}

impl Ledger {
    /// Adds the licenses of `text` that are not here yet: lines of another ledger, and tokens among any other text.
    ///
    /// With a `keyring`, a license whose signature does not hold is refused. What an entry says is always read from its
    /// token again; of a ledger line only `issued_by` is believed. Two licenses with one id are never merged.
    ///
    /// # Errors
    /// [`Error::Io`]; what cannot be imported is no error but listed in the [report](ImportReport::refused).
    pub fn import(&self, text: &str, keyring: Option<&Keyring>) -> Result<ImportReport, Error> {
        let mut report = ImportReport::default();
        let candidates = candidates(text, &mut report);
        let mut open_ledger = self.open()?;
        let known = open_ledger.read()?;
        let mut tokens: HashMap<String, String> =
            known.entries.into_iter().map(|entry| (entry.jti.to_ascii_lowercase(), entry.token)).collect();
        let mut new = Vec::new();
        for candidate in candidates {
            match candidate.check(keyring, &tokens) {
                Ok(Some(entry)) => {
                    tokens.insert(entry.jti.to_ascii_lowercase(), entry.token.clone());
                    new.push(entry);
                }
                Ok(None) => report.already_there += 1,
                Err(reason) => report.refused.push(NotImported { place: candidate.place, reason }),
            }
        }
        if !new.is_empty() {
            open_ledger.append(&new)?;
        }
        report.added = new.into_iter().map(|entry| entry.jti).collect();
        Ok(report)
    }
}

/// A token found in the input.
struct Candidate {
    place: String,
    token: String,
    issued_by: Option<String>,
}

impl Candidate {
    /// The entry to add, `None` when it is known.
    fn check(&self, keyring: Option<&Keyring>, known: &HashMap<String, String>) -> Result<Option<LedgerEntry>, String> {
        if let Some(keyring) = keyring {
            open(&self.token, keyring).map_err(|refusal| refusal.error.to_string())?;
        }
        let entry = LedgerEntry::from_token(&self.token, self.issued_by.clone()).map_err(|error| error.to_string())?;
        match known.get(&entry.jti.to_ascii_lowercase()) {
            None => Ok(Some(entry)),
            Some(token) if *token == entry.token => Ok(None),
            Some(_) => Err(format!("another license with the id {} is in the ledger", entry.jti)),
        }
    }
}

/// Lines that begin with `{` are ledger lines; the tokens are searched for in all the rest together, because mail
/// programs wrap them over lines.
fn candidates(text: &str, report: &mut ImportReport) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for (index, line) in text.lines().enumerate() {
        if !line.trim_start().starts_with('{') {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        let place = format!("line {}", index + 1);
        match LedgerEntry::from_line(line.as_bytes()) {
            Some(Ok(entry)) => found.push(Candidate { place, token: entry.token, issued_by: entry.issued_by }),
            Some(Err(reason)) => report.refused.push(NotImported { place, reason }),
            None => {}
        }
    }
    found.extend(tokens(&rest, report));
    found
}

fn tokens(text: &str, report: &mut ImportReport) -> Vec<Candidate> {
    let mut found = Vec::new();
    let place = |index: usize| format!("token {}", index + 1);
    match split_bundle(text) {
        Err(error) => report.refused.push(NotImported { place: "the text".to_owned(), reason: error.to_string() }),
        Ok(parts) => {
            for (index, part) in parts.into_iter().enumerate() {
                match part {
                    Ok(token) => {
                        found.push(Candidate { place: place(index), token: token.into_owned(), issued_by: None });
                    }
                    Err(error) => report.refused.push(NotImported { place: place(index), reason: error.to_string() }),
                }
            }
        }
    }
    found
}
