//! `GET /customers`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::CustomerView;
use crate::access::{May, ToRead};
use crate::input::{Asked, check_filter, page_size};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomersAsked {
    /// Rows of the page, at most 200; 50 where it is left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomersPage {
    /// In the order of their ids.
    items: Vec<CustomerView>,
    /// The `cursor` of the next page; none on the last.
    next: Option<String>,
}

/// Lists customers.
#[utoipa::path(
    get, path = "/customers", operation_id = "list_customers", tag = "customers", params(CustomersAsked),
    responses(
        (status = OK, body = CustomersPage),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _may: May<ToRead>,
    Asked(asked): Asked<CustomersAsked>,
) -> Result<Json<CustomersPage>, Problem> {
    let after = check_filter("cursor", asked.cursor)?;
    let page = app.store.customers(after.as_deref(), page_size(asked.limit)?).await?;
    Ok(Json(CustomersPage { items: page.items.into_iter().map(CustomerView::from).collect(), next: page.next }))
}
