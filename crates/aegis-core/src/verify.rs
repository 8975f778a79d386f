//! Verification of one token, its steps in the order of the format's description (`docs/token-format.md`).

use std::sync::Arc;

use crate::binding::Here;
use crate::claims::{CoveredModule, License, Limits};
use crate::error::{Code, Error};
use crate::instance::Instance;
use crate::keyring::{Key, KeyUse, Keyring};
use crate::state::State;
use crate::token::{Envelope, Kind};

/// What is asked of a license: everything the answer depends on beside the token and the keys.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Technical name of the module; `None` asks whether the license is in order by itself.
    pub module: Option<&'a str>,
    /// A feature of the module named; `None` asks for the module as such.
    pub feature: Option<&'a str>,
    /// Major version of Odoo.
    pub odoo_major: u16,
    /// The instance that asks; a bound license is refused without it.
    pub instance: Option<&'a Instance>,
    /// The present, in Unix seconds.
    pub now: i64,
    /// An instant that has passed for certain, where the clock is not trusted: then the present is at least this one,
    /// and at least the greatest time at which the issuer is known to have issued something. `None` takes `now` as it is.
    pub floor: Option<i64>,
    /// Date of the module's release, in Unix seconds at 00:00 UTC; `None` counts as covered.
    pub released: Option<i64>,
    /// Whether the database is a neutralized copy, for which a binding to another instance refuses nothing.
    pub neutralized: bool,
    /// What the database remembers; `None` for nothing.
    pub state: Option<&'a Arc<State>>,
    /// The latest date that the database itself keeps, in Unix seconds: evidence against a clock that is behind.
    pub database_date: Option<i64>,
    /// How many there are of what licenses limit.
    pub usage: Limits,
}

impl Context<'_> {
    /// A context in which everything but these is absent.
    #[must_use]
    pub const fn new(odoo_major: u16, now: i64) -> Self {
        Self {
            module: None,
            feature: None,
            odoo_major,
            instance: None,
            now,
            floor: None,
            released: None,
            neutralized: false,
            state: None,
            database_date: None,
            usage: Limits { users: None, companies: None },
        }
    }

    /// The present, by an issuer whose latest known time of issue is `newest`, in Unix seconds.
    #[must_use]
    pub fn present(&self, newest: Option<i64>) -> i64 {
        self.floor.map_or(self.now, |floor| self.now.max(floor).max(newest.unwrap_or(floor)))
    }
}

/// A token that was refused before its claims could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub error: Error,
    /// Whether the signature had been found good before.
    pub signature_held: bool,
}

impl Refusal {
    pub(crate) const fn before_signature(error: Error) -> Self {
        Self { error, signature_held: false }
    }

    pub(crate) const fn after_signature(error: Error) -> Self {
        Self { error, signature_held: true }
    }
}

/// The first checks of an opened license, in the order of the codes: those that neither time nor a memory changes.
pub(crate) const FIXED_CHECKS: [(Code, FixedCheck); 4] = [
    (Code::UnknownKey, |license, key, _| check_key_window(license, key)),
    (Code::WrongIssuer, |license, key, _| check_issuer(license, key)),
    (Code::WrongModule, check_module),
    (Code::WrongOdooVersion, check_odoo_version),
];

