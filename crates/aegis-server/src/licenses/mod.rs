//! `/licenses`.

pub(crate) mod fingerprint;
pub(crate) mod issue;
pub(crate) mod issued;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod rebind;
pub(crate) mod renew;
pub(crate) mod revoke;
pub(crate) mod validate;

use aegis_storage::License;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{App, Problem};

/// The license that another is to replace, whose key is then known. What was revoked is not issued again in another form.
async fn replaceable(app: &App, id: &str) -> Result<License, Problem> {
    let license = app.store.license(id).await?;
    if license.revoked_at.is_some() {
        return Err(Problem::revoked(id));
    }
    if !app.desk.known().reads(&license.token) {
        app.desk.catch_up(&app.store).await?;
    }
    Ok(license)
}

/// Where a license stands, but for its begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LicenseStatus {
    /// Neither ended nor revoked.
    Active,
    /// Ended, its grace period included.
    Expired,
    /// Revoked.
    Revoked,
}

/// A license, without its token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LicenseView {
    /// Its id, the token's `jti`.
    id: String,
    /// Issuer.
    issuer: String,
    /// Id of the key that signed it.
    kid: String,
    /// The vendor's id of the customer.
    customer_id: String,
    /// The customer's name, as the license has it.
    customer_name: String,
    /// The modules and patterns covered.
    modules: Vec<String>,
    /// `perpetual`, `subscription` or `demo`.
    license_type: String,
    /// The instance it is bound to.
    instance: Option<String>,
    /// Where it stands now.
    status: LicenseStatus,
    /// Issued at.
    issued_at: DateTime<Utc>,
    /// First instant at which it is no longer valid; never, if there is none.
    expires_at: Option<DateTime<Utc>>,
    /// The same with the grace period.
    ends_at: Option<DateTime<Utc>>,
    /// When it was stored.
    created_at: DateTime<Utc>,
    /// When it was revoked.
    revoked_at: Option<DateTime<Utc>>,
    /// Why it was revoked.
    status_reason: Option<String>,
    /// Id of the license in whose place it was issued.
    replaces: Option<String>,
}

impl LicenseView {
    /// The license as it stands at `now`.
    fn at(row: License, now: DateTime<Utc>) -> Self {
        let status = if row.revoked_at.is_some() {
            LicenseStatus::Revoked
        } else if row.ends_at.is_some_and(|end| end <= now) {
            LicenseStatus::Expired
        } else {
            LicenseStatus::Active
        };
        Self {
            id: row.id,
            issuer: row.issuer,
            kid: row.kid,
            customer_id: row.customer_id,
            customer_name: row.customer_name,
            modules: row.module_names.split(',').map(str::to_owned).collect(),
            license_type: row.license_type,
            instance: row.instance,
            status,
            issued_at: row.issued_at,
            expires_at: row.expires_at,
            ends_at: row.ends_at,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
            status_reason: row.status_reason,
            replaces: row.replaces,
        }
    }
}
