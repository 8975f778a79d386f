//! One license, for another instance.

use aegis_issuer::ledger::{LedgerContent, LedgerEntry};
use aegis_issuer::{InstanceClaim, NewInstance, Signer as _, rebind, stated};
use serde_json::json;

use super::{ReissueArgs, Work};
use crate::commands::license::summary;
use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::licenses;
use crate::output::{Outcome, instant, note, now, warn};

pub(super) fn run(arguments: &ReissueArgs, name: &str) -> Result<Outcome, Failure> {
    let ledger = arguments.from.ledger.read_if_there()?;
    let old = sole(name, &ledger)?;
    check_not_ended(&old)?;
    let instance = instance(arguments, &old)?;
    let key = arguments.open_key()?;
    let work = Work::new(arguments, &KeyFolder::read(arguments.from.keys())?, key)?;
    let known = issued_before(&ledger, &old, &instance, work.key.signer.kid())?;
    let (new, is_new) = match known {
        Some(known) => (known.clone(), false),
        None => (issue(&work, &old, &instance)?, true),
    };
    answer(&work, &old, &new, is_new)
}

fn sole(name: &str, ledger: &LedgerContent) -> Result<LedgerEntry, Failure> {
    let mut found = licenses::named(name, ledger)?;
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (_, more) => {
            Err(Failure::new(format!("{name} holds {} licenses", more + 1), "give one, or the id of one in the ledger"))
        }
    }
}

fn check_not_ended(old: &LedgerEntry) -> Result<(), Failure> {
    match old.end()?.filter(|end| *end <= now()) {
        Some(end) => Err(Failure::new(
            format!("license {} ended at {}, and so would the new one", old.jti, instant(end)),
            "issue a new one with `aegis license issue`",
        )),
        None => Ok(()),
    }
}

fn instance(arguments: &ReissueArgs, old: &LedgerEntry) -> Result<InstanceClaim, Failure> {
    let before = InstanceClaim::of_token(&old.token)?;
    match arguments.activation.request()? {
        Some(bind) => Ok(InstanceClaim::in_place_of(before.as_ref(), &bind)?),
        None => Err(Failure::usage("it is not said which instance the license is for", "give --bind-request")),
    }
}

/// When the command is given once more, nothing is issued twice.
fn issued_before<'l>(
    ledger: &'l LedgerContent,
    old: &'l LedgerEntry,
    instance: &InstanceClaim,
    kid: &str,
) -> Result<Option<&'l LedgerEntry>, Failure> {
    for entry in ledger.reissues_of(&old.jti).filter(|entry| entry.kid == kid) {
        if InstanceClaim::of_token(&entry.token)?.as_ref() == Some(instance) {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

fn issue(work: &Work<'_>, old: &LedgerEntry, instance: &InstanceClaim) -> Result<LedgerEntry, Failure> {
    let instance = NewInstance::Tolerant(instance.clone());
    let new = rebind(&old.token, &instance, work.trusted()?, &work.key.signer, &work.context())?;
    work.keep(&new.token, old)
}

fn answer(work: &Work<'_>, old: &LedgerEntry, new: &LedgerEntry, is_new: bool) -> Result<Outcome, Failure> {
    let for_customer = work.for_customer(new)?;
    if work.arguments.json {
        return Outcome::json(&json!({
            "old": old.jti, "new": new.jti, "customer": new.customer, "is_new": is_new, "token": new.token,
            "for_customer": for_customer,
        }));
    }
    let how = if is_new { "is issued" } else { "was issued before" };
    let facts = summary::of_license(&stated(&new.token)?, &new.token).to_text();
    note(&format!("License {} {how} in place of {}, verified and in the ledger.\n{facts}", new.jti, old.jti));
    if licenses::is_revoked(old, work.arguments.from.ledger.folder())? {
        warn(format!("license {} is revoked", old.jti));
    } else {
        note(&format!("License {0} goes on where it fits; `aegis revoke add {0}` withdraws it.", old.jti));
    }
    Ok(Outcome::text(for_customer))
}