pub(crate) type FixedCheck = fn(&License, &Key, &Context<'_>) -> Result<(), Error>;

/// Verifies one token: is it a license that works, for this module, version and instance, at this time?
///
/// White space around the token is ignored.
///
/// # Errors
/// The first failure in the order of the codes.
pub fn verify(token: &str, keyring: &Keyring, context: &Context<'_>) -> Result<(License, Code), Error> {
    let license = open(sole_token(token)?, keyring).map_err(|refusal| refusal.error)?;
    let status = check(&license, keyring, context)?;
    Ok((license, status))
}

/// Opens a token: envelope, key, signature, claims. What is found never changes for this token and keyring, so
/// callers may keep it; everything else is [`check`]ed each time.
///
/// # Errors
/// Refusals with the codes `malformed`, `unsupported`, `unknown_key` and `bad_signature`.
pub fn open(token: &str, keyring: &Keyring) -> Result<License, Refusal> {
    let envelope = Envelope::parse(token).map_err(Refusal::before_signature)?;
    let key = find_key(&envelope, keyring).map_err(Refusal::before_signature)?;
    check_signature(&envelope, key).map_err(Refusal::before_signature)?;
    read_license(envelope).map_err(Refusal::after_signature)
}

/// Checks an opened license against a context and says how it works: `valid`, `expiring` or `grace`. What the context
/// says of a memory, of the database's dates and of usage is for [`evaluate`](crate::evaluate()).
///
/// `license` must have been [`open`]ed with this very keyring: its signature is not checked again.
///
/// # Errors
/// The first failure in the order of the codes.
pub fn check(license: &License, keyring: &Keyring, context: &Context<'_>) -> Result<Code, Error> {
    let key = key_of(license, keyring).ok_or(Error::UnknownKey)?;
    FIXED_CHECKS.iter().try_for_each(|(_, check)| check(license, key, context))?;
    if let Some(revocation) = keyring.revocation(license) {
        return Err(revocation.error());
    }
    check_instance(license, context)?;
    let now = context.present(Some(license.iat));
    check_begin(license, now)?;
    check_end(license, now)?;
    check_updates(license, context)?;
    Ok(status(license, now))
}

/// Checks the limits that a keyring sets for the key of an opened license, whatever will be asked of it.
///
/// # Errors
/// The first of [`Error::UnknownKey`], [`Error::OutsideKeyWindow`], [`Error::WrongIssuer`] and
/// [`Error::ModuleOutsideKey`].
pub fn check_key_scope(license: &License, keyring: &Keyring) -> Result<(), Error> {
    let key = key_of(license, keyring).ok_or(Error::UnknownKey)?;
    check_scope(license, key)
}

pub(crate) fn check_scope(license: &License, key: &Key) -> Result<(), Error> {
    check_key_window(license, key)?;
    check_issuer(license, key)?;
    check_modules_of_key(license, key)
}

/// The key that a license is judged by: of several certificates for one key, one that lets it sign this.
fn key_of<'k>(license: &License, keyring: &'k Keyring) -> Option<&'k Key> {
    shared_key_of(license, keyring).map(Arc::as_ref)
}

pub(crate) fn shared_key_of<'k>(license: &License, keyring: &'k Keyring) -> Option<&'k Arc<Key>> {
    if let embedded @ Some(_) = keyring.embedded(&license.kid) {
        return embedded;
    }
    let signers = keyring.candidates(&license.kid).into_iter().filter(|key| key.may(KeyUse::License));
    // One that lets it sign this; else one of its own issuer, so that the reason given is the one that matters.
    signers.min_by_key(|key| (check_scope(license, key).is_err(), key.parts().issuer != license.iss))
}

/// Where a license stands in time, all else being right: `not_yet_valid`, `valid`, `expiring`, `grace` or `expired`.
#[must_use]
pub fn status(license: &License, now: i64) -> Code {
    let reached = |instant: Option<i64>| instant.is_some_and(|instant| instant <= now);
    if license.nbf.is_some_and(|nbf| now < nbf) {
        Code::NotYetValid
    } else if reached(license.exp) {
        let in_grace = license.grace_until.is_some_and(|end| now < end);
        if in_grace { Code::Grace } else { Code::Expired }
    } else if reached(license.notice()) {
        Code::Expiring
    } else {
        Code::Valid
    }
}

/// 00:00 UTC of a day written as `2026-11-01`, in Unix seconds.
#[must_use]
pub fn day_start(day: &str) -> Option<i64> {
    let dash = |index| index == 4 || index == 7;
    let digits = |(index, byte): (usize, u8)| if dash(index) { byte == b'-' } else { byte.is_ascii_digit() };
    let proper = day.len() == 10 && day.bytes().enumerate().all(digits);
    let date = proper.then(|| day.parse::<chrono::NaiveDate>().ok()).flatten()?;
    Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}

/// White space as mail programs and web pages insert it: Unicode's, the zero-width space, the byte-order mark.
pub(crate) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{200b}' | '\u{feff}')
}

/// The token without white space around it.
#[must_use]
pub fn trim(token: &str) -> &str {
    token.trim_matches(is_space)
}

/// The one token of a text, without white space around it.
///
/// # Errors
/// [`Error::NoToken`] when there is nothing else.
pub fn sole_token(text: &str) -> Result<&str, Error> {
    let token = trim(text);
    if token.is_empty() { Err(Error::NoToken) } else { Ok(token) }
}

pub(crate) fn find_key<'k>(envelope: &Envelope<'_>, keyring: &'k Keyring) -> Result<&'k Key, Error> {
    let needed = match envelope.kind {
        Kind::License | Kind::LegacyLicense => KeyUse::License,
        Kind::RevocationList => KeyUse::Revocation,
        Kind::KeyCertificate => KeyUse::Certify,
    };
    let keys = keyring.candidates(&envelope.kid);
    let error = if keys.is_empty() { Error::UnknownKey } else { Error::KeyUse };
    keys.into_iter().find(|key| key.may(needed)).map(Arc::as_ref).ok_or(error)
}

