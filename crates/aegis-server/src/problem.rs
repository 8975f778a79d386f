//! What is answered when something goes wrong: a problem document (RFC 9457).

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use aegis_storage::Error as StorageError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    document: Box<ProblemDocument>,
    retry_after: Option<u16>,
    cause: Option<Cause>,
}

/// Why it went wrong: for the log, and never answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause(pub(crate) Arc<str>);

/// A problem document (RFC 9457). `code` is for programs, `detail` and `remedy` are for people. None of them ever
/// contains a token, a key, or anything of the database's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProblemDocument {
    /// A name of the kind of problem: `urn:aegis:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The same in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened.
    detail: String,
    /// The kind of problem.
    code: &'static str,
    /// What to do about it.
    remedy: String,
    /// The member of the request that is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
}

/// The media type of a problem document (RFC 9457 §6.1).
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which what is unavailable may be tried again.
const RETRY: u16 = 2;

impl Problem {
    fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
        remedy: &str,
    ) -> Self {
        let document = ProblemDocument {
            kind: format!("urn:aegis:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            code,
            remedy: remedy.to_owned(),
            member: None,
        };
        Self { document: Box::new(document), retry_after: None, cause: None }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.document.code
    }

    fn with_code(mut self, code: &'static str) -> Self {
        self.document.code = code;
        self.document.kind = format!("urn:aegis:problem:{code}");
        self
    }

    fn with_remedy(mut self, remedy: &str) -> Self {
        remedy.clone_into(&mut self.document.remedy);
        self
    }

    /// Tells the log why.
    pub(crate) fn caused_by(self, cause: &dyn fmt::Display) -> Self {
        Self { cause: Some(Cause(cause.to_string().into())), ..self }
    }

    /// 400: the request cannot be read.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        let remedy = "compare the request with the description of the API";
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "The request cannot be read", detail, remedy)
    }

    /// 422: the request can be read, and asks for something that is not done.
    pub(crate) fn invalid(member: &str, detail: impl Into<String>, remedy: &str) -> Self {
        let title = "The request asks for something that is not done";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title, detail, remedy);
        problem.document.member = Some(member.to_owned());
        problem
    }

    /// 401: no key, or none that opens anything. It is not told which.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "No valid API key",
            "the request has no API key that is valid",
            "send `Authorization: Bearer KEY`; `aegis api-keys` makes a key",
        )
    }

    /// 403: the key does not open this.
    pub(crate) fn forbidden(scope: &str) -> Self {
        let detail = format!("the API key does not have the scope {scope:?}");
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "The API key does not allow this",
            detail,
            "use a key that has it",
        )
    }

    /// 404.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found", detail, "check the path and the id")
    }

    /// 405.
    pub(crate) fn method_not_allowed() -> Self {
        let (status, title) = (StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed");
        Self::new(status, "method_not_allowed", title, "this path has no such method", "see the description of the API")
    }

    /// 413.
    pub(crate) fn too_large() -> Self {
        let (status, title) = (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large");
        Self::new(status, "too_large", title, "the body is larger than is read here", "send at most 64 KiB")
    }

    /// 415.
    pub(crate) fn unsupported_media_type() -> Self {
        let (status, title) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not JSON");
        let remedy = "send `Content-Type: application/json`";
        Self::new(status, "unsupported_media_type", title, "the content type is not application/json", remedy)
    }

    /// 408.
    pub(crate) fn timed_out() -> Self {
        let (status, title) = (StatusCode::REQUEST_TIMEOUT, "The request took too long");
        let remedy = "send it again, with the same Idempotency-Key if it has one";
        Self::new(status, "timed_out", title, "the request was not finished in time", remedy)
    }

    /// 429: too often.
    pub(crate) fn rate_limited(retry_after: u16) -> Self {
        let (status, title) = (StatusCode::TOO_MANY_REQUESTS, "Too many requests");
        let detail = format!("more was asked than is answered in a minute; there is room again in {retry_after} s");
        let remedy = "wait as long as `Retry-After` says, and ask less often";
        let problem = Self::new(status, "rate_limited", title, detail, remedy);
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// 500: a fault of ours. Why stays here; where nothing else is told, the log names the place in the code.
    #[track_caller]
    pub(crate) fn internal() -> Self {
        let (status, title) = (StatusCode::INTERNAL_SERVER_ERROR, "The server failed");
        Self::new(status, "internal", title, "the server has a fault", "look into its log, and report it")
            .caused_by(Location::caller())
    }

    /// The same where the caller has done nothing wrong.
    pub(crate) fn not_of_the_caller(self) -> Self {
        if self.status().is_client_error() { Self::internal().caused_by(&self.document.detail) } else { self }
    }

    /// 503: what is needed does not answer now.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        let (status, title) = (StatusCode::SERVICE_UNAVAILABLE, "The server cannot do this now");
        let problem = Self::new(status, "unavailable", title, detail, "try again a little later; nothing was changed");
        Self { retry_after: Some(RETRY), ..problem }
    }

    /// 409: what was revoked comes back in no other form.
    pub(crate) fn revoked(id: &str) -> Self {
        let detail = format!("the license {id:?} is revoked");
        Self::conflict("revoked", "The license is revoked", detail, "issue a new license with `POST /licenses`")
    }

    /// 503: no key signs this now.
    pub(crate) fn no_signing_key(purpose: &str) -> Self {
        let detail = format!("no signing key is in use now for the purpose {purpose:?}");
        let remedy = "certify a key for the present with `aegis keys certify`, and start the server anew";
        Self::unavailable(detail).with_code("no_signing_key").with_remedy(remedy)
    }

    /// 503: a change is stored, and what is to be answered cannot be read.
    pub(crate) fn not_read_back(error: &StorageError) -> Self {
        StorageError::OutcomeUnknown(error.to_string()).into()
    }

    fn conflict(code: &'static str, title: &'static str, detail: impl Into<String>, remedy: &str) -> Self {
        Self::new(StatusCode::CONFLICT, code, title, detail, remedy)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after;
        let mut response = (self.status(), Json(self.document)).into_response();
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        let detail = error.to_string();
        let cause = detail.clone();
        match error {
            StorageError::NotFound { what: "customer", .. } => Self::not_found(detail).with_code("unknown_customer"),
            StorageError::NotFound { .. } => Self::not_found(detail),
            StorageError::Exists { .. } => Self::conflict("exists", "It exists already", detail, "choose another id"),
            StorageError::CustomerInactive(_) => Self::conflict(
                "customer_inactive",
                "The customer is not active",
                detail,
                "activate the customer with `PATCH /customers/{id}`",
            ),
            StorageError::Revoked(id) => Self::revoked(&id),
            StorageError::KeyReused => Self::conflict(
                "idempotency_key_reused",
                "The Idempotency-Key was used for another request",
                detail,
                "use a new key for each request, and the same only to repeat one",
            ),
            StorageError::Unavailable(_) => Self::unavailable("the database does not answer").caused_by(&cause),
            StorageError::OutcomeUnknown(_) => {
                let detail = "the database went away while the change was stored: it may be stored or not";
                let remedy = "repeat the request with the same Idempotency-Key, or look whether it is there";
                Self::unavailable(detail).with_code("outcome_unknown").with_remedy(remedy).caused_by(&cause)
            }
            _ => Self::internal().caused_by(&cause),
        }
    }
}

impl From<aegis_issuer::Error> for Problem {
    fn from(error: aegis_issuer::Error) -> Self {
        use aegis_issuer::{Error, SignError};
        let (remedy, cause) = (error.remedy().to_owned(), error.to_string());
        match error {
            Error::BadRequest { claim, reason, .. } => Self::invalid(claim, reason, &remedy),
            Error::TimeOutOfRange | Error::BadDate(_) => Self::invalid("exp", error.to_string(), &remedy),
            Error::VerifierRefuses(reason) => Self::invalid("modules", reason, &remedy),
            Error::Sign(SignError::Unavailable(_)) => {
                Self::unavailable("the signing key is not available").caused_by(&cause)
            }
            _ => Self::internal().caused_by(&cause),
        }
    }
}
