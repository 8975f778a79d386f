//! `GET /info`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// What this server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Info {
    /// `AEGIS license server`
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// The issuer that it signs for.
    issuer: String,
    /// Its clock.
    now: DateTime<Utc>,
}

/// Says what this server is.
#[utoipa::path(get, path = "/info", tag = "operation", security(()), responses((status = OK, body = Info)))]
pub(crate) async fn info(State(app): State<Arc<App>>) -> Json<Info> {
    Json(Info {
        name: "AEGIS license server",
        version: env!("CARGO_PKG_VERSION"),
        issuer: app.desk.issuer().to_owned(),
        now: app.now(),
    })
}
