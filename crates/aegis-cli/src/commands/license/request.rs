//! The flags that say what a license is to contain.

use std::path::PathBuf;

use aegis_issuer::{Bind, Customer, LicenseRequest, LicenseType, Limits, ModuleGrant};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::failure::Failure;
use crate::input::read_text;
use crate::values;

const CLAIMS: &str = "What the license contains";

/// What the license is to contain: flags, or one JSON object.
///
/// Whether enough is said is up to [`LicenseRequest`]; here is only how it is said.
#[derive(Debug, Args)]
#[command(next_help_heading = CLAIMS)]
pub(super) struct RequestArgs {
    /// Take all of this from a JSON object in FILE (- for standard input), with the names of the claims
    #[arg(long, value_name = "FILE", conflicts_with = "flags")]
    json_in: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Args)]
#[group(id = "flags", multiple = true)]
struct Flags {
    /// Your id of the customer
    #[arg(long, value_name = "ID", required_unless_present = "json_in")]
    customer_id: Option<String>,
    /// The customer's name
    #[arg(long, value_name = "NAME", required_unless_present = "json_in")]
    customer_name: Option<String>,
    /// What is sold: without end, for a time to be renewed, or for a time to try
    #[arg(long = "type", value_name = "TYPE", value_parser = type_parser(), required_unless_present = "json_in")]
    license_type: Option<LicenseType>,
    /// A covered module and its Odoo versions, such as my_module:17,18 or my_*:18 or my_module:18:feature1+feature2;
    /// may be repeated
    #[arg(long = "module", value_name = "NAME:VERSIONS[:FEATURES]", value_parser = parse_module)]
    #[arg(required_unless_present = "json_in")]
    modules: Vec<ModuleGrant>,
    /// Last day (UTC), or the exact end as 2027-03-01T12:00:00Z
    #[arg(long, value_name = "DATE", value_parser = values::end, conflicts_with = "days")]
    expires: Option<i64>,
    /// Instead of --expires: so many days of 24 hours from the begin
    #[arg(long, value_name = "N", value_parser = values::number)]
    days: Option<u32>,
    /// First day (UTC)
    #[arg(long, value_name = "DATE", value_parser = values::start)]
    not_before: Option<i64>,
    /// Last day of the grace period (UTC)
    #[arg(long, value_name = "DATE", value_parser = values::end, conflicts_with = "grace_days")]
    grace_until: Option<i64>,
    /// Instead of --grace-until: so many days of 24 hours after the end
    #[arg(long, value_name = "N", value_parser = values::number)]
    grace_days: Option<u32>,
    /// Module releases dated up to this day are covered
    #[arg(long, value_name = "DATE", value_parser = values::end)]
    updates_until: Option<i64>,
    /// Warn administrators from this day on (default: 30 days before the end, 7 for a demo)
    #[arg(long, value_name = "DATE", value_parser = values::start)]
    notify_admins_from: Option<i64>,
    /// Warn users from this day on (default: never)
    #[arg(long, value_name = "DATE", value_parser = values::start)]
    notify_users_from: Option<i64>,
    /// Agreed number of users
    #[arg(long, value_name = "N", value_parser = values::number)]
    limit_users: Option<u32>,
    /// Agreed number of companies
    #[arg(long, value_name = "N", value_parser = values::number)]
    limit_companies: Option<u32>,
    /// Bind to one instance: the database's UUID, and host and port of its address
    #[arg(long, num_args = 2, value_names = ["DATABASE_UUID", "DOMAIN"])]
    bind: Option<Vec<String>>,
}

impl RequestArgs {
    pub(super) fn request(&self) -> Result<LicenseRequest, Failure> {
        match &self.json_in {
            Some(path) => Ok(LicenseRequest::from_json(&read_text(path)?)?),
            None => Ok(self.flags.request()),
        }
    }
}

impl Flags {
    fn request(&self) -> LicenseRequest {
        let customer = Customer {
            id: self.customer_id.clone().unwrap_or_default(),
            name: self.customer_name.clone().unwrap_or_default(),
        };
        let license_type = self.license_type.unwrap_or(LicenseType::Perpetual);
        let limits = Limits { users: self.limit_users, companies: self.limit_companies };
        LicenseRequest {
            nbf: self.not_before,
            exp: self.expires,
            days: self.days,
            grace_until: self.grace_until,
            grace_days: self.grace_days,
            updates_until: self.updates_until,
            notify_admins_from: self.notify_admins_from,
            notify_users_from: self.notify_users_from,
            bind: self.bind.as_deref().and_then(binding),
            limits: Some(limits),
            ..LicenseRequest::new(customer, license_type, self.modules.clone())
        }
    }
}

/// The types by their words in the token.
fn type_parser() -> impl TypedValueParser<Value = LicenseType> {
    PossibleValuesParser::new(["perpetual", "subscription", "demo"])
        .try_map(|word| LicenseType::parse(&word).ok_or("not a type of license"))
}

/// The two values of `--bind`.
pub(super) fn binding(values: &[String]) -> Option<Bind> {
    match values {
        [database_uuid, domain] => Some(Bind { database_uuid: database_uuid.clone(), domain: domain.clone() }),
        _ => None,
    }
}

/// `name:17,18` or `name:17,18:feature1+feature2`; whether the parts are proper is checked on issuing.
fn parse_module(text: &str) -> Result<ModuleGrant, String> {
    let split = |list: &str, separator| list.split(separator).map(|item| item.trim().to_owned()).collect();
    let mut parts = text.splitn(3, ':');
    let name = parts.next().unwrap_or_default();
    match (parts.next(), parts.next()) {
        (Some(versions), features) => Ok(ModuleGrant {
            technical_name: name.trim().to_owned(),
            allowed_major_versions: split(versions, ','),
            features: features.map(|features| split(features, '+')),
        }),
        (None, _) => Err("say which versions of Odoo, as in my_module:17,18".to_owned()),
    }
}
