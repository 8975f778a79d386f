//! From a request to a token in the customer's hands: claims, signature, and the customer's own verifier over it.

use aegis_core::{Key, KeyParts, KeyUse, Keyring, License, check_key_scope, open};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;

use crate::claims::Claims;
use crate::request::{LicenseRequest, ModuleGrant};
use crate::{Error, Signer};

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
    let token = sign(&claims, signer)?;
    let license = read_back(&token, &claims, signer, context)?;
    Ok(Issued { token, claims, license })
}

/// JWS compact serialization (RFC 7515 §7.1). Only the header's type is jsonwebtoken's: its signing wants a
/// process-wide provider and the private key itself, and a [`Signer`] may hold its key elsewhere.
fn sign(claims: &Claims, signer: &dyn Signer) -> Result<String, Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(LICENSE_TYP.to_owned());
    header.kid = Some(signer.kid().to_owned());
    let signing_input = format!("{}.{}", segment(&header)?, segment(claims)?);
    let signature = signer.sign(signing_input.as_bytes())?;
    Ok(format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn segment(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_vec(value).map_err(|_| Error::Encode)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn read_back(token: &str, claims: &Claims, signer: &dyn Signer, context: &IssueContext<'_>) -> Result<License, Error> {
    let own;
    let keyring = if let Some(keyring) = context.keyring {
        keyring
    } else {
        own = keyring_of(signer, context.issuer)?;
        &own
    };
    let license = open(token, keyring).map_err(|refusal| Error::VerifierRefuses(refusal.error.to_string()))?;
    check_key_scope(&license, keyring).map_err(|error| Error::VerifierRefuses(error.to_string()))?;
    difference(claims, &license).map_or(Ok(license), |claim| Err(Error::NotAsAsked(claim)))
}

/// A keyring of this one key without limits.
fn keyring_of(signer: &dyn Signer, issuer: &str) -> Result<Keyring, Error> {
    let parts = KeyParts {
        kid: signer.kid().to_owned(),
        issuer: issuer.to_owned(),
        uses: vec![KeyUse::License],
        modules: None,
        not_before: None,
        not_after: None,
        public: signer.public_key(),
    };
    Key::new(parts).and_then(|key| Keyring::new(vec![key])).map_err(|error| Error::VerifierRefuses(error.to_string()))
}

/// The first claim that the verifier reads otherwise than it was meant.
fn difference(claims: &Claims, license: &License) -> Option<&'static str> {
    let limits = license.limits.map(|limits| (limits.users, limits.companies));
    let wanted_limits = claims.limits.map(|limits| (limits.users.map(i64::from), limits.companies.map(i64::from)));
    let fingerprint = license.instance_fingerprint.map(|fingerprint| fingerprint.to_string());
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
