//! `GET /bundle/{id}`

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::access::{May, ToRead};
use crate::input::Id;
use crate::licenses::issued::bundle_of;
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// What to mail to the customer: the license, with what is needed to read it, as one text to paste.
#[utoipa::path(
    get, path = "/bundle/{id}", operation_id = "license_bundle", tag = "licenses", params(("id" = String, Path)),
    responses(
        (status = OK, body = String, content_type = "text/plain"),
        (status = NOT_FOUND, body = ProblemDocument),
    )
)]
pub(crate) async fn bundle(State(app): State<Arc<App>>, _may: May<ToRead>, Id(id): Id) -> Result<Response, Problem> {
    let text = bundle_of(&app, &app.store.license(&id).await?).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], text).into_response())
}
