//! `aegis license verify`

use std::path::PathBuf;
use std::sync::Arc;

use aegis_core::{
    Assessment, Bundle, Code, Context, Error, Instance, Keyring, License, Outcome as CheckOutcome, Report, TrustToken,
    open, running_major, sole_token, split_bundle,
};
use clap::Args;
use serde_json::{Value, json};

use super::request::binding;
use super::{summary, trust};
use crate::failure::Failure;
use crate::input::read_text;
use crate::keyrings;
use crate::output::{Outcome, instant, now};
use crate::values;

/// `aegis license verify …`
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The trusted keys: a folder of public keys, or one KID.public.pem
    #[arg(long, value_name = "DIR|FILE")]
    keys: PathBuf,
    /// The issuer, where neither keyring.toml nor a .json file beside the key says it
    #[arg(long)]
    issuer: Option<String>,
    /// The module that asks (default: the first that the license covers)
    #[arg(long, value_name = "NAME", requires = "odoo_version")]
    module: Option<String>,
    /// The module's feature that asks
    #[arg(long, value_name = "NAME", requires = "module")]
    feature: Option<String>,
    /// The version of Odoo, such as 18.0
    #[arg(long, value_name = "VERSION", value_parser = parse_version, requires = "module")]
    odoo_version: Option<u16>,
    /// The instance that asks: the database's UUID, and host and port of its address
    #[arg(long, num_args = 2, value_names = ["DATABASE_UUID", "DOMAIN"])]
    bind: Option<Vec<String>>,
    /// The day (00:00 UTC) or instant to verify for (default: now)
    #[arg(long, value_name = "DATE", value_parser = values::start)]
    at: Option<i64>,
    /// The date of the module's release
    #[arg(long, value_name = "DATE", value_parser = values::start)]
    released: Option<i64>,
    /// File with the license, or with several among other text; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

/// The answer, from one license or from the best of several.
struct Verdict {
    works: bool,
    code: Code,
    message: String,
    remedy: &'static str,
    deciding: Option<Assessment>,
    next: Option<(i64, Code)>,
    trust: Vec<TrustToken>,
}

pub(crate) fn run(arguments: &VerifyArgs) -> Result<Outcome, Failure> {
    let keyring = keyrings::load(&arguments.keys, arguments.issuer.as_deref())?;
    let instance = instance(arguments)?;
    let text = read_text(&arguments.file)?;
    let bundle = Bundle::open(&[&text], &keyring, |token| open(token, &keyring).map(Arc::new));
    let verdict = match (&arguments.module, arguments.odoo_version) {
        (Some(module), Some(major)) => {
            Verdict::of(bundle.report(&context(arguments, Some(module), major, instance.as_ref())))
        }
        _ => of_itself(&text, &bundle, &keyring, arguments, instance.as_ref())?,
    };
    let outcome = if arguments.json { Outcome::json(&verdict.to_json())? } else { Outcome::text(verdict.to_text()) };
    Ok(outcome.good_if(verdict.works))
}

fn context<'a>(
    arguments: &'a VerifyArgs,
    module: Option<&'a str>,
    major: u16,
    instance: Option<&'a Instance>,
) -> Context<'a> {
    let now = arguments.at.unwrap_or_else(now);
    let (feature, released) = (arguments.feature.as_deref(), arguments.released);
    Context { module, feature, instance, released, ..Context::new(major, now) }
}

fn instance(arguments: &VerifyArgs) -> Result<Option<Instance>, Failure> {
    let Some(bind) = arguments.bind.as_deref().and_then(binding) else { return Ok(None) };
    let instance = Instance::new(&bind.database_uuid, &bind.domain);
    instance.map(Some).map_err(|error| Failure::usage(error.to_string(), "correct the values of --bind"))
}

