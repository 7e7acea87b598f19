//! Moments that a user may name.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

/// When a task should be done: a moment of the years 1970 to 2200, in microseconds.
pub type DueTime = DateTime<Utc>;

const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

/// A moment out of bounds, or none at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a time between the years {} and {}", YEARS.start(), YEARS.end())]
pub struct InvalidTime;

/// Reads a moment that a user names, from seconds since 1970 and nanoseconds.
pub fn parse_time(seconds: i64, nanoseconds: i32) -> Result<DateTime<Utc>, InvalidTime> {
    moment(seconds, nanoseconds)
        .filter(|time| YEARS.contains(&time.year()))
        .ok_or(InvalidTime)
}

/// Reads a date that a user names; none if it is none or out of bounds.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    // The parser also takes shorter spellings.
    let is_exact = date.to_string() == text;
    (is_exact && YEARS.contains(&date.year())).then_some(date)
}

/// Reads any moment before the year 10000, such as the far end of a series; what is finer than a microsecond is cut off, as it
/// is in the table.
pub fn moment(seconds: i64, nanoseconds: i32) -> Option<DateTime<Utc>> {
    let nanoseconds = u32::try_from(nanoseconds)
        .ok()
        .filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
    DateTime::from_timestamp(seconds, nanoseconds / 1_000 * 1_000)
        .filter(|time| (1..10_000).contains(&time.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_moment_are_allowed() {
        let last = DateTime::parse_from_rfc3339("2200-12-31T23:59:59Z")
            .unwrap()
            .timestamp();
        assert!(parse_time(0, 0).is_ok());
        assert!(parse_time(last, 999_999_999).is_ok());
        assert_eq!(parse_time(-1, 0), Err(InvalidTime));
        assert_eq!(parse_time(last + 1, 0), Err(InvalidTime));
        assert_eq!(parse_time(i64::MAX, 0), Err(InvalidTime));
        assert_eq!(parse_time(i64::MIN, 0), Err(InvalidTime));
    }

    #[test]
    fn a_series_may_reach_beyond_what_users_name() {
        let beyond = DateTime::parse_from_rfc3339("2201-01-01T00:00:00Z").unwrap();
        assert_eq!(moment(beyond.timestamp(), 0), Some(beyond.to_utc()));
        assert_eq!(moment(i64::MAX, 0), None);
    }

    #[test]
    fn nanoseconds_outside_a_second_are_refused() {
        assert_eq!(parse_time(1, -1), Err(InvalidTime));
        assert_eq!(parse_time(1, 1_000_000_000), Err(InvalidTime));
    }

    #[test]
    fn a_moment_is_cut_to_microseconds() {
        assert_eq!(
            parse_time(1, 1_999).unwrap().timestamp_subsec_nanos(),
            1_000
        );
    }
}
