//! `GET /admin/audit-logs`

use std::sync::Arc;

use aegis_storage::{AuditEntry, AuditFilter};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::access::{May, ToAdminister};
use crate::input::{Asked, check_filter, page_size, place};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// Which rows, and which part of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditAsked {
    /// Those about this kind of subject: `license`, `customer`, `api_key`, …
    subject_kind: Option<String>,
    /// Those about this one; `subject_kind` has to be given too.
    subject_id: Option<String>,
    /// Those of this actor.
    actor: Option<String>,
    /// Rows of the page, at most 200; 50 where it is left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A row of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    /// Its number, from 1, without gaps.
    seq: i64,
    /// When.
    at: DateTime<Utc>,
    /// Who: the id of an API key, or of a user of the command line.
    actor: String,
    /// What was done, such as `license.issue`.
    action: String,
    /// To what kind of thing.
    subject_kind: String,
    /// Its id.
    subject_id: String,
    /// The particulars.
    #[schema(value_type = Object)]
    detail: Value,
    /// SHA-256 of the row and of the hash before it.
    hash: String,
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// The newest first.
    items: Vec<AuditView>,
    /// The `cursor` of the next page; none on the last.
    next: Option<String>,
}

impl From<AuditEntry> for AuditView {
    fn from(row: AuditEntry) -> Self {
        let AuditEntry { seq, at, actor, action, subject_kind, subject_id, detail, hash, .. } = row;
        let detail = serde_json::from_str(&detail).unwrap_or(Value::String(detail));
        Self { seq, at, actor, action, subject_kind, subject_id, detail, hash }
    }
}

/// Reads the audit log.
#[utoipa::path(
    get, path = "/admin/audit-logs", operation_id = "list_audit_log", tag = "administration", params(AuditAsked),
    responses(
        (status = OK, body = AuditPage),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _may: May<ToAdminister>,
    Asked(asked): Asked<AuditAsked>,
) -> Result<Json<AuditPage>, Problem> {
    let id = check_filter("subject_id", asked.subject_id)?;
    let subject = match check_filter("subject_kind", asked.subject_kind)? {
        None if id.is_some() => {
            let detail = "an id without a kind names nothing";
            return Err(Problem::invalid("subject_kind", detail, "give the kind too, such as license"));
        }
        kind => kind.map(|kind| (kind, id)),
    };
    let actor = check_filter("actor", asked.actor)?;
    let filter = AuditFilter { subject, actor, before: place(asked.cursor.as_deref())? };
    let page = app.store.audit_log(&filter, page_size(asked.limit)?).await?;
    Ok(Json(AuditPage { items: page.items.into_iter().map(AuditView::from).collect(), next: page.next }))
}
