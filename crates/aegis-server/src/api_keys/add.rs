//! `POST /admin/api-keys`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::ApiKeyView;
use crate::access::{May, ToAdminister};
use crate::input::{Body, check_text};
use crate::problem::ProblemDocument;
use crate::{App, FreshKey, Problem, Scope};

/// A key to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddApiKey {
    /// What it is for: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may be used for; at least one.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// From then on it opens nothing; never, where it is left out.
    expires_at: Option<DateTime<Utc>>,
}

/// A key that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FreshKeyView {
    /// The whole key. It is shown this once, and kept nowhere.
    key: String,
    #[serde(flatten)]
    kept: ApiKeyView,
}

/// Makes an API key.
#[utoipa::path(
    post, path = "/admin/api-keys", operation_id = "add_api_key", tag = "administration", request_body = AddApiKey,
    responses(
        (status = CREATED, body = FreshKeyView),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    may: May<ToAdminister>,
    Body(wanted): Body<AddApiKey>,
) -> Result<(StatusCode, Json<FreshKeyView>), Problem> {
    check_text("name", &wanted.name, 100)?;
    if wanted.scopes.is_empty() {
        return Err(Problem::invalid("scopes", "the key would open nothing", "name at least one scope"));
    }
    if wanted.expires_at.is_some_and(|end| end <= app.now()) {
        return Err(Problem::invalid("expires_at", "the key would have ended already", "choose a later end"));
    }
    let fresh = FreshKey::generate().map_err(|_| Problem::internal())?;
    let detail = json!({ "name": wanted.name, "scopes": wanted.scopes });
    let note = App::note(&may.caller, "api_key.add", "api_key", &fresh.id, detail);
    let stored = fresh.stored(wanted.name, &wanted.scopes, wanted.expires_at);
    let kept = app.store.add_api_key(stored, note, app.now()).await?.into();
    Ok((StatusCode::CREATED, Json(FreshKeyView { key: fresh.key, kept })))
}
