//! `aegis license verify`

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use aegis_core::{
    Assessment, Context, Instance, Keyring, License, Outcome as CheckOutcome, Refusal, Transition, assess, evaluate,
    open, running_major, sole_token, split_bundle,
};
use clap::Args;
use serde_json::{Value, json};

use super::request::binding;
use super::summary;
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
    code: &'static str,
    message: String,
    remedy: &'static str,
    deciding: Option<Assessment>,
    next: Option<Transition>,
}

pub(crate) fn run(arguments: &VerifyArgs) -> Result<Outcome, Failure> {
    let keyring = keyrings::load(&arguments.keys, arguments.issuer.as_deref())?;
    let instance = instance(arguments)?;
    let text = read_text(&arguments.file)?;
    let verdict = match (&arguments.module, arguments.odoo_version) {
        (Some(module), Some(major)) => of_text(&text, &keyring, &context(arguments, module, major, instance.as_ref())),
        _ => of_itself(&only_token(&text)?, &keyring, arguments, instance.as_ref()),
    };
    let outcome = if arguments.json { Outcome::json(&verdict.to_json())? } else { Outcome::text(verdict.to_text()) };
    Ok(outcome.good_if(verdict.works))
}

fn context<'a>(arguments: &'a VerifyArgs, module: &'a str, major: u16, instance: Option<&'a Instance>) -> Context<'a> {
    Context {
        module: Some(module),
        feature: arguments.feature.as_deref(),
        odoo_major: major,
        instance,
        now: arguments.at.unwrap_or_else(now),
        released: arguments.released,
        neutralized: false,
    }
}

fn instance(arguments: &VerifyArgs) -> Result<Option<Instance>, Failure> {
    let Some(bind) = arguments.bind.as_deref().and_then(binding) else { return Ok(None) };
    let instance = Instance::new(&bind.database_uuid, &bind.domain);
    instance.map(Some).map_err(|error| Failure::usage(error.to_string(), "correct the values of --bind"))
}

/// What a module would be told, with this text as all its licenses.
fn of_text(text: &str, keyring: &Keyring, context: &Context<'_>) -> Verdict {
    let report = evaluate(text, keyring, context, |token| open(token, keyring).map(Arc::new));
    let deciding = report.best.and_then(|best| report.assessments.get(best).cloned());
    Verdict {
        works: report.code.works(),
        code: report.code.as_str(),
        message: report.message,
        remedy: report.remedy,
        deciding,
        next: report.next,
    }
}

/// The one license of the text; the text itself where none is found, so that it is said what is wrong with it.
fn only_token(text: &str) -> Result<Cow<'_, str>, Failure> {
    let mut parts = split_bundle(text).map_err(|error| Failure::new(error.to_string(), "give only the licenses"))?;
    match (parts.len(), parts.pop()) {
        (1, Some(Ok(token))) => Ok(token),
        (0 | 1, _) => Ok(text.into()),
        (count, _) => {
            let remedy = "give --module and --odoo-version, for which the best of them is chosen; or give one license";
            Err(Failure::usage(format!("the text holds {count} licenses"), remedy))
        }
    }
}

/// What the first module covered would be told: all checks but those that need to know who asks.
fn of_itself(text: &str, keyring: &Keyring, arguments: &VerifyArgs, instance: Option<&Instance>) -> Verdict {
    let token = sole_token(text).map_err(|error| Refusal { error, signature_held: false });
    let opened = token.and_then(|token| open(token, keyring)).map(Arc::new);
    let refusal = opened.as_ref().err().map(|refusal| refusal.error.clone());
    let first = opened.as_ref().ok().and_then(|license| first_covered(license));
    let (module, major) = first.unwrap_or_default();
    let assessment = assess(opened, keyring, &context(arguments, &module, major, instance));
    let error = refusal.as_ref().or(assessment.error());
    let code = refusal.as_ref().map_or(assessment.code, aegis_core::Error::code);
    Verdict {
        works: code.works(),
        code: code.as_str(),
        message: error.map_or_else(|| assessment.message(), ToString::to_string),
        remedy: error.map_or(code.remedy(), aegis_core::Error::remedy),
        next: assessment.next,
        deciding: Some(assessment),
    }
}

/// A pattern covers its own beginning.
fn first_covered(license: &License) -> Option<(String, u16)> {
    let covered = license.modules.first()?;
    Some((covered.pattern.to_string().trim_end_matches('*').to_owned(), *covered.versions.first()?))
}

impl Verdict {
    fn to_text(&self) -> String {
        let mut text = format!("{}: {}\n", self.code, self.message);
        if !self.remedy.is_empty() {
            text = format!("{text}{}\n", self.remedy);
        }
        if let Some(next) = self.next {
            text = format!("{text}On {} it becomes {}.\n", instant(next.at), next.code);
        }
        match self.deciding.as_ref().and_then(|assessment| assessment.license.as_ref()) {
            Some(license) => format!("{text}\nLicense {}\n{}", license.jti, summary::of_license(license).to_text()),
            None => text,
        }
    }

    fn to_json(&self) -> Value {
        let license = self.deciding.as_ref().and_then(|assessment| assessment.license.as_ref());
        json!({
            "code": self.code,
            "ok": self.works,
            "message": self.message,
            "remedy": self.remedy,
            "license": license.map(|license| &license.jti),
            "checks": self.deciding.as_ref().map(checks),
            "next_change": self.next.map(|next| next.at),
            "next_code": self.next.map(|next| next.code.as_str()),
        })
    }
}

fn checks(assessment: &Assessment) -> Vec<Value> {
    let result = |outcome: &CheckOutcome| match outcome {
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed(_) => "failed",
        CheckOutcome::NotRun => "not_run",
    };
    assessment
        .checks
        .iter()
        .map(|check| json!({ "code": check.code.as_str(), "result": result(&check.outcome) }))
        .collect()
}

fn parse_version(text: &str) -> Result<u16, &'static str> {
    running_major(text).ok_or("not a version of Odoo, such as 18.0")
}
