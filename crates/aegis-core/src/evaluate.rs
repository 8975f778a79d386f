//! Where one or several licenses stand: every check with its result, the best license, and what has to be remembered.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::binding::ComponentKind;
use crate::claims::{License, Limits};
use crate::error::{Code, Error, date};
use crate::keyring::Keyring;
use crate::opened::{Bundle, Entry, Genuine};
use crate::standing::{Judge, Standing};
use crate::state::State;
use crate::timeline::{self, Change};
use crate::token::TokenText;
use crate::trust::TrustToken;
use crate::verify::{Context, FIXED_CHECKS, Refusal, check_begin};

/// The checks made before a license can be read, in the order of the codes.
const OPENING_CHECKS: [Code; 4] = [Code::Malformed, Code::Unsupported, Code::UnknownKey, Code::BadSignature];

/// The checks that time and a memory decide, in the order of the codes.
const LATER_CHECKS: [Code; 5] =
    [Code::Revoked, Code::WrongInstance, Code::NotYetValid, Code::Expired, Code::UpdatesEnded];

/// A check with its result. `code` is what a failure of it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The code of its failure.
    pub code: Code,
    /// Its result.
    pub outcome: Outcome,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made and held.
    Passed,
    /// It was made and failed.
    Failed(Error),
    /// It was not made, because an earlier one failed.
    NotRun,
}

impl From<Result<(), Error>> for Outcome {
    fn from(result: Result<(), Error>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

/// What has to be known beside a code. The strings never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flag {
    /// The database holds dates that lie far ahead of the clock.
    ClockSuspect,
    /// The license is bound to another instance, which was passed over for a neutralized copy.
    Staging,
    /// There is more than was agreed.
    OverLimit,
    /// It works for some days only although something says that it should not.
    CountingDown,
}

impl Flag {
    /// The stable string of the flag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClockSuspect => "clock_suspect",
            Self::Staging => "staging",
            Self::OverLimit => "over_limit",
            Self::CountingDown => "counting_down",
        }
    }
}

/// What was asked, as far as the checks of one license need it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    module: Option<String>,
    feature: Option<String>,
    odoo_major: u16,
}

impl Question {
    fn context(&self) -> Context<'_> {
        let (module, feature) = (self.module.as_deref(), self.feature.as_deref());
        Context { module, feature, ..Context::new(self.odoo_major, 0) }
    }
}

/// How one token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The answer: the first failure, or how the license works.
    pub code: Code,
    entry: Arc<Entry>,
    question: Arc<Question>,
    /// `None` when the token could not be opened.
    standing: Option<Standing>,
    now: i64,
}

/// How a set of tokens stands: for one module, and feature where asked, or by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The answer of the best license, or why there is none.
    pub code: Code,
    /// What has to be known beside it.
    pub flags: Vec<Flag>,
    /// Place of the deciding token in `assessments`.
    pub best: Option<usize>,
    /// Every license found, and what could not be read, in the order of the text.
    pub assessments: Vec<Assessment>,
    /// The certificates and lists found, in the order of the text.
    pub trust: Vec<TrustToken>,
    /// What is to be remembered.
    pub state: Arc<State>,
    /// The present that the answer is for, in Unix seconds.
    pub now: i64,
    /// The most that the working licenses allow.
    pub limits: Limits,
    /// Why there is no license that decides.
    fault: Option<Error>,
    has_module: bool,
}

/// Evaluates a text with any number of tokens. A bad token is part of the answer, never an error.
///
/// `open` opens one token: [`open`](crate::open()) itself, or a cache in front of it.
pub fn evaluate(
    text: &str,
    keyring: &Keyring,
    context: &Context<'_>,
    open: impl FnMut(&str) -> Result<Arc<License>, Refusal>,
) -> Report {
    Bundle::open(&[text], keyring, open).report(context)
}

