//! Whether the server lives, and whether it can work.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, Problem};

/// A good answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Good {
    /// `ok`
    status: &'static str,
}

/// Whether the server lives. Asks nobody else.
#[utoipa::path(get, path = "/health", tag = "operation", security(()), responses((status = OK, body = Good)))]
pub(crate) async fn health() -> Json<Good> {
    Json(Good { status: "ok" })
}

/// Whether the server can work: the database answers.
#[utoipa::path(
    get, path = "/ready", tag = "operation", security(()),
    responses((status = OK, body = Good))
)]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Good>, Problem> {
    app.store.ping().await?;
    Ok(Json(Good { status: "ok" }))
}
