//! `PATCH /customers/{id}`

use std::sync::Arc;

use aegis_storage::CustomerPatch;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use utoipa::ToSchema;

use super::{CustomerView, LONGEST, check_email};
use crate::access::{May, ToIssue};
use crate::input::{Body, Id, check_text};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// What to change; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCustomer {
    /// The customer's name. Licenses that were issued keep the one they have.
    #[schema(min_length = 1, max_length = 256)]
    name: Option<String>,
    /// Where licenses are mailed to; `null` removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 256)]
    #[expect(clippy::option_option, reason = "left out, removed, or given")]
    email: Option<Option<String>>,
    /// Whether licenses may be issued.
    active: Option<bool>,
}

/// Tells `null` from what is left out.
#[expect(clippy::option_option, reason = "left out, removed, or given")]
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(input).map(Some)
}

/// Changes a customer.
#[utoipa::path(
    patch, path = "/customers/{id}", operation_id = "change_customer", tag = "customers",
    params(("id" = String, Path)), request_body = ChangeCustomer,
    responses(
        (status = OK, body = CustomerView),
        (status = NOT_FOUND, body = ProblemDocument),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    may: May<ToIssue>,
    Id(id): Id,
    Body(wanted): Body<ChangeCustomer>,
) -> Result<Json<CustomerView>, Problem> {
    wanted.name.as_deref().map_or(Ok(()), |name| check_text("name", name, LONGEST))?;
    wanted.email.as_ref().and_then(Option::as_deref).map_or(Ok(()), check_email)?;
    let ChangeCustomer { name, email, active } = wanted;
    let detail = json!({ "name": name, "active": active, "email_changed": email.is_some() });
    let note = App::note(&may.caller, "customer.change", "customer", &id, detail);
    let patch = CustomerPatch { name, email, active };
    Ok(Json(app.store.change_customer(&id, patch, note, app.now()).await?.into()))
}
