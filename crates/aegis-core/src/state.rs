//! What a database remembers between two evaluations: first sights, last matches, and when a count-down began.
//!
//! No trust lies in it: it can only make a license work some days longer that is genuine and has worked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::claims::License;
use crate::instance::Instance;

/// What is remembered. Instants are Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// By `jti`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    licenses: BTreeMap<String, LicenseMemory>,
    /// When a list first arrived that withdraws the key, by issuer and `kid`: two issuers may have certified one key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    revoked_keys: BTreeMap<String, BTreeMap<String, i64>>,
    /// By issuer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    clocks: BTreeMap<String, ClockMemory>,
}

/// What is remembered of a license.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct LicenseMemory {
    /// When it was first evaluated.
    pub(crate) first_seen: i64,
    /// The instance when it last matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) matched: Option<Matched>,
    /// Since when it no longer matches, by `database_uuid`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) moving: BTreeMap<String, i64>,
}

impl LicenseMemory {
    /// When it was first evaluated. Before now, for certain, where a clock that was ahead says otherwise.
    pub(crate) const fn seen(&self, now: i64) -> i64 {
        if self.first_seen > now { now - 1 } else { self.first_seen }
    }
}

/// An instance that matched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Matched {
    pub(crate) database_uuid: String,
    /// The address that fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) domain: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instance_id: Option<String>,
}

impl Matched {
    pub(crate) fn new(instance: &Instance, domain: Option<&str>) -> Self {
        Self {
            database_uuid: instance.database_uuid().to_owned(),
            domain: domain.map(str::to_owned),
            instance_id: instance.instance_id().map(str::to_owned),
        }
    }

    /// Whether it is what [`Matched::new`] would make.
    fn is(&self, instance: &Instance, domain: Option<&str>) -> bool {
        self.database_uuid == instance.database_uuid()
            && self.domain.as_deref() == domain
            && self.instance_id.as_deref() == instance.instance_id()
    }
}

/// What is remembered of the clock, for one issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ClockMemory {
    /// Since when a license counts down because the database holds later dates than the clock shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suspect_since: Option<i64>,
    /// Dates up to this one are known, and are no evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ignored: Option<i64>,
}

impl State {
    /// Reads what [`State::to_json`] wrote.
    ///
    /// # Errors
    /// [`NoState`].
    pub fn from_json(text: &str) -> Result<Self, NoState> {
        // serde would read a list too, as the members in their order.
        let object: serde_json::Map<_, _> = serde_json::from_str(text).map_err(|_| NoState)?;
        serde_json::from_value(object.into()).map_err(|_| NoState)
    }

    /// A JSON object, the same for equal states.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn license(&self, license: &License) -> Option<&LicenseMemory> {
        self.licenses.get(&license.jti)
    }

    pub(crate) fn key_withdrawn(&self, issuer: &str, kid: &str) -> Option<i64> {
        self.revoked_keys.get(issuer)?.get(kid).copied()
    }

    pub(crate) fn clock(&self, issuer: &str) -> ClockMemory {
        self.clocks.get(issuer).copied().unwrap_or_default()
    }
}

/// The text is no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not what State.to_json() wrote")]
pub struct NoState;

/// A stamp, or now where there is none yet or it was made by a clock that was ahead.
pub(crate) fn since(stamp: Option<i64>, now: i64) -> i64 {
    stamp.filter(|&stamp| stamp <= now).unwrap_or(now)
}

/// The state with what an evaluation adds to it. It is copied only when something changes.
pub(crate) struct Notes<'s> {
    before: &'s State,
    after: Option<State>,
}

impl<'s> Notes<'s> {
    pub(crate) const fn on(before: &'s State) -> Self {
        Self { before, after: None }
    }

    /// The new state; `None` when it is the old one.
    pub(crate) fn into_change(self) -> Option<State> {
        self.after
    }

    pub(crate) fn current(&self) -> &State {
        self.after.as_ref().unwrap_or(self.before)
    }

    fn change(&mut self) -> &mut State {
        self.after.get_or_insert_with(|| self.before.clone())
    }

    fn license(&mut self, license: &License, now: i64) -> &mut LicenseMemory {
        let new = || LicenseMemory { first_seen: now, matched: None, moving: BTreeMap::new() };
        self.change().licenses.entry(license.jti.clone()).or_insert_with(new)
    }

    pub(crate) fn saw(&mut self, license: &License, now: i64) {
        let known = self.current().license(license).map(|memory| (memory.first_seen, memory.seen(now)));
        match known {
            None => drop(self.license(license, now)),
            Some((stamp, seen)) if stamp != seen => self.license(license, now).first_seen = seen,
            Some(_) => {}
        }
    }

    pub(crate) fn matched(&mut self, license: &License, instance: &Instance, domain: Option<&str>, now: i64) {
        let known = self.current().license(license);
        let same = known.is_some_and(|known| {
            known.moving.is_empty() && known.matched.as_ref().is_some_and(|last| last.is(instance, domain))
        });
        if !same {
            let memory = self.license(license, now);
            memory.matched = Some(Matched::new(instance, domain));
            memory.moving.clear();
        }
    }

    pub(crate) fn moves(&mut self, license: &License, instance: &Instance, since: i64, now: i64) {
        let uuid = instance.database_uuid();
        let known = self.current().license(license).and_then(|known| known.moving.get(uuid).copied());
        if known != Some(since) {
            self.license(license, now).moving.insert(uuid.to_owned(), since);
        }
    }

    pub(crate) fn key_withdrawn(&mut self, issuer: &str, kid: &str, since: i64) {
        if self.current().key_withdrawn(issuer, kid) != Some(since) {
            self.change().revoked_keys.entry(issuer.to_owned()).or_default().insert(kid.to_owned(), since);
        }
    }

    pub(crate) fn clock(&mut self, issuer: &str, memory: ClockMemory) {
        if self.current().clock(issuer) != memory {
            self.change().clocks.insert(issuer.to_owned(), memory);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const TEXT: &str = r#"{"licenses":{"j":{"first_seen":1,"matched":{"database_uuid":"u","domain":"d"},"moving":{"v":3}}},"revoked_keys":{"A":{"k":2}},"clocks":{"A":{"suspect_since":4,"ignored":5}}}"#;

    #[test]
    fn a_state_is_written_as_it_was_read() {
        assert_eq!(State::from_json(TEXT).unwrap().to_json(), TEXT);
        assert_eq!(State::from_json("{}").unwrap(), State::default());
        assert_eq!(State::default().to_json(), "{}");
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for text in ["", "[]", "null", r#"{"licenses":[]}"#, r#"{"licenses":{"j":{}}}"#, r#"{"revoked_keys":{"k":1}}"#]
        {
            assert_eq!(State::from_json(text), Err(NoState), "{text}");
        }
    }

    #[test]
    fn a_stamp_in_the_future_counts_as_now() {
        assert_eq!([since(None, 5), since(Some(4), 5), since(Some(5), 5), since(Some(6), 5)], [5, 4, 5, 5]);
    }
}
