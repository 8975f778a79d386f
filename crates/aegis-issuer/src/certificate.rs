//! Key certificates: a root lets another key sign, for a time and for some modules.

use std::sync::Arc;

use aegis_core::{Certificate, KeyUse, ModulePattern, TrustContent};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::keyfile::thumbprint;
use crate::{Error, IssueContext, Signer, dates, inspect, jws};

/// `typ` of a key certificate.
pub const CERTIFICATE_TYP: &str = "aegis-key+jwt";

/// What a root key signs beside certificates: the revocation of keys is honoured in its lists only.
pub const ROOT_USES: [KeyUse; 2] = [KeyUse::Certify, KeyUse::Revocation];

/// Longest name of a key, in characters.
const MAX_NAME: usize = 128;

/// A key to be certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// What people call the key.
    pub name: String,
    /// The public key, 32 bytes.
    pub public_key: [u8; 32],
    /// What it may sign: licenses, revocation lists.
    pub uses: Vec<KeyUse>,
    /// The modules it may license; `None` for all of the root's.
    pub modules: Option<Vec<ModulePattern>>,
    /// What it signs is refused if issued before this Unix second.
    pub not_before: Option<i64>,
    /// What it signs is refused if issued at this Unix second or later.
    pub not_after: Option<i64>,
}

/// A certificate that was signed and read back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Certified {
    /// The token.
    pub token: String,
    /// The same, as the verifier reads it: its scope is the part of what was asked that is the root's too.
    pub certificate: Arc<Certificate>,
}

/// The claims of a certificate, in the order in which they are written.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
    kid: String,
    name: &'a str,
    x: String,
    #[serde(rename = "use")]
    uses: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modules: Option<Vec<String>>,
}

/// Certifies a key: checks the request, signs with the root, and verifies what was signed before handing it out.
///
/// # Errors
/// [`Error::BadCertificate`], [`Error::BadIssuer`], [`Error::TimeOutOfRange`], [`Error::Sign`];
/// [`Error::VerifierRefuses`] and [`Error::NotAsAsked`] when the verifier does not read back what was asked for.
pub fn certify(
    request: &CertificateRequest,
    root: &dyn Signer,
    context: &IssueContext<'_>,
) -> Result<Certified, Error> {
    crate::keyfile::check_issuer(context.issuer)?;
    check(request, root)?;
    let claims = Claims {
        iss: context.issuer,
        iat: context.now,
        kid: thumbprint(&request.public_key),
        name: &request.name,
        x: URL_SAFE_NO_PAD.encode(request.public_key),
        uses: request.uses.iter().map(|key_use| key_use.as_str()).collect(),
        nbf: request.not_before,
        exp: request.not_after,
        modules: request.modules.as_ref().map(|modules| modules.iter().map(ToString::to_string).collect()),
    };
    let token = jws::sign(CERTIFICATE_TYP, &claims, root)?;
    let certificate = read_back(&token, root, context)?;
    difference(request, &certificate)
        .map_or(Ok(Certified { token, certificate }), |claim| Err(Error::NotAsAsked(claim)))
}

/// What a certificate says, without any check of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnverifiedCertificate {
    /// Id of the root that signed it.
    pub root: String,
    /// Issuer.
    pub iss: String,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// The certified key's thumbprint: the `kid` of what it signs.
    pub kid: String,
    /// What people call the key.
    pub name: String,
    /// What it may sign.
    pub uses: Vec<String>,
    /// The modules it may license; `None` for all of the root's.
    pub modules: Option<Vec<String>>,
    /// What it signs is refused if issued before this Unix second.
    pub not_before: Option<i64>,
    /// What it signs is refused if issued at this Unix second or later.
    pub not_after: Option<i64>,
}

impl UnverifiedCertificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Error::NotAToken`].
    pub fn decode(token: &str) -> Result<Self, Error> {
        let (header, claims): (StatedHeader, Stated) = inspect::parts(token)?;
        let Stated { iss, iat, kid, name, uses, modules, nbf: not_before, exp: not_after } = claims;
        Ok(Self { root: header.kid, iss, iat, kid, name, uses, modules, not_before, not_after })
    }

    /// Whether what the key signs at `time` (Unix seconds) counts.
    #[must_use]
    pub fn is_in_use(&self, time: i64) -> bool {
        self.not_before.is_none_or(|from| from <= time) && self.not_after.is_none_or(|until| time < until)
    }
}

#[derive(Deserialize)]
struct StatedHeader {
    kid: String,
}

#[derive(Deserialize)]
struct Stated {
    iss: String,
    iat: i64,
    kid: String,
    name: String,
    #[serde(rename = "use")]
    uses: Vec<String>,
    modules: Option<Vec<String>>,
    nbf: Option<i64>,
    exp: Option<i64>,
}

fn check(request: &CertificateRequest, root: &dyn Signer) -> Result<(), Error> {
    let refuse = |reason: &str, remedy| Err(Error::BadCertificate { reason: reason.to_owned(), remedy });
    if request.public_key == root.public_key() {
        return refuse("it is the root itself", "name the key that is to sign day by day");
    }
    if request.uses.is_empty() || request.uses.contains(&KeyUse::Certify) {
        return refuse("a certified key signs licenses, revocation lists, or both", "say license, revocation, or both");
    }
    if request.modules.as_ref().is_some_and(Vec::is_empty) {
        return refuse("it could license no module", "name at least one module, or leave the modules out");
    }
    if matches!((request.not_before, request.not_after), (Some(from), Some(until)) if from >= until) {
        return refuse("its window would end before it begins", "choose a later end");
    }
    let named = (1..=MAX_NAME).contains(&request.name.chars().count()) && !request.name.chars().any(char::is_control);
    if !named {
        return refuse("its name is empty, too long or no line", "name it as its files are named");
    }
    request.not_before.into_iter().chain(request.not_after).try_for_each(|time| dates::in_range(time).map(|_| ()))
}

fn read_back(token: &str, root: &dyn Signer, context: &IssueContext<'_>) -> Result<Arc<Certificate>, Error> {
    let keyring = context.keyring_or(root, &ROOT_USES)?;
    let (_, trust) = keyring.with_trust(token);
    match trust.into_iter().next().map(|found| found.content) {
        Some(Ok(TrustContent::Certificate(certificate))) => Ok(certificate),
        Some(Err(refusal)) => Err(Error::VerifierRefuses(refusal.error.to_string())),
        _ => Err(Error::NotAsAsked("kind")),
    }
}

/// The first claim that the verifier reads otherwise than it was meant.
fn difference(request: &CertificateRequest, certificate: &Certificate) -> Option<&'static str> {
    let key = certificate.key.parts();
    let same = [
        ("kid", key.kid == thumbprint(&request.public_key)),
        ("x", key.public == request.public_key),
        ("name", certificate.name == request.name),
        ("use", key.uses == request.uses),
    ];
    same.into_iter().find(|(_, equal)| !equal).map(|(claim, _)| claim)
}
