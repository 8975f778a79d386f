//! From a request to the claims that are signed: every rule that a license must keep, one function each.

use aegis_core::{Fingerprint, Instance, LicenseType, ModulePattern, licensed_major};
use serde::Serialize;

use crate::activation::InstanceClaim;
use crate::reissue::NewInstance;
use crate::request::{Bind, Customer, LicenseRequest, Limits, ModuleGrant, RebindRequest};
use crate::{Error, dates};

/// Longest customer id and name, feature and `must` name, in characters.
const MAX_TEXT: usize = 256;

/// Longest time for which a license works on an instance that no longer matches, in days.
const MAX_MOVE_GRACE_DAYS: u32 = 90;

/// The claims of a license, in the order in which they are written. Times are Unix seconds, ends are exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Claims {
    /// Id of the license: a UUID, version 4.
    pub jti: String,
    /// Issuer.
    pub iss: String,
    /// Issued at.
    pub iat: i64,
    /// First valid instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// First instant at which it is no longer valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// End of the grace period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_until: Option<i64>,
    /// Releases dated at this instant or later are not covered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updates_until: Option<i64>,
    /// Administrators are warned from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_admins_from: Option<i64>,
    /// Users are warned from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_users_from: Option<i64>,
    /// Whom it is for.
    pub customer: Customer,
    /// What is sold.
    #[serde(with = "crate::request::license_type")]
    pub license_type: LicenseType,
    /// What it covers, with versions written as `17`.
    pub modules: Vec<ModuleGrant>,
    /// The instance it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_fingerprint: Option<String>,
    /// The instance it is bound to, by most of its components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceClaim>,
    /// How many days it works on after the instance stopped matching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub move_grace_days: Option<u32>,
    /// Agreed quantities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Claims that a verifier has to understand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub must: Vec<String>,
}

impl Claims {
    /// Checks a request and works out its claims, with a new random `jti`.
    ///
    /// `now` is the issuer's own clock in Unix seconds; a license is never issued ahead of it.
    ///
    /// # Errors
    /// [`Error::BadRequest`] naming the claim, [`Error::TimeOutOfRange`], [`Error::BadIssuer`], [`Error::Random`].
    pub fn from_request(request: &LicenseRequest, issuer: &str, now: i64) -> Result<Self, Error> {
        crate::keyfile::check_issuer(issuer)?;
        let times = Times::from_request(request, now)?;
        Ok(Self {
            jti: new_id()?,
            iss: issuer.to_owned(),
            iat: times.iat,
            nbf: request.nbf,
            exp: times.exp,
            grace_until: times.grace_until,
            updates_until: request.updates_until,
            notify_admins_from: request.notify_admins_from,
            notify_users_from: request.notify_users_from,
            customer: customer(request)?,
            license_type: request.license_type,
            modules: modules(request)?,
            instance_fingerprint: fingerprint(request)?.map(|fingerprint| fingerprint.to_string()),
            instance: request.bind_request.as_ref().map(InstanceClaim::from_request).transpose()?,
            move_grace_days: move_grace_days(request)?,
            limits: request.limits.filter(|limits| *limits != Limits::default()),
            must: request.must.clone(),
        })
    }
}

fn refuse<T>(claim: &'static str, reason: impl Into<String>, remedy: &'static str) -> Result<T, Error> {
    Err(Error::BadRequest { claim, reason: reason.into(), remedy })
}

pub(crate) fn new_id() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string())
}

/// The times of a license that depend on each other.
struct Times {
    iat: i64,
    exp: Option<i64>,
    grace_until: Option<i64>,
}

impl Times {
    fn from_request(request: &LicenseRequest, now: i64) -> Result<Self, Error> {
        let iat = issued_at(request, now)?;
        let exp = expiry(request, iat)?;
        check_order(request, iat, exp)?;
        let grace_until = grace(request, exp)?;
        check_notices(request, grace_until.or(exp))?;
        check_range(request, iat)?;
        Ok(Self { iat, exp, grace_until })
    }
}

fn issued_at(request: &LicenseRequest, now: i64) -> Result<i64, Error> {
    let iat = request.iat.unwrap_or(now);
    if iat > now {
        return refuse("iat", "it lies ahead of this machine's clock", "leave it out, or set the clock right");
    }
    Ok(iat)
}

