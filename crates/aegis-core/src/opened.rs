//! The tokens of a text, opened: everything about them that neither the present nor the question asked can change.

use std::borrow::Cow;
use std::sync::Arc;

use crate::bundle::split_bundle;
use crate::claims::License;
use crate::error::{Code, Error};
use crate::keyring::{Key, Keyring};
use crate::token::{TokenText, kind_of};
use crate::trust::{IssueTimes, Revocation, TrustToken};
use crate::verify::{Refusal, check_issuer, check_key_window, open, shared_key_of};

/// The tokens of some texts, opened with a keyring. What is found never changes for these texts and keyring, so callers may
/// keep it, and [ask](Bundle::report) again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) trust: Vec<TrustToken>,
    /// The greatest time of issue of what is genuine, by issuer.
    times: IssueTimes,
    /// Issuer and id of each key that was withdrawn.
    pub(crate) withdrawn: Vec<(String, String)>,
}

/// A license, or what could not be read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `None` for a token that breaks off.
    pub(crate) token: Option<TokenText>,
    pub(crate) opened: Result<Genuine, Refusal>,
}

/// A license whose signature held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Genuine {
    pub(crate) license: Arc<License>,
    pub(crate) key: Arc<Key>,
    pub(crate) revocation: Option<Revocation>,
}

impl Genuine {
    /// Whether it tells the time: the issuer made it, and stands by it.
    fn is_evidence(&self) -> bool {
        let in_order = check_key_window(&self.license, &self.key).and_then(|()| check_issuer(&self.license, &self.key));
        in_order.is_ok() && self.revocation.is_none()
    }
}

impl Bundle {
    /// Finds and opens the tokens of some texts. A bad token is part of what is found, never an error; so is a text that
    /// is too long or holds too many of them.
    ///
    /// `open` opens one license by the keys of `keyring` without any certificate of the texts: [`open`](crate::open())
    /// itself, or a cache in front of it.
    pub fn open(
        texts: &[&str],
        keyring: &Keyring,
        mut open_license: impl FnMut(&str) -> Result<Arc<License>, Refusal>,
    ) -> Self {
        let found = texts.iter().flat_map(|text| split_bundle(text).unwrap_or_else(|error| vec![Err(error)]));
        let tokens: Vec<_> = found.map(Token::new).collect();
        let (keyring, trust) = keyring.with_trust_tokens(tokens.iter().filter_map(Token::kind_and_text));
        let licenses = tokens.into_iter().filter(|token| !token.is_trust());
        let entries: Vec<_> = licenses.map(|token| Arc::new(token.entry(&keyring, &mut open_license))).collect();
        let times = times(&entries, &keyring);
        Self { entries, trust, times, withdrawn: keyring.trust.withdrawn }
    }

    /// The certificates and lists of the texts, in their order.
    #[must_use]
    pub fn trust(&self) -> &[TrustToken] {
        &self.trust
    }

    /// When its issuer is known to have issued something last.
    pub(crate) fn newest(&self, issuer: &str) -> Option<i64> {
        self.times.newest(issuer)
    }

    /// Whether its issuer is known to have issued something after `since`, and not later than `now`.
    pub(crate) fn was_issued_since(&self, issuer: &str, since: i64, now: i64) -> bool {
        self.times.any_since(issuer, since, now)
    }
}

fn times(entries: &[Arc<Entry>], keyring: &Keyring) -> IssueTimes {
    let mut times = keyring.trust_times();
    let genuine = entries.iter().filter_map(|entry| entry.opened.as_ref().ok()).filter(|genuine| genuine.is_evidence());
    for Genuine { license, .. } in genuine {
        times.note(&license.iss, license.iat);
    }
    times
}

/// A token as it was found in the text.
struct Token<'t> {
    text: Result<Cow<'t, str>, Error>,
    kind: Option<crate::Kind>,
}

impl<'t> Token<'t> {
    fn new(text: Result<Cow<'t, str>, Error>) -> Self {
        let kind = text.as_ref().ok().and_then(|text| kind_of(text));
        Self { text, kind }
    }

    fn kind_and_text(&self) -> Option<(crate::Kind, &str)> {
        Some((self.kind?, self.text.as_ref().ok()?))
    }

    fn is_trust(&self) -> bool {
        self.kind.is_some_and(crate::Kind::is_trust)
    }

    fn entry(self, keyring: &Keyring, open_license: &mut impl FnMut(&str) -> Result<Arc<License>, Refusal>) -> Entry {
        let text = match self.text {
            Ok(text) => text,
            Err(error) => return Entry { token: None, opened: Err(Refusal::before_signature(error)) },
        };
        let opened = match open_license(&text) {
            // Its key may be among the certified ones.
            Err(refusal) if refusal.error.code() == Code::UnknownKey => open(&text, keyring).map(Arc::new),
            opened => opened,
        };
        let genuine = |license: Arc<License>| {
            let key = shared_key_of(&license, keyring).ok_or(Refusal::after_signature(Error::UnknownKey))?;
            let (key, revocation) = (Arc::clone(key), keyring.revocation(&license));
            Ok(Genuine { license, key, revocation })
        };
        Entry { token: Some(TokenText::from(text.as_ref())), opened: opened.and_then(genuine) }
    }
}
