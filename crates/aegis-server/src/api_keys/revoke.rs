//! `DELETE /admin/api-keys/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::json;

use super::ApiKeyView;
use crate::access::{May, ToAdminister};
use crate::input::Id;
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// Revokes an API key. One that was revoked before stays as it was.
#[utoipa::path(
    delete, path = "/admin/api-keys/{id}", operation_id = "revoke_api_key", tag = "administration",
    params(("id" = String, Path)),
    responses(
        (status = OK, body = ApiKeyView),
        (status = NOT_FOUND, body = ProblemDocument),
    )
)]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    may: May<ToAdminister>,
    Id(id): Id,
) -> Result<Json<ApiKeyView>, Problem> {
    let note = App::note(&may.caller, "api_key.revoke", "api_key", &id, json!({}));
    let revoked = app.store.revoke_api_key(&id, note, app.now()).await;
    app.api_keys.forget(&id);
    Ok(Json(revoked?.into()))
}
