//! How one license stands, now and later: the checks that time and a memory decide.

use std::sync::Arc;

use crate::binding::{Difference, Here};
use crate::claims::{DAY, License};
use crate::error::{Code, Error};
use crate::instance::Instance;
use crate::opened::{Bundle, Genuine};
use crate::state::{ClockMemory, Notes, State, since};
use crate::trust::Revocation;
use crate::verify::{Context, FIXED_CHECKS, check_begin, check_end, check_updates, status};

/// How far the database's dates may lie ahead of the clock, in seconds.
const CLOCK_TOLERANCE: i64 = 48 * 60 * 60;

/// How long a license works on that has ended by the database's dates, in seconds.
const CLOCK_COUNTDOWN: i64 = 14 * DAY;

/// How long a license works on whose key was withdrawn after it had been stored, in seconds.
const KEY_GRACE: i64 = 30 * DAY;

/// Before every instant.
const AT_ONCE: i64 = i64::MIN;

/// How a license stands. Everything in it holds for one question at one time, and [`Standing::code_at`] for later times
/// too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) license: Arc<License>,
    /// The present, by what is known of its issuer.
    pub(crate) now: i64,
    /// The first failure that time does not change.
    fixed: Option<Error>,
    /// Withdrawn, and from when on it no longer works.
    pub(crate) revoked: Option<(Error, i64)>,
    /// Bound to something else, and from when on it no longer works.
    pub(crate) mismatch: Option<(Error, i64)>,
    /// Bound to something else, which a neutralized copy passes over.
    pub(crate) passed_over: Option<Error>,
    /// The components that no longer match.
    pub(crate) changed: Difference,
    pub(crate) updates: Option<Error>,
    /// From when on it has ended by the dates of the database.
    pub(crate) ended_by_dates: Option<i64>,
    /// The date of the database that lies far ahead of the clock.
    pub(crate) evidence: Option<i64>,
}

impl Standing {
    /// The code at `time`, all but time being as it is now.
    pub(crate) fn code_at(&self, time: i64) -> Code {
        if let Some(error) = &self.fixed {
            return error.code();
        }
        let time = time.max(self.now);
        match self.failure_at(time) {
            Some(error) => error.code(),
            None if self.mismatch.is_some() => Code::Moving,
            None if self.revoked.is_some() => Code::Grace,
            None => status(&self.license, time),
        }
    }

    /// Why it is refused at `time`.
    pub(crate) fn failure_at(&self, time: i64) -> Option<Error> {
        let time = time.max(self.now);
        let from = |failure: &Option<(Error, i64)>| match failure {
            Some((error, from)) if *from <= time => Some(error.clone()),
            _ => None,
        };
        self.fixed
            .clone()
            .or_else(|| from(&self.revoked))
            .or_else(|| from(&self.mismatch))
            .or_else(|| check_begin(&self.license, time).err())
            .or_else(|| self.end_at(time).err())
            .or_else(|| self.updates.clone())
    }

    /// Whether it is a license in order, for something else.
    pub(crate) fn is_other_module(&self) -> bool {
        self.fixed.as_ref().is_some_and(Error::is_other_module)
    }

    /// Whether it has ended, by the clock or by the dates of the database.
    pub(crate) fn end_at(&self, time: i64) -> Result<(), Error> {
        check_end(&self.license, time)?;
        match (self.ended_by_dates, self.license.end()) {
            (Some(from), Some(end)) if from <= time && self.is_clock_behind(time) => Err(Error::EndedByDates { end }),
            _ => Ok(()),
        }
    }

    /// Whether a clock that shows `time` is still far behind the dates of the database.
    fn is_clock_behind(&self, time: i64) -> bool {
        self.evidence.is_some_and(|date| date > time.saturating_add(CLOCK_TOLERANCE))
    }

    fn has_ended_by_dates(&self) -> bool {
        matches!((self.license.end(), self.evidence), (Some(end), Some(date)) if end <= date)
    }

