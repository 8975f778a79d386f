//! One line of the log for each request.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use crate::App;
use crate::client::Address;
use crate::problem::Cause;

/// By which a request is found in the logs of all who had to do with it.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The path of what is at no path. The path itself is not told: it may be anything, a token too.
const NO_PATH: &str = "none";

/// A method that has no meaning here.
const NO_METHOD: &str = "other";

/// Of who went away before there was an answer.
const NOT_ANSWERED: u16 = 499;

/// The id of the API key, which is known further inside only.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallerSlot(Arc<OnceLock<String>>);

impl CallerSlot {
    pub(crate) fn set(&self, id: &str) {
        // There is one caller; the first is the same as the second.
        let _ = self.0.set(id.to_owned());
    }
}

/// The layer that names each request, logs and counts it.
pub(crate) async fn observe(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let address = Address::of(&request, &app.limits.trusted_proxies);
    let mut seen = Seen::new(app, &request, id.clone(), address);
    request.extensions_mut().insert(seen.caller.clone());
    if let Some(address) = address {
        request.extensions_mut().insert(address);
    }
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    seen.answered(&response);
    response
}

/// The caller's, where it is short and plain: it stands in logs.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(plain);
    given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// A request, as it is logged when it ends: when it is dropped, as it is where the caller goes away.
struct Seen {
    app: Arc<App>,
    id: String,
    method: &'static str,
    path: String,
    address: Option<Address>,
    caller: CallerSlot,
    begun: Instant,
    answer: Option<(StatusCode, Option<Cause>)>,
}

impl Seen {
    fn new(app: Arc<App>, request: &Request, id: String, address: Option<Address>) -> Self {
        let pattern = request.extensions().get::<MatchedPath>();
        Self {
            app,
            id,
            method: method(request.method()),
            path: pattern.map_or(NO_PATH, MatchedPath::as_str).to_owned(),
            address,
            caller: CallerSlot::default(),
            begun: Instant::now(),
            answer: None,
        }
    }

    fn answered(&mut self, response: &Response) {
        self.answer = Some((response.status(), response.extensions().get::<Cause>().cloned()));
    }
}

/// Others may be written in any way, and each would be counted by itself.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => NO_METHOD,
    }
}

/// To the microsecond.
fn milliseconds(took: Duration) -> f64 {
    f64::from(u32::try_from(took.as_micros()).unwrap_or(u32::MAX)) / 1e3
}

impl Drop for Seen {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        let status = self.answer.as_ref().map_or(NOT_ANSWERED, |(status, _)| status.as_u16());
        self.app.telemetry.answered(self.method, &self.path, status, took);
        let cause = self.answer.as_ref().and_then(|(_, cause)| cause.as_ref()).map(|Cause(cause)| cause.as_ref());
        let address = self.address.map(|Address(address)| address.to_string());
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    request_id = self.id,
                    method = self.method,
                    path = self.path,
                    status,
                    duration_ms = milliseconds(took),
                    caller = self.caller.0.get(),
                    address,
                    cause,
                    "request"
                )
            };
        }
        match status {
            500 => line!(error),
            501.. => line!(warn),
            _ => line!(info),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use super::*;

    fn id_for(given: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_bytes(given).expect("a value"));
        request_id(&headers)
    }

    #[test]
    fn a_plain_id_is_kept() {
        for id in ["a", "Az09._-", &"x".repeat(64)] {
            assert_eq!(id_for(id.as_bytes()), id);
        }
    }

    #[test]
    fn another_id_is_not_repeated() {
        for given in ["", "a b", "a\"b", "{}", "\u{e9}", "a/b", &"x".repeat(65)] {
            let id = id_for(given.as_bytes());
            assert_eq!(Uuid::parse_str(&id).map(|id| id.get_version_num()), Ok(7), "{given:?}");
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