/// What the first module covered by the one license of the text would be told: all checks but those that need to know
/// who asks.
fn of_itself(
    text: &str,
    bundle: &Bundle,
    keyring: &Keyring,
    arguments: &VerifyArgs,
    instance: Option<&Instance>,
) -> Result<Verdict, Failure> {
    let report = bundle.report(&context(arguments, None, 0, instance));
    match &report.assessments[..] {
        [] if bundle.trust().is_empty() => Ok(no_license(text, keyring, report)),
        [] => Ok(Verdict::of_trust(report)),
        [only] => match only.license().and_then(|license| first_covered(license)) {
            Some((module, major)) => {
                Ok(Verdict::of(bundle.report(&context(arguments, Some(&module), major, instance))))
            }
            None => Ok(Verdict::of(report)),
        },
        several => {
            let remedy = "give --module and --odoo-version, for which the best of them is chosen; or give one license";
            Err(Failure::usage(format!("the text holds {} licenses", several.len()), remedy))
        }
    }
}

/// What is wrong with a text in which no token is found.
fn no_license(text: &str, keyring: &Keyring, report: Report) -> Verdict {
    let found_nothing = split_bundle(text).is_ok_and(|tokens| tokens.is_empty());
    let error = match sole_token(text) {
        Ok(token) => open(token, keyring).err().map(|refusal| refusal.error),
        Err(error) => Some(error),
    };
    match error {
        Some(error) if found_nothing => Verdict::of(Report::without_license(error, report.now, None)),
        _ => Verdict::of(report),
    }
}

/// A pattern covers its own beginning.
fn first_covered(license: &License) -> Option<(String, u16)> {
    let covered = license.modules.first()?;
    Some((covered.pattern.to_string().trim_end_matches('*').to_owned(), *covered.versions.first()?))
}

impl Verdict {
    fn of(report: Report) -> Self {
        Self {
            works: report.code.works(),
            code: report.code,
            message: report.message(),
            remedy: report.remedy(),
            deciding: report.deciding().cloned(),
            next: report.next(),
            trust: report.trust,
        }
    }

    /// A text with certificates and lists alone is in order if they are.
    fn of_trust(report: Report) -> Self {
        let refused = report.trust.iter().find_map(|found| found.content.as_ref().err()).map(|refusal| &refusal.error);
        let good = "The text holds no license; its certificates and revocation lists verify.";
        Self {
            works: refused.is_none(),
            code: refused.map_or(Code::Valid, Error::code),
            message: refused.map_or_else(|| good.to_owned(), ToString::to_string),
            remedy: refused.map_or("", Error::remedy),
            deciding: None,
            next: None,
            trust: report.trust,
        }
    }

    fn license(&self) -> Option<&License> {
        self.deciding.as_ref().and_then(Assessment::license).map(Arc::as_ref)
    }

    fn to_text(&self) -> String {
        let mut text = format!("{}: {}\n", self.code, self.message);
        if !self.remedy.is_empty() {
            text = format!("{text}{}\n", self.remedy);
        }
        if let Some((at, code)) = self.next {
            text = format!("{text}On {} it becomes {code}.\n", instant(at));
        }
        if let Some(license) = self.license() {
            let token = self.deciding.as_ref().and_then(Assessment::token).map_or("", |token| token.as_str());
            text = format!("{text}\nLicense {}\n{}", license.jti, summary::of_license(license, token).to_text());
        }
        for found in &self.trust {
            text = format!("{text}\n{}", trust::to_text(found));
        }
        text
    }

    fn to_json(&self) -> Value {
        json!({
            "code": self.code.as_str(),
            "ok": self.works,
            "message": self.message,
            "remedy": self.remedy,
            "license": self.license().map(|license| &license.jti),
            "checks": self.deciding.as_ref().map(checks),
            "next_change": self.next.map(|(at, _)| at),
            "next_code": self.next.map(|(_, code)| code.as_str()),
            "trust": self.trust.iter().map(trust::to_json).collect::<Vec<_>>(),
        })
    }
}

fn checks(assessment: &Assessment) -> Vec<Value> {
    let result = |outcome: &CheckOutcome| match outcome {
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed(_) => "failed",
        CheckOutcome::NotRun => "not_run",
    };
    let checks = assessment.checks();
    checks.iter().map(|check| json!({ "code": check.code.as_str(), "result": result(&check.outcome) })).collect()
}

fn parse_version(text: &str) -> Result<u16, &'static str> {
    running_major(text).ok_or("not a version of Odoo, such as 18.0")
}
