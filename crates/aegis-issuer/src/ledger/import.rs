//! Bringing licenses into a ledger that were issued elsewhere: other ledgers, or tokens in any text.

use std::collections::HashMap;

use aegis_core::{Keyring, check_key_scope, open, split_bundle};

use super::{Ledger, LedgerEntry};
use crate::Error;
use crate::certificate::CERTIFICATE_TYP;
use crate::inspect::UnverifiedToken;
use crate::journal::read_line;
use crate::revocation::LIST_TYP;

/// What an import did.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// Ids of the licenses that were added.
    pub added: Vec<String>,
    /// How many were there already.
    pub already_there: usize,
    /// What was not imported, and why.
    pub refused: Vec<NotImported>,
    /// One [`Error::BadLine`] for each unreadable line of this ledger.
    pub damage: Vec<Error>,
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
    /// With a `keyring`, a license is refused whose signature does not hold, or which lies outside the limits (issuer,
    /// modules, window) of its key. What an entry says is always read from its token again; of a ledger line only
    /// `issued_by` and `reissue_of` are believed. Two licenses with one id are never merged. Without anything to add, the ledger is not
    /// touched.
    ///
    /// # Errors
    /// [`Error::Io`]; what cannot be imported is no error but listed in the [report](ImportReport::refused).
    pub fn import(&self, text: &str, keyring: Option<&Keyring>) -> Result<ImportReport, Error> {
        let mut report = ImportReport::default();
        let mut found = Vec::new();
        let (candidates, trust) = candidates(text, &mut report);
        let keyring = keyring.map(|keyring| keyring.with_trust(&trust.join("\n")).0);
        for candidate in candidates {
            match candidate.entry(keyring.as_ref()) {
                Ok(entry) => found.push((candidate.place, entry)),
                Err(reason) => report.refused.push(NotImported { place: candidate.place, reason }),
            }
        }
        if found.is_empty() {
            return Ok(report);
        }
        let mut open_ledger = self.lock()?;
        let known = open_ledger.read()?;
        report.damage = known.damage;
        let mut tokens: HashMap<String, String> =
            known.entries.into_iter().map(|entry| (entry.jti.to_ascii_lowercase(), entry.token)).collect();
        let mut new = Vec::new();
        for (place, entry) in found {
            match tokens.get(&entry.jti.to_ascii_lowercase()) {
                None => {
                    tokens.insert(entry.jti.to_ascii_lowercase(), entry.token.clone());
                    new.push(entry);
                }
                Some(token) if *token == entry.token => report.already_there += 1,
                Some(_) => {
                    let reason = format!("another license with the id {} is in the ledger", entry.jti);
                    report.refused.push(NotImported { place, reason });
                }
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
    reissue_of: Option<String>,
}

impl Candidate {
    /// The entry that the token makes, if it verifies.
    fn entry(&self, keyring: Option<&Keyring>) -> Result<LedgerEntry, String> {
        if let Some(keyring) = keyring {
            let license = open(&self.token, keyring).map_err(|refusal| refusal.error.to_string())?;
            check_key_scope(&license, keyring).map_err(|error| error.to_string())?;
        }
        let entry = LedgerEntry::from_token(&self.token, self.issued_by.clone()).map_err(|error| error.to_string())?;
        Ok(LedgerEntry { reissue_of: self.reissue_of.clone(), ..entry })
    }
}

/// Lines that begin with `{` are ledger lines; the tokens are searched for in all the rest together, because mail
/// programs wrap them over lines.
/// Certificates come along with licenses, and are given back beside them.
fn candidates(text: &str, report: &mut ImportReport) -> (Vec<Candidate>, Vec<String>) {
    let (mut found, mut trust) = (Vec::new(), Vec::new());
    let mut rest = String::new();
    for (index, line) in text.lines().enumerate() {
        if !line.trim_start().starts_with('{') {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        let place = format!("line {}", index + 1);
        match read_line::<LedgerEntry>(line.as_bytes()) {
            Some(Ok(LedgerEntry { token, issued_by, reissue_of, .. })) => {
                found.push(Candidate { place, token, issued_by, reissue_of });
            }
            Some(Err(reason)) => report.refused.push(NotImported { place, reason }),
            None => {}
        }
    }
    found.extend(tokens(&rest, &mut trust, report));
    (found, trust)
}

fn tokens(text: &str, trust: &mut Vec<String>, report: &mut ImportReport) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut number = 0;
    for piece in pieces(text) {
        let parts = split_bundle(&piece).unwrap_or_else(|error| {
            let reason = format!("{error} Put each license on a line of its own, or import it in parts.");
            report.refused.push(NotImported { place: "a part of the text".to_owned(), reason });
            Vec::new()
        });
        for part in parts {
            number += 1;
            let place = format!("token {number}");
            match part {
                Ok(token) if trust.iter().any(|known| *known == token) => {}
                Ok(token) if is_trust(&token) => trust.push(token.into_owned()),
                Ok(token) => {
                    found.push(Candidate { place, token: token.into_owned(), issued_by: None, reissue_of: None });
                }
                Err(error) => report.refused.push(NotImported { place, reason: error.to_string() }),
            }
        }
    }
    found
}

/// Whether a token is a key certificate or a revocation list.
fn is_trust(token: &str) -> bool {
    let is_one = |token: &UnverifiedToken| {
        let typ = token.header.get("typ").and_then(|typ| typ.as_str());
        matches!(typ, Some(CERTIFICATE_TYP | LIST_TYP))
    };
    UnverifiedToken::decode(token).is_ok_and(|token| is_one(&token))
}

/// The text, cut before each line that begins with a whole token: what one may paste is limited, what is imported not.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for line in text.split_inclusive('\n') {
        if begins_with_token(line) {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push_str(line);
    }
    pieces.push(piece);
    pieces
}

/// Whether a line begins with a whole token, be it after `> ` or a quotation mark.
fn begins_with_token(line: &str) -> bool {
    let line = line.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
    matches!(split_bundle(line).as_deref(), Ok([Ok(token), ..]) if line.starts_with(token.as_ref()))
}