impl Bundle {
    /// Says how the tokens stand in a context.
    #[must_use]
    pub fn report<'a>(&'a self, context: &'a Context<'a>) -> Report {
        let nothing = Arc::default();
        let state = context.state.unwrap_or(&nothing);
        let mut judge = Judge::new(self, context, state);
        let question = Arc::new(Question {
            module: context.module.map(str::to_owned),
            feature: context.feature.map(str::to_owned),
            odoo_major: context.odoo_major,
        });
        let now = context.present(None);
        let judged = |entry: &'a Arc<Entry>| entry.opened.as_ref().ok().map(|genuine| judge.judge(genuine));
        let mut standings: Vec<_> = self.entries.iter().map(judged).collect();
        standings.iter_mut().flatten().for_each(|standing| judge.count_down(standing));
        let assessed = self.entries.iter().zip(standings);
        let assessments: Vec<_> =
            assessed.map(|(entry, standing)| Assessment::of(entry, standing, &question, now)).collect();
        let state = judge.into_change().map_or_else(|| Arc::clone(state), Arc::new);
        Report::of(self, assessments, state, context)
    }
}

impl Assessment {
    fn of(entry: &Arc<Entry>, standing: Option<Standing>, question: &Arc<Question>, now: i64) -> Self {
        let code = match (&standing, &entry.opened) {
            (Some(standing), _) => standing.code_at(now),
            (None, Err(refusal)) => refusal.error.code(),
            (None, Ok(_)) => Code::Malformed,
        };
        Self { code, entry: Arc::clone(entry), question: Arc::clone(question), standing, now }
    }

    /// The token as it was found; `None` for one that breaks off.
    #[must_use]
    pub fn token(&self) -> Option<&TokenText> {
        self.entry.token.as_ref()
    }

    /// The license, when the signature held and the claims could be read.
    #[must_use]
    pub fn license(&self) -> Option<&Arc<License>> {
        self.entry.opened.as_ref().ok().map(|genuine| &genuine.license)
    }

    /// The present that the answer is for, by what is known of the license's issuer, in Unix seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.standing.as_ref().map_or(self.now, |standing| standing.now)
    }

    /// What has to be known beside the code.
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        let Some(standing) = &self.standing else { return Vec::new() };
        let flags = [
            (Flag::ClockSuspect, standing.evidence.is_some()),
            (Flag::Staging, self.is_staging()),
            (Flag::CountingDown, self.counts_down_at(self.now)),
        ];
        flags.into_iter().filter_map(|(flag, is_set)| is_set.then_some(flag)).collect()
    }

    /// Why the token is refused; `None` when the license works.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        match (&self.standing, &self.entry.opened) {
            (Some(standing), _) => standing.failure_at(self.now),
            (None, Err(refusal)) => Some(refusal.error.clone()),
            (None, Ok(_)) => None,
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        self.message_at(self.now)
    }

    /// What to do about it: one sentence, or empty.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match (self.error(), &self.standing) {
            (Some(error), _) => error.remedy(),
            (None, Some(standing)) if self.code == Code::Grace && standing.revoked.is_some() => Code::Revoked.remedy(),
            (None, Some(_)) if self.counts_down_at(self.now) => Error::EndedByDates { end: 0 }.remedy(),
            (None, _) => self.code.remedy(),
        }
    }

    /// The kinds of components that no longer match what the license is bound to.
    #[must_use]
    pub fn changed(&self) -> Vec<ComponentKind> {
        self.standing.as_ref().map(|standing| standing.changed.kinds().collect()).unwrap_or_default()
    }

    /// Every check, in the order of the codes.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        match (&self.standing, &self.entry.opened) {
            (Some(standing), Ok(genuine)) => context_checks(genuine, standing, &self.question.context()),
            (_, Err(refusal)) => opening_checks(refusal),
            (None, Ok(_)) => Vec::new(),
        }
    }

    /// The next change of `code`, and to what.
    #[must_use]
    pub fn next(&self) -> Option<(i64, Code)> {
        timeline::next(&[self], self.now)
    }

    /// Every future change of this license that is known today.
    #[must_use]
    pub fn timeline(&self) -> Vec<Change> {
        timeline::timeline(&[self], self.now)
    }

    /// The code at `time`, all but time being as it is now.
    pub(crate) fn code_at(&self, time: i64) -> Code {
        self.standing.as_ref().map_or(self.code, |standing| standing.code_at(time))
    }

    pub(crate) fn message_at(&self, time: i64) -> String {
        let Some(standing) = &self.standing else {
            return self.error().map(|error| error.to_string()).unwrap_or_default();
        };
        match (standing.failure_at(time), standing.works_until(), standing.ended_by_dates) {
            (Some(error), ..) => error.to_string(),
            (None, Some(until), _) => standing.describe_respite(until),
            (None, None, Some(until)) if standing.counts_down_at(time) => {
                format!("Dates in this database show that the license has ended; it works until {}.", date(until))
            }
            (None, None, _) => standing.license.describe(standing.code_at(time)),
        }
    }

    /// The instants at which something about the license changes.
    pub(crate) fn instants(&self) -> impl Iterator<Item = i64> {
        let license = self.license().map(|license| [license.notify_users_from, license.updates_until]);
        let standing = self.standing.iter().flat_map(Standing::instants);
        standing.chain(license.into_iter().flatten().flatten())
    }

    /// Whether a binding to another instance was passed over.
    fn is_staging(&self) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.passed_over.is_some())
    }

    fn counts_down_at(&self, time: i64) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.counts_down_at(time))
    }

    /// Whether it is a license in order, for something else.
    fn is_other_module(&self) -> bool {
        self.standing.as_ref().is_some_and(Standing::is_other_module)
    }
}

