//! Which keys are trusted beside the embedded ones, and what was withdrawn: certificates and revocation lists, resolved.
//!
//! Nothing here depends on the present: what a keyring and some tokens say together never changes.

use std::sync::Arc;

use crate::bundle::split_bundle;
use crate::certificate::Certificate;
use crate::claims::License;
use crate::error::Error;
use crate::keyring::{Key, KeyUse, Keyring};
use crate::revocation::{LicenseId, RevocationList};
use crate::token::{Envelope, Kind, TokenText, kind_of};
use crate::verify::{Refusal, check_signature, find_key};

/// The certificates and lists of a keyring, and what follows from them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// What is genuine, sorted by its text and each once, so that neither order nor repetition changes anything.
    genuine: Vec<(TokenText, TrustContent)>,
    /// The certified keys, one for each certificate.
    certified: Vec<Arc<Key>>,
    /// Issuer and id of each key that was withdrawn.
    pub(crate) withdrawn: Vec<(String, String)>,
    /// For each issuer the list that counts.
    in_force: Vec<Arc<RevocationList>>,
}

/// A certificate or a list of a text, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustToken {
    /// [`Kind::RevocationList`] or [`Kind::KeyCertificate`].
    pub kind: Kind,
    /// The token, white space dropped.
    pub token: TokenText,
    /// What it says, or why it is refused.
    pub content: Result<TrustContent, Refusal>,
    /// Whether it has an effect: a list that a newer one replaces has none, nor has a certificate of an embedded key.
    pub in_force: bool,
}

/// What a certificate or a list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustContent {
    /// A revocation list.
    List(Arc<RevocationList>),
    /// A key certificate.
    Certificate(Arc<Certificate>),
}

/// How a license was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// By its id.
    License,
    /// With the key that signed it.
    Key,
}

impl Revocation {
    /// The refusal that it means.
    #[must_use]
    pub const fn error(self) -> Error {
        match self {
            Self::License => Error::Revoked,
            Self::Key => Error::KeyRevoked,
        }
    }
}

impl Keyring {
    /// The keyring that also knows the certificates and lists of a text, and what became of each of them.
    ///
    /// Certificates count only from a root, and lists only for their own issuer; no token can widen what a root may do.
    #[must_use]
    pub fn with_trust(&self, text: &str) -> (Self, Vec<TrustToken>) {
        let tokens = split_bundle(text).unwrap_or_default();
        let tokens: Vec<_> = tokens.into_iter().flatten().collect();
        self.with_trust_tokens(tokens.iter().filter_map(|token| Some((kind_of(token)?, token.as_ref()))))
    }

    pub(crate) fn with_trust_tokens<'t>(
        &self,
        tokens: impl Iterator<Item = (Kind, &'t str)>,
    ) -> (Self, Vec<TrustToken>) {
        let tokens: Vec<_> =
            tokens.filter(|(kind, _)| kind.is_trust()).map(|(kind, text)| (kind, TokenText::from(text))).collect();
        if tokens.is_empty() {
            return (self.clone(), Vec::new());
        }
        let mut keyring = self.clone();
        let of_kind = |wanted| tokens.iter().filter(move |(kind, _)| *kind == wanted).map(|(_, token)| token);
        let mut refused = Vec::new();
        for token in of_kind(Kind::KeyCertificate) {
            let opened = open_certificate(token.as_str(), self);
            keyring.add(
                token,
                opened.map(|certificate| TrustContent::Certificate(Arc::new(certificate))),
                &mut refused,
            );
        }
        let keys = keyring.trust.certificates().map(|certificate| Arc::new(certificate.key.clone()));
        keyring.trust.certified = keys.collect();
        for token in of_kind(Kind::RevocationList) {
            let opened = open_list(token.as_str(), &keyring);
            keyring.add(token, opened.map(|list| TrustContent::List(Arc::new(list))), &mut refused);
        }
        keyring.resolve();
        let found = tokens.into_iter().map(|(kind, token)| match refused.iter().find(|(text, _)| *text == token) {
            Some((_, refusal)) => TrustToken { kind, token, content: Err(refusal.clone()), in_force: false },
            None => keyring.judged(kind, token),
        });
        let found = found.collect();
        (keyring, found)
    }

