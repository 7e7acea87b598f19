//! The 29th to the 31st, leap days, and the ways to say "last day".

use super::fixtures::{dates, listed, series, try_series};
use crate::domain::{Anchor, SeriesError};

/// Rule, start, the first dates.
const CASES: [(&str, &str, &str); 12] = [
    (
        "FREQ=MONTHLY",
        "2026-01-31",
        "2026-01: 31; 2026-03: 31; 2026-05: 31; 2026-07: 31; 2026-08: 31",
    ),
    (
        "FREQ=MONTHLY",
        "2027-12-29",
        "2027-12: 29; 2028-01: 29; 2028-02: 29; 2028-03: 29",
    ),
    (
        "FREQ=MONTHLY",
        "2026-12-29",
        "2026-12: 29; 2027-01: 29; 2027-03: 29",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "2026-01-31",
        "2026-01: 31; 2026-02: 28; 2026-03: 31; 2026-04: 30",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        "2028-01-31",
        "2028-01: 31; 2028-02: 29; 2028-03: 31; 2028-04: 30",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-31",
        "2026-01-01",
        "2026-01: 1; 2026-03: 1; 2026-05: 1",
    ),
    (
        "FREQ=YEARLY",
        "2024-02-29",
        "2024-02: 29; 2028-02: 29; 2032-02: 29",
    ),
    (
        "FREQ=YEARLY",
        "2096-02-29",
        "2096-02: 29; 2104-02: 29; 2108-02: 29",
    ),
    (
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
        "2026-02-28",
        "2026-02: 28; 2027-02: 28; 2028-02: 29; 2029-02: 28",
    ),
    (
        "FREQ=YEARLY;BYYEARDAY=366",
        "2026-01-01",
        "2028-12: 31; 2032-12: 31",
    ),
    (
        "FREQ=YEARLY;BYYEARDAY=-1,60",
        "2027-01-01",
        "2027-03: 1; 2027-12: 31; 2028-02: 29; 2028-12: 31",
    ),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "2026-01-01",
        "2026-01: 30; 2026-02: 27; 2026-03: 31; 2026-04: 30; 2026-05: 29",
    ),
];

/// The classes of rules that expanders often get wrong.
const SUBTLE: [(&str, &str, &str); 10] = [
    // Plain and numbered weekdays together are a union.
    (
        "FREQ=MONTHLY;BYDAY=SA,3FR",
        "2026-01-01",
        "2026-01: 3 10 16 17 24 31; 2026-02: 7 14 20",
    ),
    // The whole week is chosen from, also the days before the start.
    (
        "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1",
        "2026-01-07",
        "2026-01: 12 19 26",
    ),
    // A week without a weekday means the start's.
    (
        "FREQ=YEARLY;BYWEEKNO=20",
        "2026-01-01",
        "2026-05: 14; 2027-05: 20; 2028-05: 18",
    ),
    // Week 1 of 2026 begins in December 2025.
    (
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO",
        "2025-01-05",
        "2025-12: 29; 2027-01: 4; 2028-01: 3; 2029-01: 1; 2029-12: 31",
    ),
    // The first year is the calendar's, unless the start is a date of the other year's first or last week.
    (
        "FREQ=YEARLY;INTERVAL=4;BYWEEKNO=28;BYDAY=TH",
        "2021-01-01",
        "2021-07: 15; 2025-07: 10",
    ),
    (
        "FREQ=YEARLY;INTERVAL=4;BYWEEKNO=1;BYDAY=MO",
        "2024-12-30",
        "2024-12: 30; 2029-01: 1; 2033-01: 3",
    ),
    // Only some years have a week 53; the last week is 52 or 53.
    (
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR",
        "2020-06-01",
        "2021-01: 1; 2027-01: 1; 2032-12: 31",
    ),
    (
        "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU",
        "2020-06-01",
        "2021-01: 3; 2022-01: 2; 2023-01: 1; 2023-12: 31",
    ),
    (
        "FREQ=MONTHLY;BYDAY=-5MO",
        "2026-01-01",
        "2026-03: 2; 2026-06: 1; 2026-08: 3",
    ),
    (
        "FREQ=YEARLY;BYDAY=-53TH",
        "2026-01-01",
        "2026-01: 1; 2032-01: 1; 2037-01: 1",
    ),
];

#[test]
fn months_and_years_without_the_day_are_skipped() {
    for (text, start, expected) in CASES {
        let expected = listed(expected);
        let found = dates(text, &format!("{start}T09:00:00"), expected.len());
        assert_eq!(found, expected, "{text} from {start}");
    }
}

#[test]
fn rules_that_expanders_get_wrong_have_the_dates_that_rfc_5545_means() {
    for (text, start, expected) in SUBTLE {
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
fn the_first_date_may_take_up_to_a_hundred_years() {
    let rare = series(
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "UTC",
        "2072-03-01T09:00:00",
    );
    assert_eq!(rare.first().local.date().to_string(), "2112-02-29");
}
