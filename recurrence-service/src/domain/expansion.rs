//! From a rule and a start to local times, period by period, in no time zone at all.
//!
//! A rule cuts time into periods (days, weeks, months, years) counted from the one that holds the start; INTERVAL says which
//! of them count. The days of a period that pass the BY parts, each at every time of day, are its candidates, and BYSETPOS
//! chooses among them. Any period can be reached at once, so an old series is as quick as a new one.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};

use super::calendar::{
    first_of_month, first_of_week, first_of_week_year, first_of_year, month, week, week_year,
};
use super::day_filter::DayFilter;
use super::{Frequency, Parts};

/// A rule that has been given a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expansion {
    start: NaiveDateTime,
    /// Times of day of the occurrences, in order.
    times: Vec<NaiveTime>,
    /// The number of the period from which INTERVAL counts.
    base: i32,
    /// With the parts that the rule leaves open filled in from the start.
    parts: Parts,
    week_start: Weekday,
}

impl Expansion {
    pub(super) fn new(parts: &Parts, start: NaiveDateTime) -> Self {
        let mut expansion = Self {
            start,
            times: times(parts, start.time()),
            base: 0,
            parts: filled_in(parts.clone(), start.date()),
            week_start: parts.week_start.unwrap_or(Weekday::Mon),
        };
        expansion.base = expansion.base();
        expansion
    }

    /// Returns the local times from `from` to `until`, both included, in order, and none before the start. COUNT and UNTIL play
    /// no part in it.
    pub(super) fn between(
        &self,
        from: NaiveDateTime,
        until: NaiveDateTime,
    ) -> impl DoubleEndedIterator<Item = NaiveDateTime> {
        let from = from.max(self.start);
        let interval = self.parts.interval;
        let first = (self.period(from.date()) - self.base + interval - 1).div_euclid(interval);
        let last = (self.period(until.date()) - self.base).div_euclid(interval);
        (first..last + 1)
            .flat_map(move |step| self.period_times(self.base + step * interval))
            .filter(move |local| (from..=until).contains(local))
    }

    /// Returns the period that holds the start. Near new year a date may lie in a week of another year: that year counts if the
    /// start is one of its dates, and otherwise the year on the calendar.
    fn base(&self) -> i32 {
        let start = self.start.date();
        let period = self.period(start);
        let has_start = |number| {
            let mut times = self.period_times(number).into_iter();
            times.any(|local| local.date() == start)
        };
        if self.has_weeks() && !has_start(period) {
            return start.year();
        }
        period
    }

    /// Returns the number of the period that holds a date; consecutive periods have consecutive numbers.
    fn period(&self, date: NaiveDate) -> i32 {
        match self.parts.frequency {
            Frequency::Daily => date.num_days_from_ce(),
            Frequency::Weekly => week(date, self.week_start),
            Frequency::Monthly => month(date),
            // Weeks belong to years as a whole, so a rule with BYWEEKNO takes the years that weeks make up.
            Frequency::Yearly if self.has_weeks() => week_year(date, self.week_start),
            Frequency::Yearly => date.year(),
        }
    }

    fn first_of_period(&self, number: i32) -> Option<NaiveDate> {
        match self.parts.frequency {
            Frequency::Daily => NaiveDate::from_num_days_from_ce_opt(number),
            Frequency::Weekly => first_of_week(number, self.week_start),
            Frequency::Monthly => first_of_month(number),
            Frequency::Yearly if self.has_weeks() => first_of_week_year(number, self.week_start),
            Frequency::Yearly => first_of_year(number),
        }
    }

    fn has_weeks(&self) -> bool {
        !self.parts.week_numbers.is_empty()
    }

    fn period_times(&self, number: i32) -> Vec<NaiveDateTime> {
        let (Some(first), Some(end)) = (
            self.first_of_period(number),
            self.first_of_period(number + 1),
        ) else {
            return Vec::new();
        };
        let filter = DayFilter::new(&self.parts, first, end);
        let candidates = first
            .iter_days()
            .take_while(|day| *day < end)
            .filter(|day| filter.lets_through(*day))
            .flat_map(|day| self.times.iter().map(move |time| day.and_time(*time)))
            .collect();
        choose(candidates, &self.parts.positions)
    }
}

/// Returns the times of day that BYHOUR, BYMINUTE and BYSECOND name; the start says what they leave open.
fn times(parts: &Parts, start: NaiveTime) -> Vec<NaiveTime> {
    let or_start = |values: &[u32], start| match values {
        [] => vec![start],
        values => values.to_vec(),
    };
    let minutes = or_start(&parts.minutes, start.minute());
    let seconds = or_start(&parts.seconds, start.second());
    let mut times = Vec::new();
    for hour in or_start(&parts.hours, start.hour()) {
        for minute in &minutes {
            for second in &seconds {
                times.extend(NaiveTime::from_hms_opt(hour, *minute, *second));
            }
        }
    }
    times.sort_unstable();
    times.dedup();
    times
}

/// Fills in what the rule leaves open: a weekly rule that names no day means the start's weekday, and so on.
fn filled_in(mut parts: Parts, start: NaiveDate) -> Parts {
    let names_no_day =
        parts.days.is_empty() && parts.month_days.is_empty() && parts.year_days.is_empty();
    if !names_no_day {
        return parts;
    }
    match parts.frequency {
        Frequency::Daily => {}
        Frequency::Weekly => parts.days = vec![start.weekday().into()],
        Frequency::Yearly if !parts.week_numbers.is_empty() => {
            parts.days = vec![start.weekday().into()];
        }
        Frequency::Monthly | Frequency::Yearly => {
            parts.month_days = vec![start.day().cast_signed()];
            if parts.frequency == Frequency::Yearly && parts.months.is_empty() {
                parts.months = vec![start.month().cast_signed()];
            }
        }
    }
    parts
}

/// Keeps the candidates at these positions (from 1, or from -1 at the end); all of them if there are no positions.
fn choose(candidates: Vec<NaiveDateTime>, positions: &[i32]) -> Vec<NaiveDateTime> {
    if positions.is_empty() {
        return candidates;
    }
    let count = candidates.len();
    candidates
        .into_iter()
        .zip(1..)
        .filter(|(_, position)| {
            let from_end = position - i32::try_from(count).unwrap_or(i32::MAX) - 1;
            positions.contains(position) || positions.contains(&from_end)
        })
        .map(|(local, _)| local)
        .collect()
}