impl Standing {
    /// What is wrong although it works, in one sentence.
    fn describe_respite(&self, until: i64) -> String {
        let reason = match (&self.mismatch, &self.revoked) {
            (Some(_), _) => format!("The instance has changed (other {})", self.changed),
            (None, Some(_)) => "The vendor has withdrawn the key that signed this license".to_owned(),
            (None, None) => String::new(),
        };
        format!("{reason}; it works until {}.", date(until))
    }
}

impl License {
    /// How the license works, in one sentence.
    #[must_use]
    pub fn describe(&self, code: Code) -> String {
        let mut text = String::from(match code {
            Code::Grace => "The license has ended and is in its grace period",
            Code::Expiring => "The license is valid and ends soon",
            _ => "The license is valid",
        });
        let end = if code == Code::Grace { self.grace_until } else { self.exp };
        if let Some(end) = end {
            // Writing to a string cannot fail.
            let _ = write!(text, ", until {}", date(end));
        }
        text.push('.');
        text
    }
}

impl Report {
    fn of(bundle: &Bundle, assessments: Vec<Assessment>, state: Arc<State>, context: &Context<'_>) -> Self {
        let now = context.present(None);
        let best = place_of_best(&assessments, now);
        let deciding = best.and_then(|best| assessments.get(best));
        let fault = match (deciding, context.module) {
            (Some(_), _) => None,
            (None, Some(module)) if !assessments.is_empty() => Some(Error::NoneCovers { module: module.to_owned() }),
            (None, _) => Some(Error::NoToken),
        };
        let code = deciding.map_or(Code::Missing, |best| best.code);
        let code = fault.as_ref().map_or(code, Error::code);
        let mut flags = deciding.map(Assessment::flags).unwrap_or_default();
        let limits = limits(&assessments);
        if limits.are_passed_by(&context.usage) {
            let place = flags.iter().position(|flag| *flag == Flag::CountingDown).unwrap_or(flags.len());
            flags.insert(place, Flag::OverLimit);
        }
        let has_module = context.module.is_some();
        let trust = bundle.trust.clone();
        Self { code, flags, best, assessments, trust, state, now, limits, fault, has_module }
    }

