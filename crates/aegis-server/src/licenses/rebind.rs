//! `POST /licenses/{id}/rebind`

use std::sync::Arc;

use aegis_issuer::{InstanceClaim, NewInstance, RebindRequest};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::issue::{ActivationRequestText, BoundTo};
use super::issued::{IssueRequest, IssuedLicense};
use super::replaceable;
use crate::access::{May, ToIssue};
use crate::input::{Body, Id};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// The instance to which the license is to be bound: exactly one of the three.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RebindLicense {
    /// Its activation request, for a binding that tolerates a change. Where it does not say otherwise, as much may change
    /// as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bind_request: Option<ActivationRequestText>,
    /// Its fingerprint: `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance_fingerprint: Option<String>,
    /// What the fingerprint is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bind: Option<BoundTo>,
}

/// Issues the license once more, for another instance. The one before goes on where it fits: revoke it when the customer
/// has moved.
#[utoipa::path(
    post, path = "/licenses/{id}/rebind", operation_id = "rebind_license", tag = "licenses",
    request_body = RebindLicense,
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
pub(crate) async fn rebind(
    State(app): State<Arc<App>>,
    may: May<ToIssue>,
    Id(id): Id,
    headers: HeaderMap,
    Body(wanted): Body<RebindLicense>,
) -> Result<Response, Problem> {
    let request = IssueRequest::new(&app, &may.caller, &headers, "license.rebind", Some(id.clone()), &wanted)?;
    if let Some(before) = request.repeated().await? {
        return Ok(before);
    }
    let old = replaceable(&app, &id).await?;
    let wanted = serde_json::to_value(&wanted).map_err(|_| Problem::internal())?;
    let wanted: RebindRequest = serde_json::from_value(wanted).map_err(|_| Problem::internal())?;
    let before = InstanceClaim::of_token(&old.token)?;
    let instance = NewInstance::from_request(&wanted, before.as_ref())?;
    let signed = app.desk.rebind(old.token, instance, app.now().timestamp()).await?;
    request.keep(signed).await
}
