//! Where one or several licenses stand: every check with its result, the best license, and when the answer changes.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::bundle::split_bundle;
use crate::claims::License;
use crate::error::{Code, Error, date};
use crate::keyring::Keyring;
use crate::verify::{CONTEXT_CHECKS, Context, Refusal, status};

/// The checks made before a license can be read, in the order of the codes.
const OPENING_CHECKS: [Code; 4] = [Code::Malformed, Code::Unsupported, Code::UnknownKey, Code::BadSignature];

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

/// A change of the answer with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The first instant of the new answer, in Unix seconds.
    pub at: i64,
    /// The new answer.
    pub code: Code,
}

/// What has to be known beside a code. The strings never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flag {
    /// The license is bound to another instance, which was passed over for a neutralized copy.
    Staging,
}

impl Flag {
    /// The stable string of the flag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
        }
    }
}

/// The text of a token, white space dropped. Not shown by `Debug`: who has it may have the license.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(Arc<str>);

impl TokenText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenText(…)")
    }
}

/// How one token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The answer: the first failure, or how the license works.
    pub code: Code,
    /// What has to be known beside it.
    pub flags: Vec<Flag>,
    /// The token as it was found by [`evaluate`]; `None` for one that breaks off.
    pub token: Option<TokenText>,
    /// The license, when the signature held and the claims could be read.
    pub license: Option<Arc<License>>,
    /// Every check, in the order of the codes.
    pub checks: Vec<Check>,
    /// The next change of `code`.
    pub next: Option<Transition>,
}

/// How a set of tokens stands: for one module, and feature where asked, or by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The answer of the best license, or why there is none.
    pub code: Code,
    /// What has to be known beside it.
    pub flags: Vec<Flag>,
    /// One sentence for people.
    pub message: String,
    /// What to do about it: one sentence, or empty.
    pub remedy: &'static str,
    /// Place of the deciding token in `assessments`.
    pub best: Option<usize>,
    /// Every token found, in the order of the text.
    pub assessments: Vec<Assessment>,
    /// The next change of `code`.
    pub next: Option<Transition>,
    /// Whether users are warned too, beside administrators.
    pub notify_users: bool,
}

/// Evaluates a text with any number of tokens. A bad token is part of the answer, never an error.
///
/// `open` opens one token: [`open`](crate::open()) itself, or a cache in front of it.
pub fn evaluate(
    text: &str,
    keyring: &Keyring,
    context: &Context<'_>,
    mut open: impl FnMut(&str) -> Result<Arc<License>, Refusal>,
) -> Report {
    let tokens = match split_bundle(text) {
        Ok(tokens) => tokens,
        Err(error) => return Report::without_license(&error, Vec::new()),
    };
    let assess_one = |token: Result<Cow<'_, str>, Error>| match token {
        Ok(token) => {
            let assessment = assess(open(&token), keyring, context);
            Assessment { token: Some(TokenText(token.into())), ..assessment }
        }
        Err(error) => assess(Err(Refusal { error, signature_held: false }), keyring, context),
    };
    Report::of(tokens.into_iter().map(assess_one).collect(), context)
}

/// Makes every check of one opened token.
#[must_use]
pub fn assess(opened: Result<Arc<License>, Refusal>, keyring: &Keyring, context: &Context<'_>) -> Assessment {
    let (license, checks) = match opened {
        Ok(license) => {
            let checks = context_checks(&license, keyring, context);
            (Some(license), checks)
        }
        Err(refusal) => (None, opening_checks(&refusal)),
    };
    let flags = flags(&checks, context);
    let mut assessment = Assessment { code: Code::Valid, flags, token: None, license, checks, next: None };
    assessment.code = assessment.code_at(context.now);
    assessment.next = next_change(assessment.instants(), context.now, |time| assessment.code_at(time));
    assessment
}

