//! `GET /metrics`, on an address of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;

use crate::{App, Problem};

/// The text format of Prometheus, in its newer form.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What answers Prometheus. It belongs on an address that the public does not reach.
pub fn metrics_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .fallback(async || Problem::not_found("there is nothing but /metrics here"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(app)
}

async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let telemetry = &app.telemetry;
    tokio::join!(telemetry.database.ask(&app), telemetry.signers_work());
    let mut text = String::new();
    encode(&mut text, &telemetry.registry).map_err(|error| Problem::internal().caused_by(&error))?;
    Ok(([(header::CONTENT_TYPE, TEXT)], text).into_response())
}
