//! `GET /keys`

use std::sync::Arc;

use aegis_issuer::UnverifiedCertificate;
use aegis_storage::SigningKey;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::etag::tagged;
use crate::{App, Problem};

/// The public keys, as a JWK Set (RFC 7517 §5).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeySet {
    /// The keys with which this server signs, or has signed; the oldest first.
    keys: Vec<Jwk>,
}

/// A public key (RFC 8037 §2), with its certificates.
#[derive(Debug, Serialize, ToSchema)]
struct Jwk {
    /// `OKP`
    kty: &'static str,
    /// `Ed25519`
    crv: &'static str,
    /// The key: 32 bytes in base64url.
    x: String,
    /// Its id, as tokens name it.
    kid: String,
    /// `EdDSA`
    alg: &'static str,
    /// `sig`
    #[serde(rename = "use")]
    purpose: &'static str,
    /// What roots say of it; empty for a key that wheels trust by itself.
    certificates: Vec<Certificate>,
}

/// What a root says of a key.
#[derive(Debug, Serialize, ToSchema)]
struct Certificate {
    /// Id of the root.
    root: String,
    /// What it may sign: `license`, `revocation`.
    uses: Vec<String>,
    /// The modules it may license; all of the root's, if there are none.
    modules: Option<Vec<String>>,
    /// What it signs counts from then on.
    not_before: Option<DateTime<Utc>>,
    /// What it signs at this instant or later does not count.
    not_after: Option<DateTime<Utc>>,
    /// The certificate itself.
    token: String,
}

/// The public keys, and their certificates.
#[utoipa::path(
    get, path = "/keys", operation_id = "public_keys", tag = "public", security(()),
    params(("If-None-Match" = Option<String>, Header, description = "the ETag one has")),
    responses(
        (status = OK, body = KeySet, content_type = "application/jwk-set+json", headers(("ETag" = String))),
        (status = NOT_MODIFIED, description = "it is as it was"),
    )
)]
pub(crate) async fn keys(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let keys = app.store.signing_keys(app.desk.issuer()).await?;
    let keys = keys.iter().map(Jwk::of).collect::<Result<_, _>>()?;
    let set = KeySet { keys };
    let body = serde_json::to_vec(&set).map_err(|_| Problem::internal())?;
    let answer = tagged(&headers, "application/jwk-set+json", body);
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], answer).into_response())
}

impl Jwk {
    fn of(key: &SigningKey) -> Result<Self, Problem> {
        Ok(Self {
            kty: "OKP",
            crv: "Ed25519",
            x: key.public_key.clone(),
            kid: key.kid.clone(),
            alg: "EdDSA",
            purpose: "sig",
            certificates: key.certificates().map(Certificate::of).collect::<Result<_, _>>()?,
        })
    }
}

impl Certificate {
    fn of(token: &str) -> Result<Self, Problem> {
        let stated = UnverifiedCertificate::decode(token)?;
        let at = |seconds: i64| DateTime::from_timestamp(seconds, 0);
        Ok(Self {
            root: stated.root,
            uses: stated.uses,
            modules: stated.modules,
            not_before: stated.not_before.and_then(at),
            not_after: stated.not_after.and_then(at),
            token: token.to_owned(),
        })
    }
}
