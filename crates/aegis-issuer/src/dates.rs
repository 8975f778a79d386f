//! Dates as people write them, as Unix seconds.
//!
//! Ends are exclusive everywhere in AEGIS. A date that ends something means *through the end of that day, UTC*: the
//! instant is 00:00 UTC of the next day. A date that begins something means 00:00 UTC of that day.

use aegis_core::{MAX_TIME, day_start};
use chrono::DateTime;

use crate::Error;

/// Seconds in a day.
pub const DAY: i64 = 86_400;

/// Reads a time at which something ends: `2027-03-01` is 2027-03-02T00:00:00Z; an RFC 3339 instant is itself.
///
/// # Errors
/// [`Error::BadDate`] or [`Error::TimeOutOfRange`].
pub fn parse_end(text: &str) -> Result<i64, Error> {
    match day_start(text) {
        Some(start) => days_after(start, 1),
        None => parse_instant(text),
    }
}

/// Reads a time at which something begins: `2027-03-01` is 2027-03-01T00:00:00Z; an RFC 3339 instant is itself.
///
/// # Errors
/// [`Error::BadDate`] or [`Error::TimeOutOfRange`].
pub fn parse_start(text: &str) -> Result<i64, Error> {
    match day_start(text) {
        Some(start) => in_range(start),
        None => parse_instant(text),
    }
}

/// The instant `days` times 24 hours after `start`.
///
/// # Errors
/// [`Error::TimeOutOfRange`].
pub fn days_after(start: i64, days: u32) -> Result<i64, Error> {
    in_range(start.saturating_add(i64::from(days) * DAY))
}

/// `2027-03-02T00:00:00Z` for Unix seconds; the bare number when it is out of range.
#[must_use]
pub fn format_utc(time: i64) -> String {
    match DateTime::from_timestamp(time, 0) {
        Some(instant) if (0..=MAX_TIME).contains(&time) => instant.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        _ => time.to_string(),
    }
}

pub(crate) fn in_range(time: i64) -> Result<i64, Error> {
    if (0..=MAX_TIME).contains(&time) { Ok(time) } else { Err(Error::TimeOutOfRange) }
}

fn parse_instant(text: &str) -> Result<i64, Error> {
    let instant = DateTime::parse_from_rfc3339(text).map_err(|_| Error::BadDate(shorten(text)))?;
    // Tokens carry whole seconds; a fraction (or a leap second, which chrono keeps there) would silently be lost.
    if instant.timestamp_subsec_nanos() == 0 {
        in_range(instant.timestamp())
    } else {
        Err(Error::BadDate(shorten(text)))
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_end_date_runs_through_the_end_of_that_day_utc() {
        assert_eq!(format_utc(parse_end("2027-03-01").unwrap()), "2027-03-02T00:00:00Z");
        assert_eq!(format_utc(parse_end("2027-12-31").unwrap()), "2028-01-01T00:00:00Z");
        assert_eq!(format_utc(parse_end("2028-02-28").unwrap()), "2028-02-29T00:00:00Z");
    }

    #[test]
    fn a_start_date_is_midnight_utc() {
        assert_eq!(parse_start("1970-01-01").unwrap(), 0);
        assert_eq!(format_utc(parse_start("2027-03-01").unwrap()), "2027-03-01T00:00:00Z");
    }

    #[test]
    fn an_instant_is_taken_as_it_is_with_its_offset() {
        assert_eq!(parse_end("2027-03-01T12:00:00Z").unwrap(), parse_start("2027-03-01T13:00:00+01:00").unwrap());
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2027-3-1",
            "01.03.2027",
            "2027-02-29",
            "2027-13-01",
            "+2027-03-0",
            "2027-03-01 ",
            "2027-03-01T12:00:00",
        ] {
            assert!(matches!(parse_end(text), Err(Error::BadDate(_))), "{text}");
        }
    }

    #[test]
    fn fractions_and_leap_seconds_are_refused() {
        assert!(matches!(parse_end("2027-03-01T12:00:00.5Z"), Err(Error::BadDate(_))));
        assert!(matches!(parse_end("2016-12-31T23:59:60Z"), Err(Error::BadDate(_))));
    }

    #[test]
    fn times_before_1970_and_after_9999_are_refused() {
        assert!(matches!(parse_start("1969-12-31"), Err(Error::TimeOutOfRange)));
        assert!(matches!(parse_end("9999-12-31"), Err(Error::TimeOutOfRange)));
        assert!(matches!(days_after(MAX_TIME, 1), Err(Error::TimeOutOfRange)));
        assert!(days_after(0, u32::MAX).is_err());
    }

    #[test]
    fn days_are_24_hours_each() {
        assert_eq!(days_after(1_000, 30).unwrap(), 1_000 + 30 * DAY);
    }
}