    /// The answer when no license could be looked at; what was remembered is kept.
    #[must_use]
    pub fn without_license(error: Error, now: i64, state: Option<&Arc<State>>) -> Self {
        Self {
            code: error.code(),
            flags: Vec::new(),
            best: None,
            assessments: Vec::new(),
            trust: Vec::new(),
            state: state.cloned().unwrap_or_default(),
            now,
            limits: Limits::default(),
            fault: Some(error),
            has_module: false,
        }
    }

    /// The license that decides, with its checks.
    #[must_use]
    pub fn deciding(&self) -> Option<&Assessment> {
        self.assessments.get(self.best?)
    }

    /// One sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        let of_best = || self.deciding().map(Assessment::message).unwrap_or_default();
        self.fault.as_ref().map_or_else(of_best, Error::to_string)
    }

    /// What to do about it: one sentence, or empty.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        let of_best = || self.deciding().map(Assessment::remedy).unwrap_or_default();
        self.fault.as_ref().map_or_else(of_best, Error::remedy)
    }

    /// The next change of `code`, and to what.
    #[must_use]
    pub fn next(&self) -> Option<(i64, Code)> {
        timeline::next(&ours(&self.assessments), self.now)
    }

    /// Every future change that is known today: of the answer for a module, or, where none was asked for, of each
    /// license by itself.
    #[must_use]
    pub fn timeline(&self) -> Vec<Change> {
        if self.has_module {
            return timeline::timeline(&ours(&self.assessments), self.now);
        }
        let mut changes: Vec<Change> = Vec::new();
        for change in self.assessments.iter().flat_map(Assessment::timeline) {
            let place = changes.partition_point(|earlier| earlier.at <= change.at);
            changes.insert(place, change);
        }
        changes
    }

    /// Whether users are warned too, beside administrators.
    #[must_use]
    pub fn notify_users(&self) -> bool {
        self.flags.contains(&Flag::CountingDown) || warns_users(self.code, self.deciding(), self.now)
    }
}

impl Limits {
    fn are_passed_by(&self, usage: &Self) -> bool {
        let passed =
            |limit: Option<i64>, used: Option<i64>| matches!((limit, used), (Some(limit), Some(used)) if used > limit);
        passed(self.users, usage.users) || passed(self.companies, usage.companies)
    }
}

/// The most that the working licenses allow. One that says nothing of it allows any number.
fn limits(assessments: &[Assessment]) -> Limits {
    let working = || assessments.iter().filter(|assessment| assessment.code.works()).filter_map(Assessment::license);
    let most = |limit: fn(&Limits) -> Option<i64>| {
        let limits = working().map(|license| license.limits.as_ref().and_then(limit));
        limits.collect::<Option<Vec<_>>>()?.into_iter().max()
    };
    Limits { users: most(|limits| limits.users), companies: most(|limits| limits.companies) }
}

/// A refusal before the license could be read: what came before it passed, what comes after it was not made. A
/// payload that cannot be read leaves open what it asks for, and when its key was to be in use.
fn opening_checks(refusal: &Refusal) -> Vec<Check> {
    let failed = refusal.error.code();
    let opening = OPENING_CHECKS.into_iter().map(|code| {
        let outcome = if code == failed {
            Outcome::Failed(refusal.error.clone())
        } else if code < failed || (refusal.signature_held && code == Code::BadSignature) {
            Outcome::Passed
        } else {
            Outcome::NotRun
        };
        Check { code, outcome }
    });
    let later = FIXED_CHECKS.iter().skip(1).map(|&(code, _)| code).chain(LATER_CHECKS);
    opening.chain(later.map(|code| Check { code, outcome: Outcome::NotRun })).collect()
}

