//! Calendar arithmetic with weeks that start on any weekday.

use chrono::{Datelike, NaiveDate, Weekday};

/// Returns the number of the week that holds a date; consecutive weeks have consecutive numbers.
pub(super) fn week(date: NaiveDate, week_start: Weekday) -> i32 {
    (date.num_days_from_ce() - first_week_start(week_start)).div_euclid(7)
}

/// Returns the first day of the week with this number; absent outside the calendar.
pub(super) fn first_of_week(week: i32, week_start: Weekday) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(week * 7 + first_week_start(week_start))
}

/// Returns the first day of week 1 of a year: the first week with at least four days in it, so the one with 4 January.
pub(super) fn first_of_week_year(year: i32, week_start: Weekday) -> Option<NaiveDate> {
    let fourth = NaiveDate::from_ymd_opt(year, 1, 4)?;
    first_of_week(week(fourth, week_start), week_start)
}

/// Returns the year to whose weeks a date belongs, which near new year may be another than its own.
pub(super) fn week_year(date: NaiveDate, week_start: Weekday) -> i32 {
    let begun = |year| first_of_week_year(year, week_start).is_some_and(|first| first <= date);
    let year = date.year();
    match (begun(year), begun(year + 1)) {
        (false, _) => year - 1,
        (true, false) => year,
        (true, true) => year + 1,
    }
}

/// Returns the number of the month that holds a date; consecutive months have consecutive numbers.
pub(super) fn month(date: NaiveDate) -> i32 {
    date.year() * 12 + date.month0().cast_signed()
}

/// Returns the first day of the month with this number; absent outside the calendar.
pub(super) fn first_of_month(month: i32) -> Option<NaiveDate> {
    let month0 = month.rem_euclid(12).cast_unsigned();
    NaiveDate::from_ymd_opt(month.div_euclid(12), month0 + 1, 1)
}

/// Returns the first day of a year; absent outside the calendar.
pub(super) fn first_of_year(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, 1, 1)
}

/// The first of January of the year 1, day 1 of the calendar, was a Monday.
fn first_week_start(week_start: Weekday) -> i32 {
    1 + week_start.num_days_from_monday().cast_signed()
}
