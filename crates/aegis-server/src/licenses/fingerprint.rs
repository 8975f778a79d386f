//! `POST /licenses/fingerprint`

use aegis_core::Fingerprint;
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::validate::InstanceAsked;
use crate::Problem;
use crate::access::{May, ToRead};
use crate::input::Body;
use crate::problem::ProblemDocument;

/// An Odoo instance: one database at one address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FingerprintAsked {
    /// Odoo's `database.uuid`.
    database_uuid: String,
    /// Host and port of the base URL.
    domain: String,
}

/// What a license is bound to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FingerprintView {
    /// `sha256:` and 64 hexadecimal digits.
    fingerprint: String,
}

/// Works out the fingerprint of an instance, as `instance_fingerprint` of a license has it.
#[utoipa::path(
    post, path = "/licenses/fingerprint", operation_id = "instance_fingerprint", tag = "licenses",
    request_body = FingerprintAsked,
    responses(
        (status = OK, body = FingerprintView),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn fingerprint(
    _may: May<ToRead>,
    Body(asked): Body<FingerprintAsked>,
) -> Result<Json<FingerprintView>, Problem> {
    let FingerprintAsked { database_uuid, domain } = asked;
    let instance = InstanceAsked { database_uuid, domain, instance_id: None }.instance()?;
    let fingerprint = Fingerprint::of(instance.database_uuid(), instance.domain()).to_string();
    Ok(Json(FingerprintView { fingerprint }))
}
