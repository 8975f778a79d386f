//! Headers that every answer has, and what web pages of others may do.

use std::str::FromStr;
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::CorsLayer;

use crate::BadSetting;
use crate::app::LARGEST_BODY;
use crate::request_log::REQUEST_ID;

/// How long a browser may keep what it was told about [`cors`].
const KEPT: Duration = Duration::from_hours(1);

/// Where web pages come from that may use the API from a browser: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = BadSetting;

    /// As browsers write it (RFC 6454 §6.2): another way of writing would never be the same.
    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let bad = || BadSetting::Origin(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| bad())?;
        let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(bad()) };
        let same = format!("{}://{authority}", uri.scheme_str().unwrap_or_default());
        let plain = text == same.to_lowercase() && !text.contains(['@', '*']);
        HeaderValue::from_str(text).ok().filter(|_| plain).map(Self).ok_or_else(bad)
    }
}

/// The layer that lets web pages of these origins use the API. Cookies are not used, so none are let through.
pub(crate) fn cors(origins: &[Origin]) -> CorsLayer {
    let api_key = HeaderName::from_static("x-api-key");
    let idempotency_key = HeaderName::from_static("idempotency-key");
    let asked =
        [header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_NONE_MATCH, api_key, idempotency_key, REQUEST_ID];
    CorsLayer::new()
        .allow_origin(origins.iter().map(|Origin(origin)| origin.clone()).collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(asked)
        .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER, REQUEST_ID])
        .max_age(KEPT)
}

/// The layer that adds the headers. What a handler said about caching stands.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let is_unread = request.body().size_hint().lower() > LARGEST_BODY as u64;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if is_unread {
        // The next request would stand behind a body that nobody reads.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Who has a tag may keep the answer, and has to ask whether it still stands.
    let caching = if headers.contains_key(header::ETAG) { "private, no-cache" } else { "no-store" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(caching));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        for text in ["https://shop.example", "http://localhost:8080", "https://[::1]:1"] {
            assert!(text.parse::<Origin>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "shop.example",
            "https://*.example",
            "https://shop.example/",
            "https://shop.example/path",
            "https://Shop.example",
            "https://user@shop.example",
            "ftp://shop.example",
            "https://a.example,https://b.example",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(BadSetting::Origin(text.to_owned())));
        }
    }
}
