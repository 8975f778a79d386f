//! `/admin/api-keys`.

pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod revoke;

use aegis_storage::ApiKey;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Scope;

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyView {
    /// The beginning of the key.
    id: String,
    /// What it is for.
    name: String,
    /// What it may be used for.
    scopes: Vec<Scope>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// From then on it opens nothing.
    expires_at: Option<DateTime<Utc>>,
    /// Since when it opens nothing.
    revoked_at: Option<DateTime<Utc>>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(row: ApiKey) -> Self {
        let scopes = Scope::of(&row);
        let ApiKey { id, name, created_at, expires_at, revoked_at, .. } = row;
        Self { id, name, scopes, created_at, expires_at, revoked_at }
    }
}