    fn add(
        &mut self,
        token: &TokenText,
        opened: Result<TrustContent, Refusal>,
        refused: &mut Vec<(TokenText, Refusal)>,
    ) {
        match opened {
            Ok(content) => {
                if let Err(place) = self.trust.place(token) {
                    self.trust.genuine.insert(place, (token.clone(), content));
                }
            }
            Err(refusal) => refused.push((token.clone(), refusal)),
        }
    }

    /// Works out which keys were withdrawn, and which list counts for each issuer.
    fn resolve(&mut self) {
        let lists = self.newest_by_root();
        let named = lists.iter().flat_map(|list| list.revoked_keys.iter().map(|kid| (list.iss.clone(), kid.clone())));
        // A root is withdrawn only by a new wheel.
        self.trust.withdrawn = named.filter(|(_, kid)| !self.get(kid).is_some_and(Key::is_root)).collect();
        let genuine = self.trust.lists().filter(|list| !self.trust.is_withdrawn(&list.iss, &list.kid));
        self.trust.in_force = newest(genuine);
    }

    /// What became of a genuine token, now that all of them are known.
    fn judged(&self, kind: Kind, token: TokenText) -> TrustToken {
        let place = self.trust.place(&token).ok();
        let content = place.and_then(|place| self.trust.genuine.get(place)).map(|(_, content)| content.clone());
        let content = content.ok_or(Refusal::before_signature(Error::Internal));
        let (withdrawn, in_force) = match &content {
            Ok(TrustContent::Certificate(certificate)) => {
                let kid = certificate.key.kid();
                // A key that is embedded needs none.
                (self.trust.is_withdrawn(&certificate.iss, kid), self.embedded(kid).is_none())
            }
            Ok(TrustContent::List(list)) => (self.trust.is_withdrawn(&list.iss, &list.kid), self.counts(list)),
            Err(_) => (false, false),
        };
        if withdrawn {
            let content = Err(Refusal::after_signature(Error::KeyRevoked));
            return TrustToken { kind, token, content, in_force: false };
        }
        TrustToken { kind, token, content, in_force }
    }

    /// Whether a list is the newest of its issuer, or the newest of those that withdraw keys.
    fn counts(&self, list: &Arc<RevocationList>) -> bool {
        self.trust.in_force.iter().chain(&self.newest_by_root()).any(|other| Arc::ptr_eq(list, other))
    }

    /// For each issuer the newest list that a root signed: that one says which keys were withdrawn.
    fn newest_by_root(&self) -> Vec<Arc<RevocationList>> {
        newest(self.trust.lists().filter(|list| self.get(&list.kid).is_some_and(Key::is_root)))
    }

    /// The keys that may have signed a token: the embedded one of this id, or else the certified ones.
    pub(crate) fn candidates(&self, kid: &str) -> Vec<&Arc<Key>> {
        match self.embedded(kid) {
            Some(key) => vec![key],
            None => self.trust.certified.iter().filter(|key| key.kid() == kid).collect(),
        }
    }

    /// Whether and how a license was withdrawn.
    #[must_use]
    pub fn revocation(&self, license: &License) -> Option<Revocation> {
        let mut lists = self.trust.in_force.iter().filter(|list| list.iss == license.iss);
        if let Some(list) = lists.next()
            && list.contains(&LicenseId::of(&license.jti))
        {
            return Some(Revocation::License);
        }
        self.trust.is_withdrawn(&license.iss, &license.kid).then_some(Revocation::Key)
    }

    /// When the certificates and lists that stand were issued, by issuer.
    pub(crate) fn trust_times(&self) -> IssueTimes {
        let lists = self.trust.in_force.iter().map(|list| (list.iss.as_str(), list.iat));
        let standing =
            |certificate: &&Arc<Certificate>| !self.trust.is_withdrawn(&certificate.iss, certificate.key.kid());
        let certificates = self.trust.certificates().filter(standing);
        let certificates = certificates.map(|certificate| (certificate.iss.as_str(), certificate.iat));
        let mut times = IssueTimes::default();
        lists.chain(certificates).for_each(|(issuer, iat)| times.note(issuer, iat));
        times
    }
}

