//! What a vendor asks for: the JSON of `--json-in`, and what the command line's flags are turned into.

use std::fmt;

use aegis_core::LicenseType;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::activation::BindRequest;
use crate::{Error, dates};

/// A license to be issued. Times are Unix seconds; ends are exclusive.
///
/// In JSON the names are those of the claims, and times are Unix seconds or text: a date such as `2027-03-01` or an
/// RFC 3339 instant. A date that ends something means through the end of that day, UTC. Unknown names are refused, so
/// that a misspelt `exp` never becomes a license without end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseRequest {
    /// Whom it is for.
    pub customer: Customer,
    /// What is sold.
    #[serde(with = "license_type")]
    pub license_type: LicenseType,
    /// What it covers; at least one entry.
    pub modules: Vec<ModuleGrant>,
    /// Issued at; the present when absent, never the future.
    #[serde(default, deserialize_with = "start", skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// First valid instant.
    #[serde(default, deserialize_with = "start", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// First instant at which it is no longer valid.
    #[serde(default, deserialize_with = "end", skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Instead of `exp`: so many days of 24 hours after `nbf`, or after `iat` when there is no `nbf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// End of the grace period.
    #[serde(default, deserialize_with = "end", skip_serializing_if = "Option::is_none")]
    pub grace_until: Option<i64>,
    /// Instead of `grace_until`: so many days of 24 hours after the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_days: Option<u32>,
    /// Releases dated at this instant or later are not covered.
    #[serde(default, deserialize_with = "end", skip_serializing_if = "Option::is_none")]
    pub updates_until: Option<i64>,
    /// Administrators are warned from then on.
    #[serde(default, deserialize_with = "start", skip_serializing_if = "Option::is_none")]
    pub notify_admins_from: Option<i64>,
    /// Users are warned from then on.
    #[serde(default, deserialize_with = "start", skip_serializing_if = "Option::is_none")]
    pub notify_users_from: Option<i64>,
    /// The instance it is bound to: `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_fingerprint: Option<String>,
    /// Instead of `instance_fingerprint`: what it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<Bind>,
    /// Instead of both: the activation request of the instance, for a binding that tolerates a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind_request: Option<BindRequest>,
    /// How many days it works on after the instance stopped matching; absent: 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub move_grace_days: Option<u32>,
    /// Agreed quantities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Claims that a verifier has to understand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must: Vec<String>,
}

impl LicenseRequest {
    /// A request without any optional part.
    #[must_use]
    pub fn new(customer: Customer, license_type: LicenseType, modules: Vec<ModuleGrant>) -> Self {
        Self {
            customer,
            license_type,
            modules,
            iat: None,
            nbf: None,
            exp: None,
            days: None,
            grace_until: None,
            grace_days: None,
            updates_until: None,
            notify_admins_from: None,
            notify_users_from: None,
            instance_fingerprint: None,
            bind: None,
            bind_request: None,
            move_grace_days: None,
            limits: None,
            must: Vec::new(),
        }
    }

    /// Reads a request from JSON.
    ///
    /// # Errors
    /// [`Error::BadJson`].
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::BadJson(error.to_string()))
    }
}

/// Whom a license is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The vendor's id of the customer.
    pub id: String,
    /// The customer's name.
    pub name: String,
}

/// The type of a license as its word.
pub(crate) mod license_type {
    use aegis_core::LicenseType;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(crate) fn serialize<S: Serializer>(license_type: &LicenseType, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(license_type.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LicenseType, D::Error> {
        let word = String::deserialize(deserializer)?;
        let problem = || D::Error::custom("license_type is perpetual, subscription or demo");
        LicenseType::parse(&word).ok_or_else(problem)
    }
}

/// One covered module, or a group of modules whose names begin alike (`biz4a_*`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleGrant {
    /// The technical name, or its beginning and `*`.
    pub technical_name: String,
    /// Major versions of Odoo: `17` or `17.0`.
    pub allowed_major_versions: Vec<String>,
    /// The covered features; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
}

/// An Odoo instance: one database at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// Odoo's `database.uuid`.
    pub database_uuid: String,
    /// Host and port of the base URL.
    pub domain: String,
}

/// The instance to which a license is to be bound anew: exactly one of the three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebindRequest {
    /// Its fingerprint: `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_fingerprint: Option<String>,
    /// What the fingerprint is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<Bind>,
    /// Its activation request, for a binding that tolerates a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind_request: Option<BindRequest>,
}

/// For how much longer a license is to last. What is left out stays as it was, moved on by as much as the end is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// The new end, exclusive.
    #[serde(default, deserialize_with = "end", skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Instead of `exp`: so many days of 24 hours after the old end, or after the present where its grace period is over
    /// too. Without either it is as long as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// So many days of grace after the new end; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_days: Option<u32>,
    /// Releases dated at this instant or later are not covered.
    #[serde(default, deserialize_with = "end", skip_serializing_if = "Option::is_none")]
    pub updates_until: Option<i64>,
}

/// Agreed quantities; reported, never enforced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Active internal users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u32>,
    /// Companies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companies: Option<u32>,
}

fn start<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    input.deserialize_any(Time(dates::parse_start))
}

fn end<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    input.deserialize_any(Time(dates::parse_end))
}

/// Unix seconds, or text read by the given function; `null` is absent.
struct Time(fn(&str) -> Result<i64, Error>);

impl Visitor<'_> for Time {
    type Value = Option<i64>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a date such as \"2027-03-01\", an RFC 3339 instant, or Unix seconds")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: serde::de::Error>(self, time: i64) -> Result<Self::Value, E> {
        dates::in_range(time).map(Some).map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, time: u64) -> Result<Self::Value, E> {
        self.visit_i64(i64::try_from(time).unwrap_or(i64::MAX))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        (self.0)(text).map(Some).map_err(E::custom)
    }
}
