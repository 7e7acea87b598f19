//! The 29th to the 31st, leap days, and the ways to say "last day".

use super::fixtures::{cases, dates, listed, series, try_series};
use crate::domain::{Anchor, SeriesError};

#[test]
fn rules_have_the_dates_that_rfc_5545_means() {
    for [text, start, expected] in cases(include_str!("cases/first_dates.txt")) {
        let expected = listed(expected);
        let found = dates(text, &format!("{start}T09:00:00"), expected.len());
        assert_eq!(found, expected, "{text} from {start}");
    }
}

#[test]
fn a_rule_that_never_happens_is_refused() {
    for text in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=4",
        "FREQ=DAILY;BYMONTH=1;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=FR",
        "FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1",
        "FREQ=YEARLY;BYMONTH=1;BYDAY=6MO",
    ] {
        let error = try_series(text, "UTC", "2026-01-01T09:00:00", Anchor::Schedule).unwrap_err();
        assert_eq!(error, SeriesError::NeverHappens, "{text}");
        assert!(error.to_string().contains("never happens"));
    }
}

#[test]
fn first_date_may_take_a_hundred_years() {
    let rare = series(
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "UTC",
        "2072-03-01T09:00:00",
    );
    assert_eq!(rare.first().local.date().to_string(), "2112-02-29");
}