fn context_checks(genuine: &Genuine, standing: &Standing, context: &Context<'_>) -> Vec<Check> {
    let passed = |code| Check { code, outcome: Outcome::Passed };
    let mut checks = vec![passed(Code::Malformed), passed(Code::Unsupported)];
    for (code, check) in FIXED_CHECKS {
        // Which versions are covered cannot be asked of a module that is not.
        let moot = code == Code::WrongOdooVersion && checks.iter().any(is_not_covered);
        let made = || Outcome::from(check(&genuine.license, &genuine.key, context));
        checks.push(Check { code, outcome: if moot { Outcome::NotRun } else { made() } });
        if code == Code::UnknownKey {
            checks.push(passed(Code::BadSignature));
        }
    }
    let failure = |error: Option<&Error>| error.cloned().map_or(Outcome::Passed, Outcome::Failed);
    let mismatch = standing.mismatch.as_ref().map(|(error, _)| error).or(standing.passed_over.as_ref());
    let later = [
        failure(standing.revoked.as_ref().map(|(error, _)| error)),
        failure(mismatch),
        check_begin(&standing.license, standing.now).into(),
        standing.end_at(standing.now).into(),
        failure(standing.updates.as_ref()),
    ];
    checks.extend(LATER_CHECKS.into_iter().zip(later).map(|(code, outcome)| Check { code, outcome }));
    checks
}

/// Whether the module, or the feature, is not covered at all.
fn is_not_covered(check: &Check) -> bool {
    matches!(&check.outcome, Outcome::Failed(error) if error.is_other_module())
}

/// Those that count for the module that was asked for.
fn ours(assessments: &[Assessment]) -> Vec<&Assessment> {
    assessments.iter().filter(|assessment| !assessment.is_other_module()).collect()
}

/// The best license at `time`; of equals one that needs no passing over, then the one issued last.
pub(crate) fn best_at<'a>(ours: &[&'a Assessment], time: i64) -> Option<&'a Assessment> {
    ours.iter().copied().min_by_key(|assessment| assessment.key_at(time))
}

fn place_of_best(assessments: &[Assessment], time: i64) -> Option<usize> {
    let ours = assessments.iter().enumerate().filter(|(_, assessment)| !assessment.is_other_module());
    ours.min_by_key(|(_, assessment)| assessment.key_at(time)).map(|(place, _)| place)
}

impl Assessment {
    /// What tells the better of two at `time`: the smaller.
    fn key_at(&self, time: i64) -> (u8, bool, bool, Reverse<Option<i64>>, Option<&str>) {
        let issued = Reverse(self.license().map(|license| license.iat));
        // Not their order, so that no order of pastes changes the answer.
        let text = self.token().map(TokenText::as_str);
        (rank(self.code_at(time)), self.is_staging(), self.counts_down_at(time), issued, text)
    }
}

/// Lower is better: first what works, then what is nearest to working.
const fn rank(code: Code) -> u8 {
    match code {
        Code::Valid => 0,
        Code::Expiring => 1,
        Code::Grace => 2,
        Code::Moving => 3,
        Code::UpdatesEnded => 4,
        Code::NotYetValid => 5,
        Code::Expired => 6,
        Code::WrongInstance => 7,
        Code::Revoked => 8,
        Code::WrongOdooVersion => 9,
        Code::WrongModule => 10,
        Code::WrongIssuer => 11,
        Code::BadSignature => 12,
        Code::UnknownKey => 13,
        Code::Unsupported => 14,
        Code::Malformed => 15,
        Code::Missing => 16,
    }
}

/// Users are warned when the license says so, and when something has stopped or is about to.
pub(crate) fn warns_users(code: Code, deciding: Option<&Assessment>, time: i64) -> bool {
    match code {
        Code::Valid | Code::Expiring => deciding.is_some_and(|deciding| {
            let from = deciding.license().and_then(|license| license.notify_users_from);
            from.is_some_and(|from| from <= time.max(deciding.now()))
        }),
        Code::UpdatesEnded => false,
        _ => true,
    }
}
