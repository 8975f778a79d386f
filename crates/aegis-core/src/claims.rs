//! The claims of a license (RFC 7519 §4), read strictly.

use crate::binding::{Binding, Fingerprint, TolerantBinding};
use crate::error::Error;
use crate::json::{self, Json};
use crate::module::{self, ModulePattern};
use crate::reader::{Claims, NOT_THERE, WRONG_TYPE, array, list, member, object, string};
use crate::token::Kind;

/// Last second of the year 9999: the largest time that is read.
pub const MAX_TIME: i64 = 253_402_300_799;

pub(crate) const DAY: i64 = 24 * 60 * 60;

/// How long a license works after its instance has changed, when it does not say.
const DEFAULT_MOVE_GRACE: i64 = 14 * DAY;

/// Claims that this verifier understands, and that `must` may therefore name.
const KNOWN_CLAIMS: [&str; 18] = [
    "jti",
    "iss",
    "iat",
    "exp",
    "customer",
    "module",
    "license_type",
    "instance_fingerprint",
    "instance",
    "move_grace_days",
    "modules",
    "nbf",
    "notify_admins_from",
    "notify_users_from",
    "grace_until",
    "updates_until",
    "limits",
    "must",
];

/// What is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LicenseType {
    /// Without end.
    Perpetual,
    /// For a time, to be renewed.
    Subscription,
    /// For a time, to try.
    Demo,
}

impl LicenseType {
    /// Reads `perpetual`, `subscription` or `demo`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Perpetual, Self::Subscription, Self::Demo].into_iter().find(|kind| kind.as_str() == text)
    }

    /// The word for it in the token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Perpetual => "perpetual",
            Self::Subscription => "subscription",
            Self::Demo => "demo",
        }
    }

    /// How long before the end administrators are warned, in seconds, when the license does not say.
    const fn default_notice(self) -> i64 {
        match self {
            Self::Demo => 7 * DAY,
            Self::Perpetual | Self::Subscription => 30 * DAY,
        }
    }
}

/// Whom the license was sold to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Customer {
    /// The vendor's id of the customer.
    pub id: String,
    /// The customer's name. Any text: escape it before it is shown as HTML.
    pub name: String,
}

/// A module, or a group of modules, that the license covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CoveredModule {
    /// Which modules.
    pub pattern: ModulePattern,
    /// On which major versions of Odoo.
    pub versions: Vec<u16>,
    /// With which features; `None` for all.
    pub features: Option<Vec<String>>,
}

impl CoveredModule {
    /// Whether `feature` of the module is covered.
    #[must_use]
    pub fn has_feature(&self, feature: &str) -> bool {
        self.features.as_ref().is_none_or(|own| own.iter().any(|name| name == feature))
    }
}

/// Quantities that were agreed. They are reported, never enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Active internal users.
    pub users: Option<i64>,
    /// Companies.
    pub companies: Option<i64>,
}

/// A license, as its token says. Times are Unix seconds, ends are exclusive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct License {
    /// Id of the license: a UUID, exactly as it was signed.
    pub jti: String,
    /// Issuer.
    pub iss: String,
    /// Issued at.
    pub iat: i64,
    /// Id of the key that signed it.
    pub kid: String,
    /// Customer.
    pub customer: Customer,
    /// What is sold.
    pub license_type: LicenseType,
    /// What is covered; at least one entry.
    pub modules: Vec<CoveredModule>,
    /// First valid instant.
    pub nbf: Option<i64>,
    /// First instant at which it is no longer valid; `None` for ever.
    pub exp: Option<i64>,
    /// End of the grace period, after `exp`.
    pub grace_until: Option<i64>,
    /// Warn administrators from then on.
    pub notify_admins_from: Option<i64>,
    /// Warn users from then on.
    pub notify_users_from: Option<i64>,
    /// Releases dated at this instant or later are not covered.
    pub updates_until: Option<i64>,
    /// The instance it is bound to; `None` for any.
    pub binding: Option<Binding>,
    /// How long it works after the instance has changed, in seconds.
    pub move_grace: i64,
    /// Agreed quantities.
    pub limits: Option<Limits>,
}

