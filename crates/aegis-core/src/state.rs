//! What a database remembers between two evaluations: first sights, last matches, and when a count-down began.
//!
//! No trust lies in it: every token is verified each time. It can only make a license that is genuine work longer.

use crate::claims::License;
use crate::instance::Instance;
use crate::json::{self, Json, Object};
use crate::table::Table;

/// Longest text that is read, in bytes.
const MAX_STATE: usize = 16 * 1024 * 1024;

/// What is remembered, all of it by issuer: nothing that one of them does shall change what is known of another. Instants
/// are Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// By `jti`.
    licenses: Table<Table<LicenseMemory>>,
    /// When a list first arrived that withdraws the key, by `kid`.
    revoked_keys: Table<Table<i64>>,
    clocks: Table<ClockMemory>,
}

/// What is remembered of a license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LicenseMemory {
    /// When it was first evaluated.
    pub(crate) first_seen: i64,
    /// The instance when it last matched.
    pub(crate) matched: Option<Matched>,
    /// Since when it no longer matches, by `database_uuid`.
    pub(crate) moving: Table<i64>,
}

impl LicenseMemory {
    fn read(value: &Json<'_>) -> Option<Self> {
        let Json::Object(known) = value else { return None };
        let first_seen = stamp(known.get("first_seen")?)?;
        let matched = known.get("matched").and_then(Matched::read);
        Some(Self { first_seen, matched, moving: entries(known.get("moving"), stamp) })
    }

    fn json(&self) -> Json<'_> {
        json_of([
            ("first_seen", Json::Int(self.first_seen)),
            ("matched", self.matched.as_ref().map_or(Json::Null, Matched::json)),
            ("moving", object(&self.moving, |&stamp| Json::Int(stamp))),
        ])
    }

    /// When it was first evaluated. Before now, for certain, where a clock that was ahead says otherwise.
    pub(crate) const fn seen(&self, now: i64) -> i64 {
        if self.first_seen > now { now - 1 } else { self.first_seen }
    }
}

/// An instance that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matched {
    pub(crate) database_uuid: String,
    /// The address that fitted.
    pub(crate) domain: Option<String>,
    pub(crate) instance_id: Option<String>,
}

impl Matched {
    fn read(value: &Json<'_>) -> Option<Self> {
        let Json::Object(last) = value else { return None };
        Some(Self {
            database_uuid: text(last.get("database_uuid"))?,
            domain: text(last.get("domain")),
            instance_id: text(last.get("instance_id")),
        })
    }

    fn json(&self) -> Json<'_> {
        json_of([
            ("database_uuid", optional(Some(&self.database_uuid))),
            ("domain", optional(self.domain.as_ref())),
            ("instance_id", optional(self.instance_id.as_ref())),
        ])
    }

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClockMemory {
    /// Since when a license counts down because the database holds later dates than the clock shows.
    pub(crate) suspect_since: Option<i64>,
    /// Dates up to this one are known, and are no evidence.
    pub(crate) ignored: Option<i64>,
}

impl ClockMemory {
    fn read(value: &Json<'_>) -> Option<Self> {
        let Json::Object(clock) = value else { return None };
        let of = |name| clock.get(name).and_then(stamp);
        Some(Self { suspect_since: of("suspect_since"), ignored: of("ignored") })
    }