/// RFC 7515 §5.2 step 8, RFC 8032 §5.1.7: over the received bytes.
pub(crate) fn check_signature(envelope: &Envelope<'_>, key: &Key) -> Result<(), Error> {
    let good = key.signed(envelope.signing_input.as_bytes(), &envelope.signature);
    if good { Ok(()) } else { Err(Error::BadSignature) }
}

fn read_license(envelope: Envelope<'_>) -> Result<License, Error> {
    match envelope.kind {
        Kind::License | Kind::LegacyLicense => License::parse(&envelope.payload, envelope.kind, envelope.kid),
        Kind::RevocationList | Kind::KeyCertificate => Err(Error::UnsupportedKind),
    }
}

/// The time of issue counts, never the present: what a key signed in its window stands.
pub(crate) fn check_key_window(license: &License, key: &Key) -> Result<(), Error> {
    if key.was_in_use(license.iat) { Ok(()) } else { Err(Error::OutsideKeyWindow) }
}

/// RFC 7519 §4.1.1: the issuer is the one that the key speaks for.
pub(crate) fn check_issuer(license: &License, key: &Key) -> Result<(), Error> {
    if license.iss == key.parts().issuer { Ok(()) } else { Err(Error::WrongIssuer) }
}

fn check_modules_of_key(license: &License, key: &Key) -> Result<(), Error> {
    let inside = license.modules.iter().all(|covered| key.may_license(&covered.pattern));
    if inside { Ok(()) } else { Err(Error::ModuleOutsideKey) }
}

fn check_module(license: &License, key: &Key, context: &Context<'_>) -> Result<(), Error> {
    check_modules_of_key(license, key)?;
    let Some(name) = context.module else { return Ok(()) };
    if covering(license, context).next().is_some() {
        return Ok(());
    }
    let module = name.to_owned();
    Err(match context.feature {
        Some(feature) if license.covering(name).next().is_some() => {
            Error::FeatureNotCovered { module, feature: feature.to_owned() }
        }
        _ => Error::ModuleNotCovered { module },
    })
}

fn check_odoo_version(license: &License, _: &Key, context: &Context<'_>) -> Result<(), Error> {
    if covering(license, context).any(|covered| covered.versions.contains(&context.odoo_major)) {
        return Ok(());
    }
    let mut majors: Vec<u16> = Vec::new();
    for &major in covering(license, context).flat_map(|covered| &covered.versions) {
        if let Err(place) = majors.binary_search(&major) {
            majors.insert(place, major);
        }
    }
    let allowed = majors.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    Err(Error::WrongOdooVersion { module: context.module.map(str::to_owned), allowed, asked: context.odoo_major })
}

/// The entries that cover the module and, where asked, the feature; all of them where no module is named.
fn covering<'l>(license: &'l License, context: &Context<'l>) -> impl Iterator<Item = &'l CoveredModule> {
    let &Context { module, feature, .. } = context;
    let serves = move |covered: &&CoveredModule| {
        module
            .is_none_or(|module| covered.pattern.covers(module) && feature.is_none_or(|name| covered.has_feature(name)))
    };
    license.modules.iter().filter(serves)
}

/// Without a memory: a binding that does not fit refuses, but for a neutralized copy.
fn check_instance(license: &License, context: &Context<'_>) -> Result<(), Error> {
    let Some(binding) = &license.binding else { return Ok(()) };
    let instance = context.instance.ok_or(Error::InstanceUnknown)?;
    let comparison = binding.compare(Here::new(instance));
    if comparison.fits || context.neutralized {
        Ok(())
    } else {
        Err(Error::WrongInstance { difference: comparison.difference })
    }
}

/// RFC 7519 §4.1.5.
pub(crate) fn check_begin(license: &License, now: i64) -> Result<(), Error> {
    match license.nbf {
        Some(from) if now < from => Err(Error::NotYetValid { from }),
        _ => Ok(()),
    }
}

/// RFC 7519 §4.1.4; a grace period moves the end.
pub(crate) fn check_end(license: &License, now: i64) -> Result<(), Error> {
    match license.end() {
        Some(end) if now >= end => Err(Error::Expired { end }),
        _ => Ok(()),
    }
}

pub(crate) fn check_updates(license: &License, context: &Context<'_>) -> Result<(), Error> {
    match (license.updates_until, context.released) {
        (Some(until), Some(released)) if released >= until => Err(Error::UpdatesEnded { until, released }),
        _ => Ok(()),
    }
}
