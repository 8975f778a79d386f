//! `GET /licenses`

use std::sync::Arc;

use aegis_storage::{LicenseFilter, Standing};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{LicenseStatus, LicenseView};
use crate::access::{May, ToRead};
use crate::input::{Asked, check_filter, check_time, page_size, place};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// Which licenses, and which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LicensesAsked {
    /// Those of this customer.
    customer_id: Option<String>,
    /// Those that name exactly this module or pattern.
    module: Option<String>,
    /// Those of this type.
    license_type: Option<String>,
    /// Those that stand so now.
    status: Option<LicenseStatus>,
    /// Those that end before this.
    expires_before: Option<DateTime<Utc>>,
    /// Those that end at this or later.
    expires_from: Option<DateTime<Utc>>,
    /// Rows of the page, at most 200; 50 where it is left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of licenses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LicensesPage {
    /// The newest first.
    items: Vec<LicenseView>,
    /// The `cursor` of the next page; none on the last.
    next: Option<String>,
}

/// Lists licenses, the newest first.
#[utoipa::path(
    get, path = "/licenses", operation_id = "list_licenses", tag = "licenses", params(LicensesAsked),
    responses(
        (status = OK, body = LicensesPage),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _may: May<ToRead>,
    Asked(asked): Asked<LicensesAsked>,
) -> Result<Json<LicensesPage>, Problem> {
    let (limit, before) = (page_size(asked.limit)?, place(asked.cursor.as_deref())?);
    let now = app.now();
    let standing = |status| match status {
        LicenseStatus::Active => Standing::Active,
        LicenseStatus::Expired => Standing::Expired,
        LicenseStatus::Revoked => Standing::Revoked,
    };
    let filter = LicenseFilter {
        customer_id: check_filter("customer_id", asked.customer_id)?,
        module: check_filter("module", asked.module)?,
        license_type: check_filter("license_type", asked.license_type)?,
        standing: asked.status.map(|status| (standing(status), now)),
        expires_before: check_time("expires_before", asked.expires_before)?,
        expires_from: check_time("expires_from", asked.expires_from)?,
        before,
    };
    let page = app.store.licenses(&filter, limit).await?;
    let items = page.items.into_iter().map(|license| LicenseView::at(license, now)).collect();
    Ok(Json(LicensesPage { items, next: page.next }))
}