    fn json(self) -> Json<'static> {
        let stamp = |stamp: Option<i64>| stamp.map_or(Json::Null, Json::Int);
        json_of([("suspect_since", stamp(self.suspect_since)), ("ignored", stamp(self.ignored))])
    }
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
        let object = json::parse_object(text.as_bytes()).map_err(|_| NoState)?;
        Ok(Self {
            licenses: entries(object.get("licenses"), |known| some_entries(known, LicenseMemory::read)),
            revoked_keys: entries(object.get("revoked_keys"), |stamps| some_entries(stamps, stamp)),
            clocks: entries(object.get("clocks"), ClockMemory::read),
        })
    }

    /// A JSON object, the same for equal states.
    #[must_use]
    pub fn to_json(&self) -> String {
        let members = [
            ("licenses", object(&self.licenses, |known| object(known, LicenseMemory::json))),
            ("revoked_keys", object(&self.revoked_keys, |stamps| object(stamps, |&stamp| Json::Int(stamp)))),
            ("clocks", object(&self.clocks, |clock| clock.json())),
        ];
        json_of(members).to_string()
    }

    pub(crate) fn license(&self, license: &License) -> Option<&LicenseMemory> {
        self.licenses.get(&license.iss)?.get(&license.jti)
    }

    /// The addresses at which licenses of an issuer matched in this very database.
    pub(crate) fn domains<'s>(&'s self, issuer: &str, database_uuid: &str) -> Vec<&'s str> {
        let known = self.licenses.get(issuer).into_iter().flat_map(Table::iter).map(|(_, memory)| memory);
        let here =
            known.filter_map(|memory| memory.matched.as_ref()).filter(|last| last.database_uuid == database_uuid);
        let mut domains = Vec::new();
        for domain in here.filter_map(|last| last.domain.as_deref()) {
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        domains
    }

    pub(crate) fn key_withdrawn(&self, issuer: &str, kid: &str) -> Option<i64> {
        self.revoked_keys.get(issuer)?.get(kid).copied()
    }

    pub(crate) fn clock(&self, issuer: &str) -> ClockMemory {
        self.clocks.get(issuer).copied().unwrap_or_default()
    }
}

/// The members of an object that can be read.
fn entries<T>(value: Option<&Json<'_>>, read: impl Fn(&Json<'_>) -> Option<T>) -> Table<T> {
    let mut entries = Table::default();
    if let Some(Json::Object(members)) = value {
        for (name, entry) in members.iter().filter_map(|(name, value)| Some((name, read(value)?))) {
            entries.insert(name, entry);
        }
    }
    entries
}

/// The members of an object that can be read, if there are any.
fn some_entries<T>(value: &Json<'_>, read: impl Fn(&Json<'_>) -> Option<T>) -> Option<Table<T>> {
    Some(entries(Some(value), read)).filter(|entries| !entries.is_empty())
}

fn stamp(value: &Json<'_>) -> Option<i64> {
    if let Json::Int(stamp) = value { Some(*stamp) } else { None }
}

fn text(value: Option<&Json<'_>>) -> Option<String> {
    if let Some(Json::Str(text)) = value { Some(text.clone().into_owned()) } else { None }
}

/// A map as a JSON object.
fn object<'j, T>(map: &'j Table<T>, json: impl Fn(&'j T) -> Json<'j>) -> Json<'j> {
    Json::Object(map.iter().map(|(name, value)| (name.into(), json(value))).collect())
}

/// An object without the members that are empty.
fn json_of<'j>(members: impl IntoIterator<Item = (&'j str, Json<'j>)>) -> Json<'j> {
    let empty = |value: &Json<'_>| matches!(value, Json::Null) || *value == Json::Object(Object::default());
    let members = members.into_iter().filter(|(_, value)| !empty(value));
    Json::Object(members.map(|(name, value)| (name.into(), value)).collect())
}

fn optional(text: Option<&String>) -> Json<'_> {
    text.map_or(Json::Null, |text| Json::Str(text.as_str().into()))
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
        let new = || LicenseMemory { first_seen: now, matched: None, moving: Table::default() };
        self.change().licenses.entry(&license.iss, Table::default).entry(&license.jti, new)
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
            self.license(license, now).moving.insert(uuid, since);
        }
    }

    pub(crate) fn key_withdrawn(&mut self, issuer: &str, kid: &str, since: i64) {
        if self.current().key_withdrawn(issuer, kid) != Some(since) {
            self.change().revoked_keys.entry(issuer, Table::default).insert(kid, since);
        }
    }

    pub(crate) fn clock(&mut self, issuer: &str, memory: ClockMemory) {
        if self.current().clock(issuer) != memory {
            self.change().clocks.insert(issuer, memory);
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