fn expiry(request: &LicenseRequest, iat: i64) -> Result<Option<i64>, Error> {
    let exp = match (request.exp, request.days) {
        (Some(_), Some(_)) => return refuse("exp", "both an end and a number of days are given", "give one of them"),
        (None, Some(0)) => return refuse("exp", "the license would last no time", "give at least one day"),
        (None, Some(days)) => Some(dates::days_after(request.nbf.unwrap_or(iat), days)?),
        (exp, None) => exp,
    };
    match (request.license_type, exp) {
        (LicenseType::Perpetual, Some(_)) => refuse(
            "exp",
            "a perpetual license has no end",
            "leave the end out, use updates_until, or make it a subscription",
        ),
        (LicenseType::Perpetual, None) => Ok(None),
        (_, None) => refuse(
            "exp",
            format!("a {} needs an end", request.license_type.as_str()),
            "give --expires DATE or --days N",
        ),
        (_, Some(_)) => Ok(exp),
    }
}

fn check_order(request: &LicenseRequest, iat: i64, exp: Option<i64>) -> Result<(), Error> {
    match exp {
        Some(exp) if exp <= iat => refuse("exp", "the license would end before it is issued", "choose a later end"),
        Some(exp) if request.nbf.is_some_and(|nbf| nbf >= exp) => {
            refuse("nbf", "the license would end before it begins", "choose an earlier begin or a later end")
        }
        _ => Ok(()),
    }
}

fn grace(request: &LicenseRequest, exp: Option<i64>) -> Result<Option<i64>, Error> {
    let remedy = "leave the grace period out, or let it end after the license does";
    let wanted = request.grace_until.is_some() || request.grace_days.is_some();
    let exp = match exp {
        None if wanted => return refuse("grace_until", "a license without end has no grace period", remedy),
        None => return Ok(None),
        Some(exp) => exp,
    };
    match (request.grace_until, request.grace_days) {
        (Some(_), Some(_)) => refuse("grace_until", "both an end and a number of days are given", "give one of them"),
        (Some(until), None) if until <= exp => {
            refuse("grace_until", "it does not lie after the end of the license", remedy)
        }
        (None, Some(0)) => refuse("grace_until", "the grace period would last no time", remedy),
        (None, Some(days)) => dates::days_after(exp, days).map(Some),
        (until, None) => Ok(until),
    }
}