    /// The end of the time that it still works although something is wrong with it.
    pub(crate) fn works_until(&self) -> Option<i64> {
        [&self.revoked, &self.mismatch].into_iter().flatten().map(|(_, from)| *from).min()
    }

    /// The instants at which its standing changes.
    pub(crate) fn instants(&self) -> impl Iterator<Item = i64> {
        let License { nbf, exp, grace_until, .. } = *self.license;
        let own = [nbf, self.license.notice(), exp, grace_until, self.ended_by_dates];
        let respites = [&self.revoked, &self.mismatch].map(|failure| failure.as_ref().map(|(_, from)| *from));
        let caught_up = self.evidence.map(|date| date.saturating_sub(CLOCK_TOLERANCE));
        own.into_iter().chain(respites).chain([caught_up]).flatten()
    }

    /// Whether it works at `time` by the clock although it has ended by the dates of the database.
    pub(crate) fn counts_down_at(&self, time: i64) -> bool {
        let time = time.max(self.now);
        let counting = self.ended_by_dates.is_some_and(|from| time < from) && self.is_clock_behind(time);
        counting && self.code_at(time).works()
    }
}

/// What judges the licenses of a bundle, and notes what is to be remembered.
pub(crate) struct Judge<'a> {
    bundle: &'a Bundle,
    context: &'a Context<'a>,
    state: &'a State,
    notes: Notes<'a>,
    clocks: Vec<(&'a str, Clock)>,
    domains: Vec<(&'a str, Arc<[&'a str]>)>,
}

/// What is known of the time, by one issuer.
#[derive(Clone, Copy)]
struct Clock {
    now: i64,
    /// The date that tells against the clock.
    evidence: Option<i64>,
    memory: ClockMemory,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(bundle: &'a Bundle, context: &'a Context<'a>, state: &'a State) -> Self {
        let mut judge =
            Self { bundle, context, state, notes: Notes::on(state), clocks: Vec::new(), domains: Vec::new() };
        for (issuer, kid) in &bundle.withdrawn {
            judge.notes.key_withdrawn(issuer, kid, judge.arrival(issuer, kid));
        }
        judge
    }

    /// When the list first arrived that withdraws a key.
    fn arrival(&self, issuer: &str, kid: &str) -> i64 {
        since(self.state.key_withdrawn(issuer, kid), self.context.present(self.bundle.newest(issuer)))
    }

    /// The new state; `None` when it is the old one.
    pub(crate) fn into_change(self) -> Option<State> {
        self.notes.into_change()
    }

    pub(crate) fn judge(&mut self, genuine: &'a Genuine) -> Standing {
        let Genuine { license, key, revocation } = genuine;
        let fixed = FIXED_CHECKS.iter().find_map(|(_, check)| check(license, key, self.context).err());
        let mut standing = Standing {
            license: Arc::clone(license),
            now: self.context.present(self.bundle.newest(&license.iss)),
            fixed,
            revoked: None,
            mismatch: None,
            passed_over: None,
            changed: Difference::default(),
            updates: check_updates(license, self.context).err(),
            ended_by_dates: None,
            evidence: None,
        };
        self.notes.saw(license, standing.now);
        self.compare(license, &mut standing);
        if standing.is_other_module() {
            return standing;
        }
        standing.revoked = revocation.map(|revocation| self.withdrawn(license, revocation, standing.now));
        self.look_at_clock(license, &mut standing);
        standing
    }

    /// From when on a withdrawn license no longer works: one that was stored before its key was withdrawn has time.
    fn withdrawn(&self, license: &License, revocation: Revocation, now: i64) -> (Error, i64) {
        let from = match revocation {
            Revocation::License => AT_ONCE,
            Revocation::Key => {
                let arrived = self.arrival(&license.iss, &license.kid);
                let stored_before = self.state.license(license).is_some_and(|memory| memory.seen(now) < arrived);
                if stored_before { arrived + KEY_GRACE } else { AT_ONCE }
            }
        };
        (revocation.error(), from)
    }

