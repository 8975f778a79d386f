//! `aegis bundle --wheel`

use std::path::Path;

use aegis_core::{Error, Keyring, TrustToken};
use aegis_issuer::revocation::KeptList;
use aegis_issuer::{Part, UnverifiedCertificate};

use crate::commands::ledger_args::LedgerAndKeysArgs;
use crate::companions;
use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::keyrings;
use crate::output::{Outcome, note, printable, warn};

/// Certificates and lists, judged with the keys of a wheel as its build does.
struct Judge<'j> {
    /// The folder of the keys.
    public: &'j Path,
    /// The keys, with everything that is at hand.
    keyring: Keyring,
}

pub(super) fn run(public: &Path, from: &LedgerAndKeysArgs) -> Result<Outcome, Failure> {
    let Some(keys) = keyrings::keys_of_folder(public)? else {
        let remedy = "name the folder of public keys from which the wheel is built";
        return Err(Failure::new(format!("{} has no keyring.toml", public.display()), remedy));
    };
    let (folder, lists) = (KeyFolder::read(from.keys())?, from.ledger.revocations().lists.read()?);
    let tokens = folder.certificates.iter().chain(lists.iter().map(|list| &list.token));
    let keyring = tokens.fold(keys, |keyring, token| keyring.with_trust(token).0);
    let judge = Judge { public, keyring };
    let mut parts = judge.certificates(&folder)?;
    parts.extend(judge.lists(&lists));
    if parts.is_empty() {
        let remedy = "certify a key with `aegis keys certify`, or sign a list with `aegis revoke sign`";
        return Err(Failure::new("there is nothing for the wheel to bring along", remedy));
    }
    Ok(Outcome::text(companions::text_for_wheel(&parts)?))
}

impl Judge<'_> {
    fn judged(&self, token: &str) -> Option<TrustToken> {
        self.keyring.with_trust(token).1.into_iter().next()
    }

    /// Why a token has no effect in the wheel; `None` within where its key is trusted anyway, or a newer list is there.
    fn refusal(&self, token: &str) -> Result<(), Option<Error>> {
        match self.judged(token) {
            Some(TrustToken { content: Err(refusal), .. }) => Err(Some(refusal.error)),
            Some(TrustToken { in_force: true, .. }) => Ok(()),
            _ => Err(None),
        }
    }

    /// All that serve, of all keys; said of which key none does.
    fn certificates(&self, folder: &KeyFolder) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        let mut kids: Vec<String> = Vec::new();
        for token in &folder.certificates {
            let stated = UnverifiedCertificate::decode(token)?;
            if !kids.contains(&stated.kid) {
                parts.extend(self.certificates_of(&stated, folder));
                kids.push(stated.kid);
            }
        }
        Ok(parts)
    }

    fn certificates_of(&self, one: &UnverifiedCertificate, folder: &KeyFolder) -> Vec<Part> {
        let (mut parts, mut refused) = (Vec::new(), None);
        for (token, _) in folder.certificates_of(&one.kid) {
            match self.refusal(token) {
                Ok(()) => parts.push(companions::certificate(token)),
                Err(error) => refused = error.or(refused),
            }
        }
        if let Some(error) = refused.filter(|_| parts.is_empty()) {
            self.tell_of_certificate(&printable(&one.name), &error);
        }
        parts
    }

    fn tell_of_certificate(&self, name: &str, error: &Error) {
        if *error == Error::KeyRevoked {
            note(&format!("note: the certificate of {name} is left out: the key is withdrawn"));
        } else {
            let public = self.public.display();
            warn(format!(
                "no certificate of {name} verifies with the keys of {public}: {error} A root of these has to certify it again: `aegis keys certify {name} --root ROOT`"
            ));
        }
    }

    /// The newest that count; said which of the newest does not.
    fn lists(&self, lists: &[KeptList]) -> Vec<Part> {
        let mut issuers: Vec<&str> = lists.iter().map(|list| list.iss.as_str()).collect();
        issuers.sort_unstable();
        issuers.dedup();
        for newest in issuers.iter().flat_map(|issuer| KeptList::in_force(lists, issuer)) {
            if let Err(Some(error)) = self.refusal(&newest.token) {
                let (seq, issuer) = (newest.seq, printable(&newest.iss));
                warn(format!(
                    "revocation list {seq} of {issuer} is left out: {error} Sign another with a key that the wheel trusts: `aegis revoke sign --key KEY`"
                ));
            }
        }
        let counts = |list: &&KeptList| self.refusal(&list.token).is_ok();
        lists.iter().filter(counts).map(|list| companions::list(list.iat, list.seq, &list.token)).collect()
    }
}
