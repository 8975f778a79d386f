//! `DELETE /customers/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::CustomerView;
use crate::access::{May, ToIssue};
use crate::input::Id;
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// Deletes a customer; one who has licenses is deactivated instead, and answered.
#[utoipa::path(
    delete, path = "/customers/{id}", operation_id = "delete_customer", tag = "customers",
    params(("id" = String, Path)),
    responses(
        (status = OK, description = "has licenses, and was deactivated", body = CustomerView),
        (status = NO_CONTENT, description = "was deleted"),
        (status = NOT_FOUND, body = ProblemDocument),
    )
)]
pub(crate) async fn delete(State(app): State<Arc<App>>, may: May<ToIssue>, Id(id): Id) -> Result<Response, Problem> {
    let note = App::note(&may.caller, "customer.delete", "customer", &id, json!({}));
    Ok(match app.store.delete_customer(&id, note, app.now()).await? {
        Some(left) => Json(CustomerView::from(left)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