/// Warnings are about the end: without one they mean nothing, after it they come too late.
fn check_notices(request: &LicenseRequest, end: Option<i64>) -> Result<(), Error> {
    let notices =
        [("notify_admins_from", request.notify_admins_from), ("notify_users_from", request.notify_users_from)];
    for (claim, from) in notices {
        match (from, end) {
            (Some(_), None) => return refuse(claim, "there is no end to warn of", "leave it out"),
            (Some(from), Some(end)) if from >= end => {
                return refuse(claim, "the warning would begin after the end", "choose an earlier date");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Times in a request made by a program, not read from text, may be anything.
fn check_range(request: &LicenseRequest, iat: i64) -> Result<(), Error> {
    let others = [
        request.nbf,
        request.exp,
        request.grace_until,
        request.updates_until,
        request.notify_admins_from,
        request.notify_users_from,
    ];
    others.into_iter().flatten().chain([iat]).try_for_each(|time| dates::in_range(time).map(|_| ()))
}

fn customer(request: &LicenseRequest) -> Result<Customer, Error> {
    let clean = |text: &str| {
        let text = text.trim();
        let proper = (1..=MAX_TEXT).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if proper {
            return Ok(text.to_owned());
        }
        refuse("customer", "its id and name must have 1 to 256 characters in one line", "give both the id and the name")
    };
    Ok(Customer { id: clean(&request.customer.id)?, name: clean(&request.customer.name)? })
}

fn modules(request: &LicenseRequest) -> Result<Vec<ModuleGrant>, Error> {
    if request.modules.is_empty() {
        return refuse("modules", "the license covers no module", "name at least one module, such as my_module:18");
    }
    let mut granted: Vec<ModuleGrant> = Vec::with_capacity(request.modules.len());
    for wanted in &request.modules {
        if granted.iter().any(|other| other.technical_name == wanted.technical_name) {
            return refuse("modules", format!("{} is named twice", wanted.technical_name), "name each module once");
        }
        granted.push(module(wanted)?);
    }
    Ok(granted)
}

fn module(wanted: &ModuleGrant) -> Result<ModuleGrant, Error> {
    let name = &wanted.technical_name;
    if ModulePattern::parse(name).is_none() {
        let remedy = "use the technical name (letters, digits, _), or its beginning followed by *";
        return refuse("modules", format!("{} is not the name of a module", quoted(name)), remedy);
    }
    Ok(ModuleGrant {
        technical_name: name.clone(),
        allowed_major_versions: versions(wanted)?,
        features: features(wanted)?,
    })
}

/// Versions as the token writes them: `17.0` becomes `17`, each once.
fn versions(wanted: &ModuleGrant) -> Result<Vec<String>, Error> {
    let remedy = "name major versions of Odoo, such as 17,18";
    let mut majors = Vec::new();
    for text in &wanted.allowed_major_versions {
        let Some(major) = licensed_major(text) else {
            return refuse("modules", format!("{} is not a major version of Odoo", quoted(text)), remedy);
        };
        let major = major.to_string();
        if !majors.contains(&major) {
            majors.push(major);
        }
    }
    if majors.is_empty() {
        return refuse("modules", format!("{} has no version of Odoo", wanted.technical_name), remedy);
    }
    Ok(majors)
}

fn features(wanted: &ModuleGrant) -> Result<Option<Vec<String>>, Error> {
    let Some(features) = &wanted.features else { return Ok(None) };
    let proper = |feature: &String| {
        let characters = feature.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        characters && (1..=MAX_TEXT).contains(&feature.len())
    };
    if features.is_empty() || !features.iter().all(proper) {
        let reason = format!("the features of {} are not proper", wanted.technical_name);
        return refuse("modules", reason, "name features with A-Z a-z 0-9 _ . -, or leave them out to cover all");
    }
    Ok(Some(features.clone()))
}

fn fingerprint(request: &LicenseRequest) -> Result<Option<Fingerprint>, Error> {
    if request.bind_request.is_some() && (request.instance_fingerprint.is_some() || request.bind.is_some()) {
        return refuse("instance", "both an activation request and a fingerprint are given", "give one of them");
    }
    exact(request.instance_fingerprint.as_deref(), request.bind.as_ref())
}

/// The fingerprint of an instance that is named by it, or by what it is made of.
fn exact(fingerprint: Option<&str>, bind: Option<&Bind>) -> Result<Option<Fingerprint>, Error> {
    let claim = "instance_fingerprint";
    match (fingerprint, bind) {
        (Some(_), Some(_)) => refuse(claim, "both a fingerprint and its parts are given", "give one of them"),
        (None, None) => Ok(None),
        (None, Some(bind)) if !is_uuid(&bind.database_uuid) => refuse(
            claim,
            format!("{} is not a database UUID", quoted(&bind.database_uuid)),
            "give the customer's system parameter database.uuid, then host and port of their address",
        ),
        (None, Some(bind)) => match Instance::new(&bind.database_uuid, &bind.domain) {
            Ok(instance) => Ok(Some(instance.fingerprint())),
            Err(error) => {
                refuse(claim, error.to_string(), "ask the customer for what the license page of their Odoo shows")
            }
        },
        (Some(text), None) => match Fingerprint::parse(text) {
            Some(fingerprint) => Ok(Some(fingerprint)),
            None => refuse(
                claim,
                "it is not `sha256:` and 64 hexadecimal digits",
                "copy it whole from the customer's message",
            ),
        },
    }
}

impl NewInstance {
    /// Reads a request for a license that is bound as `before` says, if it is bound by components: where the request does
    /// not say otherwise, as much may change as before.
    ///
    /// # Errors
    /// [`Error::BadRequest`].
    pub fn from_request(request: &RebindRequest, before: Option<&InstanceClaim>) -> Result<Self, Error> {
        let RebindRequest { instance_fingerprint, bind, bind_request } = request;
        match (exact(instance_fingerprint.as_deref(), bind.as_ref())?, bind_request) {
            (Some(_), Some(_)) => {
                refuse("instance", "both an activation request and a fingerprint are given", "give one of them")
            }
            (Some(fingerprint), None) => Ok(Self::Exact(fingerprint)),
            (None, Some(request)) => InstanceClaim::in_place_of(before, request).map(Self::Tolerant),
            (None, None) => refuse(
                "instance",
                "no instance is given",
                "give the activation request that the license page of their Odoo shows",
            ),
        }
    }
}

fn move_grace_days(request: &LicenseRequest) -> Result<Option<u32>, Error> {
    let claim = "move_grace_days";
    let bound = request.bind_request.is_some() || request.instance_fingerprint.is_some() || request.bind.is_some();
    match request.move_grace_days {
        Some(days) if days > MAX_MOVE_GRACE_DAYS => {
            refuse(claim, format!("{days} days are too many"), "give 0 to 90 days, or none for the usual 14")
        }
        Some(_) if !bound => refuse(claim, "the license is bound to no instance", "leave it out, or bind the license"),
        days => Ok(days),
    }
}

/// As Odoo writes them: 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(60).collect::<String>())
}
