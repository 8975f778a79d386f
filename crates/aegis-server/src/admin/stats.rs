//! `GET /admin/stats`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{May, ToAdminister};
use crate::{App, Problem};

/// How many there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatsView {
    /// Licenses.
    licenses: u64,
    /// Of them, neither ended nor revoked.
    active: u64,
    /// Of them, ended and not revoked.
    expired: u64,
    /// Of them, revoked.
    revoked: u64,
    /// Of those that are active, ending within 30 days.
    ending_soon: u64,
    /// Customers.
    customers: u64,
    /// Of them, active.
    active_customers: u64,
}

/// Counts licenses and customers.
#[utoipa::path(
    get, path = "/admin/stats", operation_id = "stats", tag = "administration",
    responses((status = OK, body = StatsView))
)]
pub(crate) async fn stats(State(app): State<Arc<App>>, _may: May<ToAdminister>) -> Result<Json<StatsView>, Problem> {
    let aegis_storage::Stats { licenses, active, expired, revoked, ending_soon, customers, active_customers } =
        app.store.stats(app.now()).await?;
    Ok(Json(StatsView { licenses, active, expired, revoked, ending_soon, customers, active_customers }))
}
