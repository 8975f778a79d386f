//! `GET /admin/api-keys`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiKeyView;
use crate::access::{May, ToAdminister};
use crate::{App, Problem};

/// All keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeys {
    /// The newest first.
    items: Vec<ApiKeyView>,
}

/// Lists the API keys.
#[utoipa::path(
    get, path = "/admin/api-keys", operation_id = "list_api_keys", tag = "administration",
    responses((status = OK, body = ApiKeys))
)]
pub(crate) async fn list(State(app): State<Arc<App>>, _may: May<ToAdminister>) -> Result<Json<ApiKeys>, Problem> {
    let keys = app.store.api_keys().await?;
    Ok(Json(ApiKeys { items: keys.into_iter().map(ApiKeyView::from).collect() }))
}
