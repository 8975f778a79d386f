//! `POST /licenses/validate` and `POST /licenses/{id}/validate`

use std::sync::Arc;

use aegis_core::{Assessment, Bundle, Code, Context, Instance, Report, open, running_major};
use aegis_storage::SignedList;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{May, ToRead};
use crate::input::{Body, Id};
use crate::known::Known;
use crate::problem::ProblemDocument;
use crate::{App, Problem, revocations};

/// Where and when a license is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Situation {
    /// Technical name of the module that asks; whether the license is in order by itself, where it is left out.
    module: Option<String>,
    /// A feature of the module.
    feature: Option<String>,
    /// Version of Odoo, such as `18.0`.
    odoo_version: String,
    /// The instance that asks; a bound license is refused without it.
    instance: Option<InstanceAsked>,
    /// The present; the server's, where it is left out.
    now: Option<DateTime<Utc>>,
}

/// An Odoo instance.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstanceAsked {
    /// Odoo's `database.uuid`.
    pub(super) database_uuid: String,
    /// Host and port of the base URL.
    pub(super) domain: String,
    /// The operator's id of the instance.
    pub(super) instance_id: Option<String>,
}

/// A license, and where and when it is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidateToken {
    /// The license, or a whole text with licenses, certificates and lists.
    token: String,
    /// Where and when.
    context: Situation,
}

/// What the customer's Odoo would say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Validation {
    /// Whether it works.
    valid: bool,
    /// How it works, or why not: one of the reason codes.
    code: &'static str,
    /// The same in a sentence.
    message: String,
    /// What to do about it.
    remedy: &'static str,
    /// Id of the license that decides.
    license_id: Option<String>,
    /// What has to be known beside it.
    flags: Vec<&'static str>,
    /// Each check with its result: `passed`, `failed` or `not_run`.
    checks: Vec<CheckView>,
    /// What will change, and when.
    timeline: Vec<ChangeView>,
}

/// A check.
#[derive(Debug, Serialize, ToSchema)]
struct CheckView {
    /// The code of its failure.
    code: &'static str,
    /// `passed`, `failed` or `not_run`.
    outcome: &'static str,
}

/// A change to come.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeView {
    /// When.
    at: Option<DateTime<Utc>>,
    /// The code from then on.
    code: &'static str,
}

impl InstanceAsked {
    pub(super) fn instance(&self) -> Result<Instance, Problem> {
        let bad = |error: &dyn ToString| {
            Problem::invalid("instance", error.to_string(), "give the values that the settings page in Odoo shows")
        };
        let instance = Instance::new(&self.database_uuid, &self.domain).map_err(|error| bad(&error))?;
        match &self.instance_id {
            Some(id) => instance.with_instance_id(id).map_err(|error| bad(&error)),
            None => Ok(instance),
        }
    }
}

/// Says what a customer's Odoo would say to a text.
#[utoipa::path(
    post, path = "/licenses/validate", operation_id = "validate_text", tag = "licenses", request_body = ValidateToken,
    responses(
        (status = OK, body = Validation),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn by_token(
    State(app): State<Arc<App>>,
    _may: May<ToRead>,
    Body(asked): Body<ValidateToken>,
) -> Result<Json<Validation>, Problem> {
    validation(&app, &asked.token, &asked.context).await
}

/// Says what a customer's Odoo would say to a license that was issued here.
#[utoipa::path(
    post, path = "/licenses/{id}/validate", operation_id = "validate_license", tag = "licenses",
    params(("id" = String, Path)), request_body = Situation,
    responses(
        (status = OK, body = Validation),
        (status = NOT_FOUND, body = ProblemDocument), (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn by_id(
    State(app): State<Arc<App>>,
    _may: May<ToRead>,
    Id(id): Id,
    Body(asked): Body<Situation>,
) -> Result<Json<Validation>, Problem> {
    let token = app.store.license(&id).await?.token;
    validation(&app, &token, &asked).await
}

async fn validation(app: &App, token: &str, asked: &Situation) -> Result<Json<Validation>, Problem> {
    let odoo_major = running_major(&asked.odoo_version)
        .ok_or_else(|| Problem::invalid("odoo_version", "this is no version of Odoo", "write it as 18.0"))?;
    let instance = asked.instance.as_ref().map(InstanceAsked::instance).transpose()?;
    let context = Context {
        module: asked.module.as_deref(),
        feature: asked.feature.as_deref(),
        instance: instance.as_ref(),
        ..Context::new(odoo_major, asked.now.unwrap_or_else(|| app.now()).timestamp())
    };
    let lists = revocations::lists_in_force(app).await?;
    let report = |known: &Known| opened(&lists, token, known).map(|bundle| bundle.report(&context));
    let report = match report(&app.desk.known()).filter(|report| !misses_a_key(report)) {
        None => report(&*app.desk.catch_up(&app.store).await?).ok_or_else(Problem::internal)?,
        Some(report) => report,
    };
    app.telemetry.validated(report.code.as_str());
    Ok(Json(Validation::of(&report)))
}

/// A text, as a customer who has these lists reads it; `None` where a list is of a key that is not known.
fn opened(lists: &[SignedList], text: &str, known: &Known) -> Option<Bundle> {
    // Texts of their own: nothing in one of them hides what another says.
    let texts: Vec<&str> = lists.iter().map(|list| list.token.as_str()).chain([text]).collect();
    let bundle = Bundle::open(&texts, &known.trust, |token| open(token, &known.trust).map(Arc::new));
    let heard = |list: &SignedList| {
        bundle.trust().iter().any(|found| found.token.as_str() == list.token && found.content.is_ok())
    };
    lists.iter().all(heard).then_some(bundle)
}

fn misses_a_key(report: &Report) -> bool {
    report.assessments.iter().any(|license| license.code == Code::UnknownKey)
}

impl Validation {
    fn of(report: &Report) -> Self {
        let deciding = report.deciding();
        let checks = deciding.map(Assessment::checks).unwrap_or_default();
        let outcome = |check: &aegis_core::Check| match check.outcome {
            aegis_core::Outcome::Passed => "passed",
            aegis_core::Outcome::Failed(_) => "failed",
            aegis_core::Outcome::NotRun => "not_run",
        };
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        Self {
            valid: report.code.works(),
            code: report.code.as_str(),
            message: report.message(),
            remedy: report.remedy(),
            license_id: deciding.and_then(Assessment::license).map(|license| license.jti.clone()),
            flags: report.flags.iter().map(|flag| flag.as_str()).collect(),
            checks: checks
                .iter()
                .map(|check| CheckView { code: check.code.as_str(), outcome: outcome(check) })
                .collect(),
            timeline: report
                .timeline()
                .iter()
                .map(|change| ChangeView { at: at(change.at), code: change.code.as_str() })
                .collect(),
        }
    }
}
