//! Answers that nobody is sent who has them already.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::digest::sha256;

/// The answer, or 304 where the caller has it (RFC 9110 §15.4.5). The tag is a strong one: it is of the bytes that are
/// sent (§8.8.1).
pub(crate) fn tagged(asked: &HeaderMap, content_type: &'static str, body: Vec<u8>) -> Response {
    let tag = format!("\"{}\"", sha256(&body));
    if is_known(asked, &tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    ([(header::ETAG, tag)], [(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// Whether the caller has this version already (RFC 9110 §8.8.3.2 and §13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|tags| tags.split(',')).map(str::trim);
    // The comparison is the weak one: a proxy may have weakened the tag.
    known.any(|known| known == "*" || opaque(known) == opaque(tag))
}

/// A tag without the mark of a weak one.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let is_known = |values: &[&'static str], tag| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            }
            super::is_known(&headers, tag)
        };
        for (ours, weak) in [("\"x\"", "W/\"x\""), ("W/\"x\"", "\"x\"")] {
            assert!(is_known(&[ours], ours) && is_known(&[weak], ours));
            assert!(is_known(&["\"a\" , W/\"x\""], ours) && is_known(&["\"a\"", weak], ours));
            assert!(is_known(&["*"], ours));
            assert!(!is_known(&["\"a\", x, w/\"x\""], ours) && !is_known(&[], ours));
        }
    }
}
