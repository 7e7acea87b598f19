//! Whether a day of a period passes the BY parts of a rule.

use chrono::{Datelike, NaiveDate};

use super::{ByDay, Frequency, Parts};

/// The BY parts of a rule within one of its periods.
pub(super) struct DayFilter<'a> {
    parts: &'a Parts,
    first: NaiveDate,
    weeks: i32,
}

impl<'a> DayFilter<'a> {
    /// Looks at the period from `first` to the day before `end`.
    pub(super) fn new(parts: &'a Parts, first: NaiveDate, end: NaiveDate) -> Self {
        let weeks = (end.num_days_from_ce() - first.num_days_from_ce()) / 7;
        Self {
            parts,
            first,
            weeks,
        }
    }

    /// Returns whether a day of the period passes; a part that is absent lets every day pass.
    pub(super) fn lets_through(&self, day: NaiveDate) -> bool {
        let Parts {
            months,
            week_numbers,
            year_days,
            month_days,
            days,
            ..
        } = self.parts;
        (months.is_empty() || months.contains(&day.month().cast_signed()))
            && (week_numbers.is_empty() || self.week_is_among(week_numbers, day))
            && (year_days.is_empty() || is_among(year_days, year_day(day), year_length(day)))
            && (month_days.is_empty() || is_among(month_days, month_day(day), month_length(day)))
            && (days.is_empty() || days.iter().any(|by_day| self.is_such_a_day(*by_day, day)))
    }

    fn week_is_among(&self, week_numbers: &[i32], day: NaiveDate) -> bool {
        let week = (day.num_days_from_ce() - self.first.num_days_from_ce()) / 7 + 1;
        is_among(week_numbers, week, self.weeks)
    }

    fn is_such_a_day(&self, by_day: ByDay, day: NaiveDate) -> bool {
        let ByDay { nth, weekday } = by_day;
        if day.weekday() != weekday {
            return false;
        }
        let Some(nth) = nth else {
            return true;
        };
        // RFC 5545: the number counts within the month if the rule names months, and otherwise within the rule's own period.
        let within_month =
            self.parts.frequency == Frequency::Monthly || !self.parts.months.is_empty();
        let (day_number, length) = if within_month {
            (month_day(day), month_length(day))
        } else {
            (year_day(day), year_length(day))
        };
        let from_start = (day_number - 1) / 7 + 1;
        let from_end = -((length - day_number) / 7 + 1);
        nth == from_start || nth == from_end
    }
}

/// Returns whether the nth of `length` is among numbers that count from the start or, negative, from the end.
fn is_among(numbers: &[i32], nth: i32, length: i32) -> bool {
    numbers.contains(&nth) || numbers.contains(&(nth - length - 1))
}

fn month_day(day: NaiveDate) -> i32 {
    day.day().cast_signed()
}

fn month_length(day: NaiveDate) -> i32 {
    day.num_days_in_month().into()
}

fn year_day(day: NaiveDate) -> i32 {
    day.ordinal().cast_signed()
}

fn year_length(day: NaiveDate) -> i32 {
    if day.leap_year() { 366 } else { 365 }
}