/// The times of issue, by issuer: there are few of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IssueTimes(Vec<TimesOfIssuer>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct TimesOfIssuer {
    issuer: String,
    newest: i64,
    all: Vec<i64>,
}

impl IssueTimes {
    fn of(&self, issuer: &str) -> Option<&TimesOfIssuer> {
        self.0.iter().find(|known| known.issuer == issuer)
    }

    /// The greatest.
    pub(crate) fn newest(&self, issuer: &str) -> Option<i64> {
        self.of(issuer).map(|known| known.newest)
    }

    /// Whether anything was issued after `since`, and not later than `now`.
    pub(crate) fn any_since(&self, issuer: &str, since: i64, now: i64) -> bool {
        self.of(issuer).is_some_and(|known| known.all.iter().any(|&iat| since < iat && iat <= now))
    }

    pub(crate) fn note(&mut self, issuer: &str, iat: i64) {
        match self.0.iter_mut().find(|known| known.issuer == issuer) {
            Some(known) => {
                known.newest = iat.max(known.newest);
                known.all.push(iat);
            }
            None => self.0.push(TimesOfIssuer { issuer: issuer.to_owned(), newest: iat, all: vec![iat] }),
        }
    }
}

impl Trust {
    fn place(&self, token: &TokenText) -> Result<usize, usize> {
        self.genuine.binary_search_by(|(known, _)| known.cmp(token))
    }

    fn certificates(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.genuine.iter().filter_map(|(_, content)| match content {
            TrustContent::Certificate(certificate) => Some(certificate),
            TrustContent::List(_) => None,
        })
    }

    fn lists(&self) -> impl Iterator<Item = &Arc<RevocationList>> {
        self.genuine.iter().filter_map(|(_, content)| match content {
            TrustContent::List(list) => Some(list),
            TrustContent::Certificate(_) => None,
        })
    }

    fn is_withdrawn(&self, issuer: &str, kid: &str) -> bool {
        self.withdrawn.iter().any(|(own, key)| own == issuer && key == kid)
    }
}

/// For each issuer the list with the greatest `seq`. Which of equals it is does not depend on their order.
fn newest<'l>(lists: impl Iterator<Item = &'l Arc<RevocationList>>) -> Vec<Arc<RevocationList>> {
    let mut newest: Vec<Arc<RevocationList>> = Vec::new();
    for list in lists {
        match newest.iter_mut().find(|known| known.iss == list.iss) {
            None => newest.push(Arc::clone(list)),
            Some(known) if **known < **list => *known = Arc::clone(list),
            Some(_) => {}
        }
    }
    newest
}

fn open_certificate(token: &str, keyring: &Keyring) -> Result<Certificate, Refusal> {
    let (payload, root) = open_envelope(token, keyring)?;
    Certificate::parse(&payload, root).map_err(Refusal::after_signature)
}

fn open_list(token: &str, keyring: &Keyring) -> Result<RevocationList, Refusal> {
    let (payload, key) = open_envelope(token, keyring)?;
    let list = RevocationList::parse(&payload, key.kid().to_owned(), key.is_root());
    let list = list.map_err(Refusal::after_signature)?;
    // Another issuer may have certified the same key.
    let signers = keyring.candidates(&list.kid).into_iter().filter(|signer| signer.may(KeyUse::Revocation));
    let (own, others): (Vec<_>, Vec<_>) = signers.partition(|signer| signer.parts().issuer == list.iss);
    let in_use = |signers: &[&Arc<Key>]| signers.iter().any(|signer| signer.was_in_use(list.iat));
    if in_use(&own) {
        Ok(list)
    } else if in_use(&others) {
        Err(Refusal::after_signature(Error::WrongIssuer))
    } else {
        Err(Refusal::after_signature(Error::OutsideKeyWindow))
    }
}

/// The payload of a token whose signature holds, and the key that signed it.
fn open_envelope<'k>(token: &str, keyring: &'k Keyring) -> Result<(Vec<u8>, &'k Key), Refusal> {
    let envelope = Envelope::parse(token).map_err(Refusal::before_signature)?;
    let key = find_key(&envelope, keyring).map_err(Refusal::before_signature)?;
    check_signature(&envelope, key).map_err(Refusal::before_signature)?;
    Ok((envelope.payload, key))
}
