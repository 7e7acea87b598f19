//! Moments that a user may name.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

/// When a task should be done: a moment of the years 1970 to 2200, in microseconds.
pub type DueTime = DateTime<Utc>;

/// Years that users may name.
pub const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

/// A moment out of bounds, or none at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a time between the years {} and {}", YEARS.start(), YEARS.end())]
pub struct InvalidTime;

/// Checks a time that a user names.
pub fn check_time(time: DateTime<Utc>) -> Result<DateTime<Utc>, InvalidTime> {
    match YEARS.contains(&time.year()) {
        true => Ok(time),
        false => Err(InvalidTime),
    }
}

/// Reads a date that a user names; none if it is none or out of bounds.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    // The parser also takes shorter spellings.
    let is_exact = date.to_string() == text;
    (is_exact && YEARS.contains(&date.year())).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_moment_are_allowed() {
        let check = |seconds| check_time(DateTime::from_timestamp(seconds, 0).unwrap());
        let last = DateTime::parse_from_rfc3339("2200-12-31T23:59:59Z")
            .unwrap()
            .timestamp();
        assert!(check(0).is_ok() && check(last).is_ok());
        assert_eq!(check(-1), Err(InvalidTime));
        assert_eq!(check(last + 1), Err(InvalidTime));
    }
}