    fn compare(&mut self, license: &'a License, standing: &mut Standing) {
        let Some(binding) = &license.binding else { return };
        let Some(instance) = self.context.instance else {
            standing.mismatch = Some((Error::InstanceUnknown, AT_ONCE));
            return;
        };
        let memory = self.state.license(license);
        let last = memory.and_then(|memory| memory.matched.as_ref());
        let known_domains = self.known_domains(&license.iss, instance);
        let comparison = binding.compare(Here { instance, known_domains: &known_domains, last });
        standing.changed = comparison.difference;
        if comparison.fits {
            self.notes.matched(license, instance, comparison.domain, standing.now);
            return;
        }
        let error = Error::WrongInstance { difference: comparison.difference };
        if self.context.neutralized {
            standing.passed_over = Some(error);
        } else if last.is_some() {
            let stamp = memory.and_then(|memory| memory.moving.get(instance.database_uuid()).copied());
            let start = since(stamp, standing.now);
            self.notes.moves(license, instance, start, standing.now);
            standing.mismatch = Some((error, start + license.move_grace));
        } else {
            standing.mismatch = Some((error, AT_ONCE));
        }
    }

    /// The addresses at which licenses of an issuer matched in this database, worked out once.
    fn known_domains(&mut self, issuer: &'a str, instance: &Instance) -> Arc<[&'a str]> {
        if let Some((_, domains)) = self.domains.iter().find(|(known, _)| *known == issuer) {
            return Arc::clone(domains);
        }
        let domains: Arc<[_]> = self.state.domains(issuer, instance.database_uuid()).into_iter().collect();
        self.domains.push((issuer, Arc::clone(&domains)));
        domains
    }

    fn look_at_clock(&mut self, license: &'a License, standing: &mut Standing) {
        let Clock { now, evidence, memory } = self.clock(license, standing.now);
        standing.evidence = evidence;
        if standing.has_ended_by_dates() && standing.code_at(now).works() {
            let memory = ClockMemory { suspect_since: Some(since(memory.suspect_since, now)), ..memory };
            self.notes.clock(&license.iss, memory);
        }
    }

    /// Lets what has ended by the dates of the database count down, now that it is known since when: it may be since
    /// another license of the issuer was judged, and for one that begins later, since it does.
    pub(crate) fn count_down(&self, standing: &mut Standing) {
        let License { iss, nbf, .. } = &*standing.license;
        let begin = nbf.map_or(standing.now, |nbf| nbf.max(standing.now));
        if standing.has_ended_by_dates() && standing.code_at(begin).works() {
            let start = since(self.notes.current().clock(iss).suspect_since, begin);
            standing.ended_by_dates = Some(start + CLOCK_COUNTDOWN);
        }
    }

    /// What is known of the time, by the issuer of a license. Notes it where something is to be remembered.
    fn clock(&mut self, license: &'a License, now: i64) -> Clock {
        let issuer = license.iss.as_str();
        if let Some((_, clock)) = self.clocks.iter().find(|(known, _)| *known == issuer) {
            return *clock;
        }
        let clock = self.read_clock(issuer, now);
        self.notes.clock(issuer, clock.memory);
        self.clocks.push((issuer, clock));
        clock
    }

    fn read_clock(&self, issuer: &str, now: i64) -> Clock {
        let memory = self.state.clock(issuer);
        let Some(date) = self.context.database_date else { return Clock { now, evidence: None, memory } };
        let ahead = date > now.saturating_add(CLOCK_TOLERANCE);
        if !ahead || memory.ignored.is_some_and(|ignored| date <= ignored) {
            return Clock { now, evidence: None, memory: ClockMemory { suspect_since: None, ..memory } };
        }
        // Whatever was issued since tells that the vendor knows this customer, and the dates are of a clock put right.
        if memory.suspect_since.is_some_and(|since| self.bundle.was_issued_since(issuer, since, now)) {
            return Clock { now, evidence: None, memory: ClockMemory { suspect_since: None, ignored: Some(date) } };
        }
        Clock { now, evidence: Some(date), memory }
    }
}
