//! What a database remembers between two evaluations: first sights, last matches, and when a count-down began.
//!
//! No trust lies in it: every token is verified each time. It can only make a license that is genuine work longer.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::License;
use crate::instance::Instance;

/// Longest text that is read, in bytes.
const MAX_STATE: usize = 16 * 1024 * 1024;

/// What is remembered, all of it by issuer: nothing that one of them does shall change what is known of another. Instants
/// are Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct State {
    /// By `jti`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    licenses: BTreeMap<String, BTreeMap<String, LicenseMemory>>,
    /// When a list first arrived that withdraws the key, by `kid`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    revoked_keys: BTreeMap<String, BTreeMap<String, i64>>,
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
    /// Reads what [`State::to_json`] wrote. What cannot be read of it is left out: to forget the rest with it would be worse.
    ///
    /// # Errors
    /// [`NoState`] for what is no JSON object, or longer than 16 MiB.
    pub fn from_json(text: &str) -> Result<Self, NoState> {
        if text.len() > MAX_STATE {
            return Err(NoState);
        }
        let mut object: Map<String, Value> = serde_json::from_str(text).map_err(|_| NoState)?;
        let mut member = |name| object.remove(name).unwrap_or_default();
        Ok(Self {
            licenses: entries(member("licenses"), of_issuer),
            revoked_keys: entries(member("revoked_keys"), of_issuer),
            clocks: entries(member("clocks"), read),
        })
    }

    /// A JSON object, the same for equal states.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn license(&self, license: &License) -> Option<&LicenseMemory> {
        self.licenses.get(&license.iss)?.get(&license.jti)
    }

    /// The addresses at which licenses of an issuer matched in this very database.
    pub(crate) fn domains<'s>(&'s self, issuer: &str, database_uuid: &str) -> BTreeSet<&'s str> {
        let known = self.licenses.get(issuer).into_iter().flat_map(BTreeMap::values);
        let here =
            known.filter_map(|memory| memory.matched.as_ref()).filter(|last| last.database_uuid == database_uuid);
        here.filter_map(|last| last.domain.as_deref()).collect()
    }

    pub(crate) fn key_withdrawn(&self, issuer: &str, kid: &str) -> Option<i64> {
        self.revoked_keys.get(issuer)?.get(kid).copied()
    }

    pub(crate) fn clock(&self, issuer: &str) -> ClockMemory {
        self.clocks.get(issuer).copied().unwrap_or_default()
    }
}

/// The members of an object that can be read.
fn entries<T>(value: Value, read: impl Fn(Value) -> Option<T>) -> BTreeMap<String, T> {
    let Value::Object(members) = value else { return BTreeMap::new() };
    members.into_iter().filter_map(|(name, value)| Some((name, read(value)?))).collect()
}

fn of_issuer<T: DeserializeOwned>(value: Value) -> Option<BTreeMap<String, T>> {
    Some(entries(value, read)).filter(|entries| !entries.is_empty())
}

fn read<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
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
        let of_issuer = self.change().licenses.entry(license.iss.clone()).or_default();
        of_issuer.entry(license.jti.clone()).or_insert_with(new)
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

    const TEXT: &str = r#"{"licenses":{"A":{"j":{"first_seen":1,"matched":{"database_uuid":"u","domain":"d"},"moving":{"v":3}}}},"revoked_keys":{"A":{"k":2}},"clocks":{"A":{"suspect_since":4,"ignored":5}}}"#;

    #[test]
    fn a_state_is_written_as_it_was_read() {
        assert_eq!(State::from_json(TEXT).unwrap().to_json(), TEXT);
        assert_eq!(State::from_json("{}").unwrap(), State::default());
        assert_eq!(State::default().to_json(), "{}");
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for text in ["", "[]", "null", "{", "{}x"] {
            assert_eq!(State::from_json(text), Err(NoState), "{text}");
        }
        assert_eq!(State::from_json(&format!("{}{{}}", " ".repeat(MAX_STATE))), Err(NoState));
    }

    #[test]
    fn what_cannot_be_read_of_a_state_is_left_out_and_the_rest_is_kept() {
        let odd = r#""x":null,"licenses":{"A":{"k":{"first_seen":1.5},"l":[],"m":{}"#;
        let text = TEXT.replacen(r#""licenses":{"A":{"#, &format!("{odd},"), 1).replacen(
            r#"{"A":{"k":2}}"#,
            r#"{"A":{"k":2,"l":"x"},"B":1}"#,
            1,
        );
        assert_eq!(State::from_json(&text), State::from_json(TEXT));
        assert_ne!(State::from_json(TEXT), Ok(State::default()));
    }

    #[test]
    fn a_stamp_in_the_future_counts_as_now() {
        assert_eq!([since(None, 5), since(Some(4), 5), since(Some(5), 5), since(Some(6), 5)], [5, 4, 5, 5]);
    }
}
