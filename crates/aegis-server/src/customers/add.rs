//! `POST /customers`

use std::sync::Arc;

use aegis_storage::NewCustomer;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{CustomerView, LONGEST, check_email};
use crate::access::{May, ToIssue};
use crate::input::{Body, check_text};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// A customer to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddCustomer {
    /// The vendor's id of the customer: 1 to 256 characters on one line.
    #[schema(min_length = 1, max_length = 256)]
    id: String,
    /// The customer's name: 1 to 256 characters on one line.
    #[schema(min_length = 1, max_length = 256)]
    name: String,
    /// Where licenses are mailed to.
    #[schema(max_length = 256)]
    email: Option<String>,
}

/// Adds a customer.
#[utoipa::path(
    post, path = "/customers", operation_id = "add_customer", tag = "customers", request_body = AddCustomer,
    responses(
        (status = CREATED, body = CustomerView),
        (status = CONFLICT, body = ProblemDocument),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    may: May<ToIssue>,
    Body(new): Body<AddCustomer>,
) -> Result<(StatusCode, Json<CustomerView>), Problem> {
    check_text("id", &new.id, LONGEST)?;
    check_text("name", &new.name, LONGEST)?;
    new.email.as_deref().map_or(Ok(()), check_email)?;
    let note = App::note(&may.caller, "customer.add", "customer", &new.id, json!({ "name": new.name }));
    let new = NewCustomer { id: new.id, name: new.name, email: new.email };
    let added = app.store.add_customer(new, note, app.now()).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}
