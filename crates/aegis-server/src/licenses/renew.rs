//! `POST /licenses/{id}/renew`

use std::sync::Arc;

use aegis_issuer::Renewal;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::issue::Time;
use super::issued::{IssueRequest, IssuedLicense};
use super::replaceable;
use crate::access::{May, ToIssue};
use crate::input::{Body, Id, whole};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// For how much longer. What is left out stays as it was, moved on by as much as the end is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenewLicense {
    /// The new end: the first instant at which it is no longer valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<Time>,
    /// Instead of `exp`: so many days of 24 hours after the old end, or after the present where the grace period is over
    /// too. Without either it is as long as before.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    /// So many days of grace after the new end; 0 for none.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    grace_days: Option<u32>,
    /// Releases dated at this instant or later are not covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updates_until: Option<Time>,
}

/// Issues the license once more, with a later end. The one before stands until its own end.
#[utoipa::path(
    post, path = "/licenses/{id}/renew", operation_id = "renew_license", tag = "licenses", request_body = RenewLicense,
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "the same for each try of one request"),
    ),
    responses(
        (status = CREATED, body = IssuedLicense, headers(("Location" = String))),
        (status = NOT_FOUND, body = ProblemDocument),
        (status = CONFLICT, body = ProblemDocument), (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn renew(
    State(app): State<Arc<App>>,
    may: May<ToIssue>,
    Id(id): Id,
    headers: HeaderMap,
    Body(wanted): Body<RenewLicense>,
) -> Result<Response, Problem> {
    let request = IssueRequest::new(&app, &may.caller, &headers, "license.renew", Some(id.clone()), &wanted)?;
    if let Some(before) = request.repeated().await? {
        return Ok(before);
    }
    let old = replaceable(&app, &id).await?;
    let renewal = serde_json::to_value(&wanted).map_err(|_| Problem::internal())?;
    let renewal: Renewal = serde_json::from_value(renewal).map_err(|error| {
        Problem::invalid("exp", error.to_string(), "write a day as 2027-03-01, or an instant as 2027-03-01T12:00:00Z")
    })?;
    let signed = app.desk.renew(old.token, renewal, app.now().timestamp()).await?;
    request.keep(signed).await
}