impl License {
    /// Reads a payload whose signature has been checked.
    ///
    /// # Errors
    /// Refusals with the code `malformed`, then those with `unsupported`.
    pub(crate) fn parse(payload: &[u8], kind: Kind, kid: String) -> Result<Self, Error> {
        let object = json::parse_object(payload).map_err(|_| Error::NotAnObject { segment: "payload" })?;
        let claims = Claims { object: &object, null_is_absent: kind == Kind::LegacyLicense };
        let word = claims.text("license_type")?;
        let license_type = LicenseType::parse(&word);
        let license = Self {
            jti: claims.uuid("jti")?,
            iss: claims.text("iss")?,
            iat: claims.required("iat", Claims::time)?,
            kid,
            customer: claims.customer()?,
            license_type: license_type.unwrap_or(LicenseType::Subscription),
            modules: claims.modules()?,
            nbf: claims.time("nbf")?,
            exp: claims.expiry(license_type)?,
            grace_until: claims.time("grace_until")?,
            notify_admins_from: claims.time("notify_admins_from")?,
            notify_users_from: claims.time("notify_users_from")?,
            updates_until: claims.time("updates_until")?,
            binding: claims.binding()?,
            move_grace: claims.move_grace()?,
            limits: claims.limits()?,
        };
        license.check_grace()?;
        claims.check_must(&KNOWN_CLAIMS)?;
        license.check_binding()?;
        license_type.map(|_| license).ok_or(Error::UnsupportedClaim { claim: "license_type" })
    }

    /// When administrators are warned for the first time; `None` when the license has no end.
    #[must_use]
    pub fn notice(&self) -> Option<i64> {
        self.exp.map(|exp| self.notify_admins_from.unwrap_or(exp - self.license_type.default_notice()))
    }

    /// The first instant at which it no longer works; `None` for ever.
    #[must_use]
    pub fn end(&self) -> Option<i64> {
        self.grace_until.or(self.exp)
    }

    /// The entries that cover `module`.
    pub fn covering(&self, module: &str) -> impl Iterator<Item = &CoveredModule> {
        self.modules.iter().filter(move |covered| covered.pattern.covers(module))
    }

    /// A component of a kind that is not known here can never match, and may have been meant to.
    fn check_binding(&self) -> Result<(), Error> {
        match &self.binding {
            Some(Binding::Tolerant(binding)) if binding.has_unknown_kind() => {
                Err(Error::UnsupportedClaim { claim: "instance" })
            }
            _ => Ok(()),
        }
    }

    fn check_grace(&self) -> Result<(), Error> {
        match (self.exp, self.grace_until) {
            (_, None) => Ok(()),
            (Some(exp), Some(grace_until)) if grace_until > exp => Ok(()),
            _ => Err(Error::BadClaim { claim: "grace_until", problem: "not after `exp`" }),
        }
    }
}

