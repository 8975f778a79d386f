//! What the next list of an issuer will name, before it is signed.

use std::collections::{BTreeMap, BTreeSet};

use aegis_core::LicenseId;

use super::{KeptList, Revocation, Revoked};
use crate::ledger::LedgerEntry;

/// What a list will name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListPlan {
    /// The licenses.
    pub revoked: BTreeSet<LicenseId>,
    /// The keys; none in the list of a key that is no root.
    pub revoked_keys: BTreeSet<String>,
    /// Ids of the licenses that were revoked and have ended since: no list needs to name them any more.
    pub ended: Vec<String>,
    /// How many licenses are named only because the last list names them: the journal does not have them.
    pub carried: usize,
    /// The revoked keys that no list names: the earlier ones do not, nor does this one, because no root signs it.
    pub keys_left_out: BTreeSet<String>,
}

impl ListPlan {
    /// Works out the list of `issuer` at `now` (Unix seconds).
    ///
    /// What earlier lists named stays named, whatever the journal says: a lost file must not make a license good again.
    #[must_use]
    pub fn new(
        issuer: &str,
        by_root: bool,
        revocations: &[Revocation],
        ledger: &[LedgerEntry],
        kept: &[KeptList],
        now: i64,
    ) -> Self {
        let own: Vec<&Revocation> = revocations.iter().filter(|revocation| revocation.iss == issuer).collect();
        let kept: Vec<&KeptList> = kept.iter().filter(|list| list.iss == issuer).collect();
        let (ended, mut revoked) = licenses(&own, now);
        let known = revoked.len();
        let ends = ends(&own, ledger);
        let works = |id: &&LicenseId| ends.get(*id).is_none_or(|end| end.is_none_or(|end| end > now));
        revoked.extend(kept.last().iter().flat_map(|last| last.revoked.iter().filter(works)));
        let carried = revoked.len() - known;
        let named: BTreeSet<String> = kept.iter().flat_map(|list| list.revoked_keys.iter().cloned()).collect();
        let new = keys(&own).difference(&named).cloned().collect();
        let (revoked_keys, keys_left_out) =
            if by_root { (named.union(&new).cloned().collect(), BTreeSet::new()) } else { (BTreeSet::new(), new) };
        Self { revoked, revoked_keys, ended, carried, keys_left_out }
    }
}

/// The licenses of the journal: those that have ended, and those to be named.
fn licenses(own: &[&Revocation], now: i64) -> (Vec<String>, BTreeSet<LicenseId>) {
    let (mut ended, mut revoked) = (Vec::new(), BTreeSet::new());
    for revocation in own {
        match &revocation.what {
            Revoked::License { jti, ends: Some(end) } if *end <= now => ended.push(jti.clone()),
            Revoked::License { jti, .. } => drop(revoked.insert(LicenseId::of(jti))),
            Revoked::Key { .. } => {}
        }
    }
    (ended, revoked)
}

/// When the licenses end that can be recognised in a list.
fn ends(own: &[&Revocation], ledger: &[LedgerEntry]) -> BTreeMap<LicenseId, Option<i64>> {
    // An end that cannot be read is none: the license stays revoked.
    let in_ledger = ledger.iter().map(|entry| (LicenseId::of(&entry.jti), entry.end().unwrap_or(None)));
    let in_journal = own.iter().filter_map(|revocation| match &revocation.what {
        Revoked::License { jti, ends } => Some((LicenseId::of(jti), *ends)),
        Revoked::Key { .. } => None,
    });
    in_ledger.chain(in_journal).collect()
}

/// The keys of the journal.
fn keys(own: &[&Revocation]) -> BTreeSet<String> {
    let key = |revocation: &&Revocation| match &revocation.what {
        Revoked::Key { kid } => Some(kid.clone()),
        Revoked::License { .. } => None,
    };
    own.iter().filter_map(key).collect()
}
