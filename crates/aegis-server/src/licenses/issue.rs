//! `POST /licenses`

use std::sync::Arc;

use aegis_issuer::LicenseRequest;
use aegis_storage::{Customer, Error as StorageError};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::issued::{IssueRequest, IssuedLicense};
use crate::access::{May, ToIssue};
use crate::input::{Body, whole, whole_number};
use crate::problem::ProblemDocument;
use crate::{App, Problem};

/// A license to be. The members are those of the token; ends are exclusive, and a date that ends something means
/// through the end of that day, UTC.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueLicense {
    /// The vendor's id of the customer, who has been added before.
    customer_id: String,
    /// What is sold.
    license_type: TypeOfLicense,
    /// What it covers; at least one entry.
    #[schema(min_items = 1)]
    modules: Vec<Covered>,
    /// First valid instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<Time>,
    /// First instant at which it is no longer valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<Time>,
    /// Instead of `exp`: so many days of 24 hours.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    /// End of the grace period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grace_until: Option<Time>,
    /// Instead of `grace_until`: so many days of 24 hours after the end.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    grace_days: Option<u32>,
    /// Releases dated at this instant or later are not covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updates_until: Option<Time>,
    /// Administrators are warned from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notify_admins_from: Option<Time>,
    /// Users are warned from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notify_users_from: Option<Time>,
    /// The instance it is bound to: `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance_fingerprint: Option<String>,
    /// Instead of `instance_fingerprint`: what it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bind: Option<BoundTo>,
    /// Instead of both: the activation request of the instance, for a binding that tolerates a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bind_request: Option<ActivationRequestText>,
    /// How many days it works on after the instance stopped matching; 14 where it is left out.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    move_grace_days: Option<u32>,
    /// Agreed quantities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<Agreed>,
    /// Claims that a verifier has to understand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    must: Vec<String>,
}

/// Unix seconds, a date such as `2027-03-01`, or an instant of RFC 3339.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Time {
    Seconds(#[serde(deserialize_with = "whole_number")] i64),
    Text(String),
}

/// What is sold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum TypeOfLicense {
    Perpetual,
    Subscription,
    Demo,
}

/// One covered module, or a group of modules whose names begin alike.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Covered {
    /// The technical name, or its beginning and `*`.
    technical_name: String,
    /// Major versions of Odoo: `17` or `17.0`.
    allowed_major_versions: Vec<String>,
    /// The covered features; all, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    features: Option<Vec<String>>,
}

/// An Odoo instance: one database at one address.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BoundTo {
    /// Odoo's `database.uuid`.
    database_uuid: String,
    /// Host and port of the base URL.
    domain: String,
}

/// The instance as the customer's Odoo describes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActivationRequestText {
    /// The activation request, with any text around it.
    request: String,
    /// How many components have to match; all but one, where it is left out.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    need: Option<u32>,
    /// The components that have to match in any case; `database_uuid`, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    require: Option<Vec<String>>,
}

/// Agreed quantities; reported, never enforced.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Agreed {
    /// Active internal users.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    users: Option<u32>,
    /// Companies.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    companies: Option<u32>,
}

/// Issues a license.
#[utoipa::path(
    post, path = "/licenses", operation_id = "issue_license", tag = "licenses", request_body = IssueLicense,
    params(("Idempotency-Key" = Option<String>, Header, description = "the same for each try of one request")),
    responses(
        (status = CREATED, body = IssuedLicense, headers(("Location" = String))),
        (status = NOT_FOUND, body = ProblemDocument), (status = CONFLICT, body = ProblemDocument),
        (status = UNPROCESSABLE_ENTITY, body = ProblemDocument),
    )
)]
pub(crate) async fn issue(
    State(app): State<Arc<App>>,
    may: May<ToIssue>,
    headers: HeaderMap,
    Body(wanted): Body<IssueLicense>,
) -> Result<Response, Problem> {
    let request = IssueRequest::new(&app, &may.caller, &headers, "license.issue", None, &wanted)?;
    if let Some(before) = request.repeated().await? {
        return Ok(before);
    }
    let id = &wanted.customer_id;
    if id.contains('\0') {
        // A database may not take it, and nobody is called so.
        return Err(StorageError::NotFound { what: "customer", id: id.clone() }.into());
    }
    let customer = app.store.customer(id).await?;
    let signed = app.desk.issue(license_request(&wanted, &customer)?, app.now().timestamp()).await?;
    request.keep(signed).await
}

/// The request as the issuer reads it: there is one place for the rules.
fn license_request(wanted: &IssueLicense, customer: &Customer) -> Result<LicenseRequest, Problem> {
    let mut request = serde_json::to_value(wanted).map_err(|_| Problem::internal())?;
    if let Value::Object(members) = &mut request {
        members.remove("customer_id");
        members.insert("customer".to_owned(), json!({ "id": customer.id, "name": customer.name }));
    }
    LicenseRequest::from_json(&request.to_string())
        .map_err(|error| Problem::invalid("license", error.to_string(), error.remedy()))
}
