//! The same license for longer.

use aegis_core::{Keyring, License};
use serde_json::Value;

use crate::reissue::{again, ours};
use crate::{Error, IssueContext, Reissued, Renewal, Signer, dates};

/// Issues a license once more with a later end: all other claims are the same.
///
/// `trusted` has to know the key of the old license: what its key did not sign is never signed again.
///
/// # Errors
/// [`Error::NotAToken`], [`Error::NotOurs`], [`Error::BadRequest`] naming the claim, [`Error::TimeOutOfRange`],
/// [`Error::Random`], [`Error::Sign`]; [`Error::VerifierRefuses`] and [`Error::NotAsAsked`] when the verifier does not
/// read back the same license.
pub fn renew(
    token: &str,
    renewal: &Renewal,
    trusted: &Keyring,
    signer: &dyn Signer,
    context: &IssueContext<'_>,
) -> Result<Reissued, Error> {
    let old = ours(token, trusted)?;
    let renewed = renewed(&old, renewal, context.now)?;
    let times = [
        ("exp", renewed.exp),
        ("grace_until", renewed.grace_until),
        ("updates_until", renewed.updates_until),
        ("notify_admins_from", renewed.notify_admins_from),
        ("notify_users_from", renewed.notify_users_from),
    ];
    let (reissued, expected) =
        again(token, renewed, &times.map(|(name, time)| (name, Value::from(time))), signer, context)?;
    if reissued.license == expected { Ok(reissued) } else { Err(Error::NotAsAsked("content")) }
}

fn refuse<T>(claim: &'static str, reason: &str, remedy: &'static str) -> Result<T, Error> {
    Err(Error::BadRequest { claim, reason: reason.to_owned(), remedy })
}

/// The license with its times moved on.
fn renewed(old: &License, renewal: &Renewal, now: i64) -> Result<License, Error> {
    let mut new = old.clone();
    if let Some(until) = renewal.updates_until {
        new.updates_until = Some(later_updates(old, until)?);
    }
    let Some(exp) = old.exp else {
        check_perpetual(renewal)?;
        return Ok(new);
    };
    let new_exp = new_end(old, exp, renewal, now)?;
    let moved = |time: Option<i64>| time.map(|time| dates::in_range(time.saturating_add(new_exp - exp))).transpose();
    new.exp = Some(new_exp);
    new.grace_until = match renewal.grace_days {
        Some(0) => None,
        Some(days) => Some(dates::days_after(new_exp, days)?),
        None => moved(old.grace_until)?,
    };
    (new.notify_admins_from, new.notify_users_from) = (moved(old.notify_admins_from)?, moved(old.notify_users_from)?);
    Ok(new)
}

/// A renewal takes nothing away.
fn later_updates(old: &License, until: i64) -> Result<i64, Error> {
    match old.updates_until {
        None => refuse("updates_until", "the license covers all updates", "leave it out"),
        Some(before) if until <= before => {
            refuse("updates_until", "updates would be covered no longer than before", "choose a later date")
        }
        Some(_) => dates::in_range(until),
    }
}

/// Of a license without end only the updates can be renewed.
fn check_perpetual(renewal: &Renewal) -> Result<(), Error> {
    if renewal.exp.is_some() || renewal.days.is_some() || renewal.grace_days.is_some() {
        return refuse("exp", "a perpetual license has no end", "give updates_until alone");
    }
    match renewal.updates_until {
        Some(_) => Ok(()),
        None => {
            refuse("updates_until", "a perpetual license has no end to renew", "say until when updates are covered")
        }
    }
}

fn new_end(old: &License, exp: i64, renewal: &Renewal, now: i64) -> Result<i64, Error> {
    let over = old.grace_until.unwrap_or(exp) <= now;
    let from = if over { now } else { exp };
    let new_exp = match (renewal.exp, renewal.days) {
        (Some(_), Some(_)) => return refuse("exp", "both an end and a number of days are given", "give one of them"),
        (Some(new_exp), None) => dates::in_range(new_exp)?,
        (None, Some(0)) => return refuse("exp", "the license would last no longer", "give at least one day"),
        (None, Some(days)) => dates::days_after(from, days)?,
        (None, None) => dates::in_range(from.saturating_add(exp - old.nbf.unwrap_or(old.iat)))?,
    };
    if new_exp <= exp || new_exp <= now {
        return refuse("exp", "the license would end no later than before", "choose a later end");
    }
    Ok(new_exp)
}
