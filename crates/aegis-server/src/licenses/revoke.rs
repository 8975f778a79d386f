//! `POST /licenses/{id}/revoke`, and `DELETE` of both paths

use std::sync::Arc;

use aegis_storage::NewRevocation;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::LicenseView;
use crate::access::{Caller, May, ToRevoke};
use crate::input::{Asked, Body, Id, check_text};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// Why.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// Why it is revoked: 1 to 256 characters. Customers do not see it.
    #[schema(min_length = 1, max_length = 256)]
    #[param(min_length = 1, max_length = 256)]
    reason: String,
}

/// Revokes a license. One that was revoked before stays as it was: the first reason and time count.
#[utoipa::path(
    post, path = "/licenses/{id}/revoke", operation_id = "revoke_license", tag = "licenses",
    params(("id" = String, Path)), request_body = Reason,
    responses(
        (status = OK, body = LicenseView),
        (status = NOT_FOUND, body = ProblemDocument),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    may: May<ToRevoke>,
    Id(id): Id,
    Body(why): Body<Reason>,
) -> Result<Json<LicenseView>, Problem> {
    revoked(&app, &may.caller, &id, &why).await
}

/// Revokes a license, as `POST /licenses/{id}/revoke` does.
#[utoipa::path(
    delete, path = "/licenses/{id}", operation_id = "delete_license", tag = "licenses",
    params(("id" = String, Path), Reason),
    responses(
        (status = OK, body = LicenseView),
        (status = NOT_FOUND, body = ProblemDocument),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    may: May<ToRevoke>,
    Id(id): Id,
    Asked(why): Asked<Reason>,
) -> Result<Json<LicenseView>, Problem> {
    revoked(&app, &may.caller, &id, &why).await
}

/// Revokes a license, as `POST` of the same path does.
#[utoipa::path(
    delete, path = "/licenses/{id}/revoke", operation_id = "revoke_license_by_delete", tag = "licenses",
    params(("id" = String, Path), Reason),
    responses(
        (status = OK, body = LicenseView),
        (status = NOT_FOUND, body = ProblemDocument),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn revoke_by_delete(
    State(app): State<Arc<App>>,
    may: May<ToRevoke>,
    Id(id): Id,
    Asked(why): Asked<Reason>,
) -> Result<Json<LicenseView>, Problem> {
    revoked(&app, &may.caller, &id, &why).await
}

async fn revoked(app: &App, caller: &Caller, id: &str, why: &Reason) -> Result<Json<LicenseView>, Problem> {
    check_text("reason", &why.reason, 256)?;
    let note = App::note(caller, "license.revoke", "license", id, json!({ "reason": why.reason }));
    let (_, new) = app.store.revoke(&NewRevocation::License(id.to_owned()), &why.reason, note, app.now()).await?;
    if new {
        app.telemetry.revoked();
    }
    let license = app.store.license(id).await.map_err(|error| Problem::not_read_back(&error))?;
    Ok(Json(LicenseView::at(license, app.now())))
}
