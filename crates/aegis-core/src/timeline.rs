//! What will happen when: every future change of the answer that is known today.

use std::fmt;
use std::sync::Arc;

use crate::claims::License;
use crate::error::{Code, day};
use crate::evaluate::{Assessment, best_at, warns_users};

/// A future change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The first instant of it, in Unix seconds.
    pub at: i64,
    /// The code from then on.
    pub code: Code,
    /// What changes.
    pub event: Event,
    /// The license that decides from then on.
    pub license: Option<Arc<License>>,
    /// One sentence for people.
    pub message: String,
}

/// What changes. The strings never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The code.
    Status,
    /// Users are warned too.
    UsersWarned,
    /// Releases dated from then on are no longer covered.
    UpdatesEnd,
}

impl Event {
    /// The stable string of the event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::UsersWarned => "users_warned",
            Self::UpdatesEnd => "updates_end",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The changes of the answer that some licenses give together, after `now` and in the order of time.
pub(crate) fn timeline(assessments: &[&Assessment], now: i64) -> Vec<Change> {
    let present = Moment::at(assessments, now);
    let mut before = present.clone();
    let mut changes = Vec::new();
    for time in instants(assessments, now) {
        let after = Moment::at(assessments, time);
        changes.extend(after.changes_since(&before, time));
        before = after;
    }
    changes
}

/// The next change of the code.
pub(crate) fn next(assessments: &[&Assessment], now: i64) -> Option<(i64, Code)> {
    let code_at = |time| best_at(assessments, time).map(|best| best.code_at(time));
    let present = code_at(now);
    let changed = |time: &i64| code_at(*time) != present;
    let at = instants(assessments, now).into_iter().find(changed)?;
    Some((at, code_at(at)?))
}

/// The instants after `now` at which something may change, in order.
fn instants(assessments: &[&Assessment], now: i64) -> Vec<i64> {
    let mut later = Vec::new();
    for instant in assessments.iter().flat_map(|assessment| assessment.instants()).filter(|&instant| instant > now) {
        if let Err(place) = later.binary_search(&instant) {
            later.insert(place, instant);
        }
    }
    later
}

/// The answer at one time.
#[derive(Clone)]
struct Moment<'a> {
    best: Option<&'a Assessment>,
    code: Code,
    users_warned: bool,
}

impl<'a> Moment<'a> {
    fn at(assessments: &[&'a Assessment], time: i64) -> Self {
        let best = best_at(assessments, time);
        let code = best.map_or(Code::Missing, |best| best.code_at(time));
        Self { best, code, users_warned: warns_users(code, best, time) }
    }

    /// What is new since the moment before: several things may happen at once.
    fn changes_since(&self, before: &Self, at: i64) -> impl Iterator<Item = Change> {
        let license = self.best.and_then(Assessment::license);
        let message = || self.best.map(|best| best.message_at(at)).unwrap_or_default();
        let status = (self.code != before.code).then(|| (Event::Status, message()));
        // Of a license that has stopped, or is about to, users are warned anyway.
        let mild = matches!(self.code, Code::Valid | Code::Expiring);
        let warned = mild && self.users_warned && !before.users_warned;
        let users = warned.then(|| (Event::UsersWarned, "Users are reminded of the end too.".to_owned()));
        let ends = self.code.works() && license.is_some_and(|license| license.updates_until == Some(at));
        let updates = ends.then(|| (Event::UpdatesEnd, format!("Releases dated from {} on are not covered.", day(at))));
        let (code, license) = (self.code, license.cloned());
        let change = move |(event, message)| Change { at, code, event, license: license.clone(), message };
        [status, users, updates].into_iter().flatten().map(change)
    }
}
