//! From a request to a token in the customer's hands: claims, signature, and the customer's own verifier over it.

use std::borrow::Cow;

use aegis_core::{Binding, Key, KeyParts, KeyUse, Keyring, License, check_key_scope, open};

use crate::claims::Claims;
use crate::request::{LicenseRequest, ModuleGrant};
use crate::{Error, Signer, dates, jws};

/// `typ` of a license (RFC 8725 §3.11).
pub const LICENSE_TYP: &str = "aegis-license+jwt";

/// What issuing depends on beside the request and the key.
#[derive(Debug, Clone, Copy)]
pub struct IssueContext<'a> {
    /// The issuer that the key speaks for.
    pub issuer: &'a str,
    /// The present, in Unix seconds.
    pub now: i64,
    /// The keyring that customers have, when it is at hand: what is signed must then also lie within the limits
    /// (issuer, modules, window) that it sets for the key. Without it the key is taken to have none.
    pub keyring: Option<&'a Keyring>,
}

/// A license that was signed and read back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issued {
    /// The token: what the customer pastes.
    pub token: String,
    /// What was signed.
    pub claims: Claims,
    /// The same, as the verifier reads it.
    pub license: License,
}

/// Issues a license: checks the request, signs, and verifies what was signed before handing it out.
///
/// # Errors
/// Those of [`Claims::from_request`]; [`Error::Sign`]; [`Error::VerifierRefuses`] and [`Error::NotAsAsked`] when the
/// verifier does not read back what was asked for.
pub fn issue(request: &LicenseRequest, signer: &dyn Signer, context: &IssueContext<'_>) -> Result<Issued, Error> {
    let claims = Claims::from_request(request, context.issuer, context.now)?;
    let token = jws::sign(LICENSE_TYP, &claims, signer)?;
    let license = read_back(&token, &claims, signer, context)?;
    Ok(Issued { token, claims, license })
}

fn read_back(token: &str, claims: &Claims, signer: &dyn Signer, context: &IssueContext<'_>) -> Result<License, Error> {
    let license = opened_by_customers(token, signer, context)?;
    difference(claims, &license).map_or(Ok(license), |claim| Err(Error::NotAsAsked(claim)))
}

/// A license as customers read it: signature, and the limits of the key.
pub(crate) fn opened_by_customers(
    token: &str,
    signer: &dyn Signer,
    context: &IssueContext<'_>,
) -> Result<License, Error> {
    let keyring = context.keyring_or(signer, &[KeyUse::License])?;
    let license = open(token, &keyring).map_err(|refusal| Error::VerifierRefuses(refusal.error.to_string()))?;
    check_key_scope(&license, &keyring).map_err(|error| Error::VerifierRefuses(error.to_string()))?;
    Ok(license)
}

impl IssueContext<'_> {
    /// The customers' keyring, or one of this key alone without limits.
    pub(crate) fn keyring_or(&self, signer: &dyn Signer, uses: &[KeyUse]) -> Result<Cow<'_, Keyring>, Error> {
        if let Some(keyring) = self.keyring {
            return Ok(Cow::Borrowed(keyring));
        }
        let parts = KeyParts {
            kid: signer.kid().to_owned(),
            issuer: self.issuer.to_owned(),
            uses: uses.to_vec(),
            modules: None,
            not_before: None,
            not_after: None,
            public: signer.public_key(),
        };
        let keyring = Key::new(parts).and_then(|key| Keyring::new(vec![key]));
        keyring.map(Cow::Owned).map_err(|error| Error::VerifierRefuses(error.to_string()))
    }
}

/// The first claim that the verifier reads otherwise than it was meant.
fn difference(claims: &Claims, license: &License) -> Option<&'static str> {
    let limits = license.limits.map(|limits| (limits.users, limits.companies));
    let wanted_limits = claims.limits.map(|limits| (limits.users.map(i64::from), limits.companies.map(i64::from)));
    let (fingerprint, tolerant) = match &license.binding {
        Some(Binding::Exact(fingerprint)) => (Some(fingerprint.to_string()), false),
        Some(Binding::Tolerant(_)) => (None, true),
        None => (None, false),
    };
    let same = [
        ("jti", claims.jti == license.jti),
        ("iss", claims.iss == license.iss),
        ("iat", claims.iat == license.iat),
        ("nbf", claims.nbf == license.nbf),
        ("exp", claims.exp == license.exp),
        ("grace_until", claims.grace_until == license.grace_until),
        ("updates_until", claims.updates_until == license.updates_until),
        ("notify_admins_from", claims.notify_admins_from == license.notify_admins_from),
        ("notify_users_from", claims.notify_users_from == license.notify_users_from),
        ("customer", claims.customer.id == license.customer.id && claims.customer.name == license.customer.name),
        ("license_type", claims.license_type == license.license_type),
        ("modules", claims.modules == granted(license)),
        ("instance_fingerprint", claims.instance_fingerprint == fingerprint),
        ("instance", claims.instance.is_some() == tolerant),
        (
            "move_grace_days",
            claims.move_grace_days.is_none_or(|days| i64::from(days) * dates::DAY == license.move_grace),
        ),
        ("limits", wanted_limits == limits),
    ];
    same.into_iter().find(|(_, equal)| !equal).map(|(claim, _)| claim)
}

fn granted(license: &License) -> Vec<ModuleGrant> {
    let entry = |covered: &aegis_core::CoveredModule| ModuleGrant {
        technical_name: covered.pattern.to_string(),
        allowed_major_versions: covered.versions.iter().map(u16::to_string).collect(),
        features: covered.features.clone(),
    };
    license.modules.iter().map(entry).collect()
}
