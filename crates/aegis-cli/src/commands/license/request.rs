//! The flags that say what a license is to contain.

use std::path::{Path, PathBuf};

use aegis_issuer::{Bind, BindRequest, Customer, LicenseRequest, LicenseType, Limits, ModuleGrant};
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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["flags", "activation"])]
    json_in: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    activation: ActivationArgs,
}

#[derive(Debug, Args)]
#[group(id = "flags", multiple = true)]
struct Flags {
    /// Your id of the customer (needed)
    #[arg(long, value_name = "ID")]
    customer_id: Option<String>,
    /// The customer's name (needed)
    #[arg(long, value_name = "NAME")]
    customer_name: Option<String>,
    /// What is sold: without end, for a time to be renewed, or for a time to try (needed)
    #[arg(long = "type", value_name = "TYPE", value_parser = type_parser())]
    license_type: Option<LicenseType>,
    /// A covered module and its Odoo versions, such as my_module:17,18 or my_*:18 or my_module:18:feature1+feature2
    /// (needed); may be repeated
    #[arg(long = "module", value_name = "NAME:VERSIONS[:FEATURES]", value_parser = parse_module)]
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
    #[arg(long, num_args = 2, value_names = ["DATABASE_UUID", "DOMAIN"], conflicts_with = "bind_request")]
    bind: Option<Vec<String>>,
    /// How many days a bound license works on after the instance stopped matching, 0 to 90 (default: 14)
    #[arg(long, value_name = "N", value_parser = values::number)]
    move_grace_days: Option<u32>,
}

/// The instance to which a license is bound.
#[derive(Debug, Args)]
#[group(id = "activation", multiple = true)]
pub(super) struct ActivationArgs {
    /// Bind to one instance by its activation request, as the customer mailed it: the text itself, a file, or - for
    /// standard input; one component other than the database may change
    #[arg(long, value_name = "TEXT|FILE|-")]
    bind_request: Option<String>,
    /// How many components of the activation request have to match (default: all but one; for a license that is bound
    /// anew as many may change as before)
    #[arg(long, value_name = "N", value_parser = values::number, requires = "bind_request")]
    need: Option<u32>,
    /// A component that has to match in any case: database_uuid (default), domain or instance_id; may be repeated (for
    /// a license that is bound anew the same as before)
    #[arg(long, value_name = "KIND", requires = "bind_request")]
    require: Option<Vec<String>>,
}

impl RequestArgs {
    pub(super) fn request(&self) -> Result<LicenseRequest, Failure> {
        match &self.json_in {
            Some(path) => Ok(LicenseRequest::from_json(&read_text(path)?)?),
            None => Ok(LicenseRequest { bind_request: self.activation.request()?, ..self.flags.request()? }),
        }
    }
}

impl Flags {
    fn request(&self) -> Result<LicenseRequest, Failure> {
        self.check_complete()?;
        let customer = Customer {
            id: self.customer_id.clone().unwrap_or_default(),
            name: self.customer_name.clone().unwrap_or_default(),
        };
        let license_type = self.license_type.unwrap_or(LicenseType::Perpetual);
        let limits = Limits { users: self.limit_users, companies: self.limit_companies };
        Ok(LicenseRequest {
            nbf: self.not_before,
            exp: self.expires,
            days: self.days,
            grace_until: self.grace_until,
            grace_days: self.grace_days,
            updates_until: self.updates_until,
            notify_admins_from: self.notify_admins_from,
            notify_users_from: self.notify_users_from,
            bind: self.bind.as_deref().and_then(binding),
            move_grace_days: self.move_grace_days,
            limits: Some(limits),
            ..LicenseRequest::new(customer, license_type, self.modules.clone())
        })
    }

    /// Not left to clap: a preview of a license that is there needs none of them.
    fn check_complete(&self) -> Result<(), Failure> {
        let needed = [
            ("--customer-id", self.customer_id.is_some()),
            ("--customer-name", self.customer_name.is_some()),
            ("--type", self.license_type.is_some()),
            ("--module", !self.modules.is_empty()),
        ];
        let missing: Vec<&str> = needed.into_iter().filter(|(_, given)| !given).map(|(flag, _)| flag).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what = format!("it is not said what the license is to contain: {} missing", missing.join(", "));
        Err(Failure::usage(what, "give them, or all of it in a JSON object with --json-in FILE"))
    }
}

impl ActivationArgs {
    pub(super) fn request(&self) -> Result<Option<BindRequest>, Failure> {
        let Some(given) = &self.bind_request else { return Ok(None) };
        let file = Path::new(given);
        // A request is longer than any name of a file, and names of files do not begin like one.
        let is_text = given.contains("aegis-request") && !file.exists();
        let request = if is_text { given.clone() } else { read_text(file)? };
        Ok(Some(BindRequest { request, need: self.need, require: self.require.clone() }))
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
