//! `GET /customers/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::CustomerView;
use crate::access::{May, ToRead};
use crate::input::Id;
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// Reads a customer.
#[utoipa::path(
    get, path = "/customers/{id}", operation_id = "read_customer", tag = "customers", params(("id" = String, Path)),
    responses(
        (status = OK, body = CustomerView),
        (status = NOT_FOUND, body = ProblemDocument),
    )
)]
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    _may: May<ToRead>,
    Id(id): Id,
) -> Result<Json<CustomerView>, Problem> {
    Ok(Json(app.store.customer(&id).await?.into()))
}