impl Claims<'_> {
    /// Demos and subscriptions end. Perpetual licenses do not, but one of the first form may. What a type that is not
    /// known has to say of its end is not known either.
    fn expiry(&self, license_type: Option<LicenseType>) -> Result<Option<i64>, Error> {
        let claim = "exp";
        let must_end = matches!(license_type, Some(LicenseType::Demo | LicenseType::Subscription));
        if !must_end && self.object.get(claim) == Some(&Json::Null) {
            return Ok(None);
        }
        let never_ends = license_type == Some(LicenseType::Perpetual) && !self.null_is_absent;
        match self.time(claim)? {
            None if must_end => Err(Error::BadClaim { claim, problem: NOT_THERE }),
            Some(_) if never_ends => Err(Error::BadClaim { claim, problem: "not for a perpetual license" }),
            exp => Ok(exp),
        }
    }

    fn customer(&self) -> Result<Customer, Error> {
        let claim = "customer";
        let customer = object(self.get(claim), claim)?;
        let member = |name| member(customer, name, claim).and_then(|value| string(value, claim)).map(str::to_owned);
        Ok(Customer { id: member("id")?, name: member("name")? })
    }

    /// `module` or `modules`, one of them.
    fn modules(&self) -> Result<Vec<CoveredModule>, Error> {
        match (self.get("module"), self.get("modules")) {
            (Some(module), None) => Ok(vec![covered_module(module, "module", ModulePattern::exact)?]),
            (None, Some(modules)) => {
                let claim = "modules";
                array(modules, claim)?
                    .iter()
                    .map(|module| covered_module(module, claim, ModulePattern::parse))
                    .collect()
            }
            (None, None) => Err(Error::BadClaim { claim: "module", problem: NOT_THERE }),
            (Some(_), Some(_)) => Err(Error::BadClaim { claim: "modules", problem: "there beside `module`" }),
        }
    }

    /// `instance_fingerprint` or `instance`, or neither.
    fn binding(&self) -> Result<Option<Binding>, Error> {
        match (self.get("instance_fingerprint"), self.get("instance")) {
            (None, None) => Ok(None),
            (Some(text), None) => fingerprint(text).map(Binding::Exact).map(Some),
            (None, Some(binding)) => TolerantBinding::read(binding).map(Binding::Tolerant).map(Some),
            (Some(_), Some(_)) => {
                Err(Error::BadClaim { claim: "instance", problem: "there beside `instance_fingerprint`" })
            }
        }
    }

    /// In seconds.
    fn move_grace(&self) -> Result<i64, Error> {
        let claim = "move_grace_days";
        match self.get(claim) {
            None => Ok(DEFAULT_MOVE_GRACE),
            Some(&Json::Int(days)) if (0..=90).contains(&days) => Ok(days * DAY),
            Some(_) => Err(Error::BadClaim { claim, problem: "not a number of days from 0 to 90" }),
        }
    }

    fn limits(&self) -> Result<Option<Limits>, Error> {
        let claim = "limits";
        let Some(value) = self.get(claim) else { return Ok(None) };
        let limits = object(Some(value), claim)?;
        let quantity = |name| match limits.get(name) {
            None => Ok(None),
            Some(&Json::Int(quantity)) if quantity >= 0 => Ok(Some(quantity)),
            Some(_) => Err(Error::BadClaim { claim, problem: WRONG_TYPE }),
        };
        Ok(Some(Limits { users: quantity("users")?, companies: quantity("companies")? }))
    }
}

fn covered_module(
    value: &Json<'_>,
    claim: &'static str,
    read_name: fn(&str) -> Option<ModulePattern>,
) -> Result<CoveredModule, Error> {
    let entry = object(Some(value), claim)?;
    let name = string(member(entry, "technical_name", claim)?, claim)?;
    let pattern = read_name(name).ok_or(Error::BadClaim { claim, problem: "without a proper technical name" })?;
    let versions = array(member(entry, "allowed_major_versions", claim)?, claim)?.iter().map(|version| {
        let major = module::licensed_major(string(version, claim)?);
        major.ok_or(Error::BadClaim { claim, problem: "for something that is no major version of Odoo" })
    });
    let feature = |value| string(value, claim).map(str::to_owned);
    let features = entry.get("features").map(|value| list(value, claim)?.iter().map(feature).collect());
    Ok(CoveredModule { pattern, versions: versions.collect::<Result<_, _>>()?, features: features.transpose()? })
}

fn fingerprint(value: &Json<'_>) -> Result<Fingerprint, Error> {
    let claim = "instance_fingerprint";
    let problem = "not `sha256:` and 64 hexadecimal digits";
    Fingerprint::parse(string(value, claim)?).ok_or(Error::BadClaim { claim, problem })
}
