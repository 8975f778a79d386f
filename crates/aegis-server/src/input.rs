//! Reading requests: strictly, and with a problem document for what cannot be read.

use std::error::Error;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use chrono::{DateTime, Datelike as _, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Deserializer};
use serde_json::Number;
use serde_path_to_error::Segment;

use crate::Problem;

/// Rows of a page, where nothing else is asked for.
pub(crate) const USUAL_PAGE: u64 = 50;

/// Rows of a page, at most.
pub(crate) const LARGEST_PAGE: u64 = 200;

/// A body of JSON.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::unsupported_media_type()),
            Err(JsonRejection::BytesRejection(rejection)) if rejection.status() == 413 => Err(Problem::too_large()),
            Err(rejection) => Err(unreadable::<serde_json::Error>(&rejection)),
        }
    }
}

/// What of serde's words for an error are followed by what was sent.
const QUOTING: [&str; 5] = ["invalid type", "invalid value", "invalid length", "unknown field", "unknown variant"];

/// Says where and why a request cannot be read, and nothing of what was sent: it may be a token.
fn unreadable<E: Error + 'static>(rejection: &(dyn Error + 'static)) -> Problem {
    let mut cause = Some(rejection);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<serde_path_to_error::Error<E>>() {
            let place = place_of(found.path()).map_or_else(String::new, |place| format!("{place}: "));
            return Problem::bad_request(place + &without_input(&found.inner().to_string()));
        }
        if let Some(found) = error.downcast_ref::<E>() {
            return Problem::bad_request(without_input(&found.to_string()));
        }
        cause = error.source();
    }
    Problem::bad_request("it ends early, or is not of the form that is described")
}

/// What serde says, up to what was sent, and what it expected: that comes last, and is ours.
fn without_input(message: &str) -> String {
    let Some(kind) = QUOTING.iter().find(|kind| message.starts_with(**kind)) else { return message.to_owned() };
    message
        .rsplit_once(", expected ")
        .map_or_else(|| (*kind).to_owned(), |(_, ours)| format!("{kind}, expected {ours}"))
}

/// The path of a member, where all that it passes are called like members.
fn place_of(path: &serde_path_to_error::Path) -> Option<String> {
    let is_name = |name: &str| name.len() <= 32 && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    let is_plain = |segment: &Segment| match segment {
        Segment::Map { key } => is_name(key),
        Segment::Enum { variant } => is_name(variant),
        Segment::Seq { .. } | Segment::Unknown => true,
    };
    Some(path.to_string()).filter(|_| path.iter().next().is_some() && path.iter().all(is_plain))
}

/// A whole number that may be left out. In JSON Schema 30.0 is the same number as 30, and some callers write it so.
pub(crate) fn whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(input: D) -> Result<Option<T>, D::Error> {
    Option::<Number>::deserialize(input)?.as_ref().map(integer).transpose()
}

/// A whole number, likewise.
pub(crate) fn whole_number<'de, D: Deserializer<'de>, T: TryFrom<i64>>(input: D) -> Result<T, D::Error> {
    integer(&Number::deserialize(input)?)
}

fn integer<T: TryFrom<i64>, E: serde::de::Error>(number: &Number) -> Result<T, E> {
    // What is beyond 64 bits is no number of days, users or seconds either.
    let float =
        || number.as_f64().filter(|float| float.fract() == 0.0).and_then(|float| format!("{float}").parse().ok());
    let integer = number.as_i64().or_else(float).and_then(|integer| T::try_from(integer).ok());
    integer.ok_or_else(|| E::custom("this is no whole number, or out of range"))
}

/// What stands after the question mark.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|rejection| unreadable::<serde::de::value::Error>(&rejection))
    }
}

/// The id in a path.
#[derive(Debug)]
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        // A database may not take it, and there is nothing by that name.
        if id.contains('\0') { Err(Problem::not_found("there is nothing with this id")) } else { Ok(Self(id)) }
    }
}

/// How many rows a page has.
pub(crate) fn page_size(limit: Option<u64>) -> Result<u64, Problem> {
    match limit {
        None => Ok(USUAL_PAGE),
        Some(limit @ 1..=LARGEST_PAGE) => Ok(limit),
        Some(_) => Err(Problem::invalid("limit", "a page has 1 to 200 rows", "ask for fewer, and for the next page")),
    }
}

/// Where a page begins, as the page before said.
pub(crate) fn place(cursor: Option<&str>) -> Result<Option<i64>, Problem> {
    let parse = |cursor: &str| cursor.parse::<i64>().ok().filter(|place| *place >= 0);
    let bad = || Problem::invalid("cursor", "this is no cursor", "take `next` of the page before, as it is");
    cursor.map(|cursor| parse(cursor).ok_or_else(bad)).transpose()
}

/// A text to look for. A database may not take every character, and nothing is called so.
pub(crate) fn check_filter(member: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    match text {
        Some(text) if text.contains('\0') => {
            Err(Problem::invalid(member, "it has a character that no name has", "leave it out"))
        }
        text => Ok(text),
    }
}

/// A time to look for. A database may not take every year, nor compare it.
pub(crate) fn check_time(member: &str, time: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, Problem> {
    match time {
        Some(time) if !(1970..=9999).contains(&time.year()) => {
            Err(Problem::invalid(member, "it is not in the years 1970 to 9999", "leave it out, or correct the year"))
        }
        time => Ok(time),
    }
}

/// A text that people read: not empty, not long, on one line.
pub(crate) fn check_text(member: &str, text: &str, longest: usize) -> Result<(), Problem> {
    if text.trim().is_empty() || text.chars().count() > longest || text.chars().any(char::is_control) {
        let detail = format!("1 to {longest} characters on one line are meant");
        return Err(Problem::invalid(member, detail, "shorten it, or leave out line breaks and control characters"));
    }
    Ok(())
}
