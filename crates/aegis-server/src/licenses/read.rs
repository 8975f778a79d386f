//! `GET /licenses/{id}` and `GET /licenses/{id}/token`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::LicenseView;
use crate::access::{May, ToRead};
use crate::etag::tagged;
use crate::input::Id;
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// The license itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// What the customer pastes.
    token: String,
}

/// Reads a license.
#[utoipa::path(
    get, path = "/licenses/{id}", operation_id = "read_license", tag = "licenses",
    params(("id" = String, Path), ("If-None-Match" = Option<String>, Header, description = "the ETag one has")),
    responses(
        (status = OK, body = LicenseView, headers(("ETag" = String))),
        (status = NOT_MODIFIED, description = "it is as it was"),
        (status = NOT_FOUND, body = ProblemDocument),
    )
)]
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    _may: May<ToRead>,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = LicenseView::at(app.store.license(&id).await?, app.now());
    let body = serde_json::to_vec(&view).map_err(|_| Problem::internal())?;
    Ok(tagged(&headers, "application/json", body))
}

/// Reads the license itself.
#[utoipa::path(
    get, path = "/licenses/{id}/token", operation_id = "license_token", tag = "licenses", params(("id" = String, Path)),
    responses(
        (status = OK, body = TokenView),
        (status = NOT_FOUND, body = ProblemDocument),
    )
)]
pub(crate) async fn token(State(app): State<Arc<App>>, _may: May<ToRead>, Id(id): Id) -> Result<Response, Problem> {
    let token = app.store.license(&id).await?.token;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(TokenView { token })).into_response())
}
