//! Whether the server lives, and whether it can work.

use std::sync::Arc;

use aegis_core::KeyUse;
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

/// Whether the server can work: the database answers, and every key whose time it is signs.
#[utoipa::path(get, path = "/ready", tag = "operation", security(()), responses((status = OK, body = Good)))]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Good>, Problem> {
    app.store.ping().await?;
    let works = app.telemetry.signers_work().await;
    let now = app.now().timestamp();
    for purpose in [KeyUse::License, KeyUse::Revocation] {
        let signer = app.desk.signer_at(purpose, now).ok_or_else(|| Problem::no_signing_key(purpose.as_str()))?;
        if !works.iter().any(|(kid, works)| kid == signer.kid() && *works) {
            return Err(Problem::unavailable("the signing key is not available"));
        }
    }
    Ok(Json(Good { status: "ok" }))
}