impl Assessment {
    /// Why the token is refused; `None` when the license works.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.checks.iter().find_map(|check| match &check.outcome {
            Outcome::Failed(error) if check.code == self.code => Some(error),
            _ => None,
        })
    }

    /// One sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        match (self.error(), &self.license) {
            (Some(error), _) => error.to_string(),
            (None, Some(license)) => license.describe(self.code),
            (None, None) => String::new(),
        }
    }

    /// What to do about it: one sentence, or empty.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.error().map_or(self.code.remedy(), Error::remedy)
    }

    /// The code at `time`, all but time being as it is now.
    fn code_at(&self, time: i64) -> Code {
        let failed = |check: &&Check| matches!(check.outcome, Outcome::Failed(_));
        let in_time = |code| matches!(code, Code::NotYetValid | Code::Expired);
        let aside = |code| in_time(code) || (code == Code::WrongInstance && self.is_staging());
        let failure = self.checks.iter().filter(|check| !aside(check.code)).find(failed).map(|check| check.code);
        let status = self.license.as_ref().map(|license| status(license, time));
        match (failure, status) {
            (Some(failure @ Code::UpdatesEnded), Some(status)) if !in_time(status) => failure,
            (None | Some(Code::UpdatesEnded), Some(status)) => status,
            (Some(failure), _) => failure,
            (None, None) => Code::Malformed,
        }
    }

    /// The instants at which the license's standing changes.
    fn instants(&self) -> impl Iterator<Item = i64> {
        let times =
            self.license.as_ref().map(|license| [license.nbf, license.notice(), license.exp, license.grace_until]);
        times.into_iter().flatten().flatten()
    }

    /// Whether a binding to another instance was passed over.
    fn is_staging(&self) -> bool {
        self.flags.contains(&Flag::Staging)
    }

    /// Whether it is a license in order, for something else.
    fn is_other_module(&self) -> bool {
        self.error().is_some_and(Error::is_other_module)
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
    fn of(assessments: Vec<Assessment>, context: &Context<'_>) -> Self {
        let best = best_at(&assessments, context.now);
        let Some((best, assessment)) = best.and_then(|best| Some((best, assessments.get(best)?))) else {
            let error = match context.module {
                Some(module) if !assessments.is_empty() => Error::NoneCovers { module: module.to_owned() },
                _ => Error::NoToken,
            };
            return Self::without_license(&error, assessments);
        };
        let (code, message, remedy) = (assessment.code, assessment.message(), assessment.remedy());
        let flags = assessment.flags.clone();
        let notify_users = warns_users(code, assessment.license.as_deref(), context.now);
        let instants = assessments.iter().filter(|other| !other.is_other_module()).flat_map(Assessment::instants);
        let next = next_change(instants, context.now, |time| {
            let best = best_at(&assessments, time).and_then(|best| assessments.get(best));
            best.map_or(Code::Missing, |best| best.code_at(time))
        });
        Self { code, flags, message, remedy, best: Some(best), assessments, next, notify_users }
    }

    /// The answer when no license decides.
    #[must_use]
    pub fn without_license(error: &Error, assessments: Vec<Assessment>) -> Self {
        Self {
            code: error.code(),
            flags: Vec::new(),
            message: error.to_string(),
            remedy: error.remedy(),
            best: None,
            assessments,
            next: None,
            notify_users: true,
        }
    }
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
    let later = CONTEXT_CHECKS.iter().skip(1).map(|&(code, _)| Check { code, outcome: Outcome::NotRun });
    opening.chain(later).collect()
}

fn context_checks(license: &License, keyring: &Keyring, context: &Context<'_>) -> Vec<Check> {
    let opening = OPENING_CHECKS.into_iter().filter(|&code| code != Code::UnknownKey);
    let mut checks = Vec::with_capacity(OPENING_CHECKS.len() + CONTEXT_CHECKS.len());
    checks.extend(opening.map(|code| Check { code, outcome: Outcome::Passed }));
    let key = keyring.get(&license.kid);
    for (code, check) in CONTEXT_CHECKS {
        let result = key.ok_or(Error::UnknownKey).and_then(|key| check(license, key, context));
        // Which versions are covered cannot be asked of a module that is not.
        let moot = code == Code::WrongOdooVersion && checks.iter().any(is_not_covered);
        let outcome = match result {
            _ if moot => Outcome::NotRun,
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(error),
        };
        checks.push(Check { code, outcome });
    }
    checks.sort_by_key(|check| check.code);
    checks
}

fn flags(checks: &[Check], context: &Context<'_>) -> Vec<Flag> {
    let passed_over = |check: &Check| matches!(&check.outcome, Outcome::Failed(error) if context.passes_over(error));
    if checks.iter().any(passed_over) { vec![Flag::Staging] } else { Vec::new() }
}

/// Whether the module, or the feature, is not covered at all.
fn is_not_covered(check: &Check) -> bool {
    matches!(&check.outcome, Outcome::Failed(error) if error.is_other_module())
}

/// The first instant after `now` at which `code_at` gives another answer than now.
fn next_change(instants: impl Iterator<Item = i64>, now: i64, code_at: impl Fn(i64) -> Code) -> Option<Transition> {
    let mut later: Vec<i64> = instants.filter(|&instant| instant > now).collect();
    later.sort_unstable();
    later.dedup();
    let present = code_at(now);
    later.into_iter().map(|at| Transition { at, code: code_at(at) }).find(|change| change.code != present)
}

/// The place of the best license at `time`; of equals one that needs no passing over, then the one issued last.
fn best_at(assessments: &[Assessment], time: i64) -> Option<usize> {
    let ours = assessments.iter().enumerate().filter(|(_, assessment)| !assessment.is_other_module());
    let key = |assessment: &Assessment| {
        let issued = assessment.license.as_ref().map(|license| license.iat);
        (rank(assessment.code_at(time)), assessment.is_staging(), Reverse(issued))
    };
    ours.min_by_key(|(_, assessment)| key(assessment)).map(|(place, _)| place)
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
fn warns_users(code: Code, license: Option<&License>, now: i64) -> bool {
    match code {
        Code::Valid | Code::Expiring => {
            license.and_then(|license| license.notify_users_from).is_some_and(|from| from <= now)
        }
        Code::UpdatesEnded => false,
        _ => true,
    }
}
