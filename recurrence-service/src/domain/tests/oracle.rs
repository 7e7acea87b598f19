//! The same dates by brute force: every day of every year is asked, and every number is counted out. It shares nothing with the
//! expansion but the parsed rule.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};

use crate::domain::{ByDay, Frequency, Parts};

/// Returns the local times of an anchored rule up to another one, without COUNT and UNTIL.
pub(super) fn times(
    parts: &Parts,
    start: NaiveDateTime,
    until: NaiveDateTime,
) -> Vec<NaiveDateTime> {
    let date = start.date();
    let mut found = times_from(parts, start, until, year_of_week(parts, date));
    let has_start = found.iter().any(|local| local.date() == date);
    if !parts.week_numbers.is_empty() && !has_start {
        found = times_from(parts, start, until, start.year());
    }
    found.retain(|local| (start..=until).contains(local));
    found
}

/// The times of every day, where the start says what the rule leaves open.
fn times_of_day(parts: &Parts, start: NaiveDateTime) -> Vec<NaiveTime> {
    let among = |list: &[u32], value: u32, start: u32| {
        list.contains(&value) || list.is_empty() && value == start
    };
    let mut times = Vec::new();
    for hour in (0..24).filter(|hour| among(&parts.hours, *hour, start.hour())) {
        for minute in (0..60).filter(|minute| among(&parts.minutes, *minute, start.minute())) {
            for second in (0..60).filter(|second| among(&parts.seconds, *second, start.second())) {
                times.push(NaiveTime::from_hms_opt(hour, minute, second).unwrap());
            }
        }
    }
    times
}

/// The same for rules with week numbers whose first year is this one.
fn times_from(
    parts: &Parts,
    start_time: NaiveDateTime,
    until: NaiveDateTime,
    first_year: i32,
) -> Vec<NaiveDateTime> {
    let (start, until) = (start_time.date(), until.date());
    let times = times_of_day(parts, start_time);
    let mut found = Vec::new();
    let mut period: Vec<NaiveDateTime> = Vec::new();
    // From well before the start, so that the first period is whole.
    let mut day = start - Days::new(800);
    let mut key = period_key(parts, day);
    while day <= until + Days::new(800) {
        let day_key = period_key(parts, day);
        if day_key != key {
            found.extend(chosen(&period, &parts.positions));
            period.clear();
            key = day_key;
        }
        let distance = if parts.week_numbers.is_empty() {
            periods_between(parts, start, day)
        } else {
            year_of_week(parts, day) - first_year
        };
        if distance.rem_euclid(parts.interval) == 0 && passes(parts, start, day) {
            period.extend(times.iter().map(|time| day.and_time(*time)));
        }
        day = day.succ_opt().unwrap();
    }
    found
}

fn chosen(period: &[NaiveDateTime], positions: &[i32]) -> Vec<NaiveDateTime> {
    let mut chosen: Vec<NaiveDateTime> = Vec::new();
    for position in positions {
        let place = match position {
            1.. => usize::try_from(position - 1).ok(),
            _ => period.len().checked_sub(position.unsigned_abs() as usize),
        };
        chosen.extend(place.and_then(|place| period.get(place)));
    }
    if positions.is_empty() {
        chosen.extend(period);
    }
    chosen.sort();
    chosen.dedup();
    chosen
}

fn week_start(parts: &Parts) -> Weekday {
    parts.week_start.unwrap_or(Weekday::Mon)
}

fn first_of_week(parts: &Parts, mut day: NaiveDate) -> NaiveDate {
    while day.weekday() != week_start(parts) {
        day = day.pred_opt().unwrap();
    }
    day
}

/// The year that has at least four days of the week.
fn year_of_week(parts: &Parts, day: NaiveDate) -> i32 {
    (first_of_week(parts, day) + Days::new(3)).year()
}

/// The week's number in its year, and how many weeks that year has.
fn week_number(parts: &Parts, day: NaiveDate) -> (i32, i32) {
    let year = year_of_week(parts, day);
    let first = first_of_week(parts, day);
    let count = |step: i64| {
        (1..)
            .take_while(|weeks| {
                let other = first + chrono::TimeDelta::weeks(step * weeks);
                year_of_week(parts, other) == year
            })
            .count() as i32
    };
    let before = count(-1);
    (before + 1, before + 1 + count(1))
}

fn period_key(parts: &Parts, day: NaiveDate) -> (i32, u32) {
    match parts.frequency {
        Frequency::Daily => (day.year(), day.ordinal()),
        Frequency::Weekly => {
            let first = first_of_week(parts, day);
            (first.year(), first.ordinal())
        }
        Frequency::Monthly => (day.year(), day.month()),
        Frequency::Yearly if parts.week_numbers.is_empty() => (day.year(), 0),
        Frequency::Yearly => (year_of_week(parts, day), 0),
    }
}

fn periods_between(parts: &Parts, start: NaiveDate, day: NaiveDate) -> i32 {
    match parts.frequency {
        Frequency::Daily => (day - start).num_days() as i32,
        Frequency::Weekly => {
            (first_of_week(parts, day) - first_of_week(parts, start)).num_weeks() as i32
        }
        Frequency::Monthly => {
            (day.year() - start.year()) * 12 + day.month() as i32 - start.month() as i32
        }
        Frequency::Yearly => day.year() - start.year(),
    }
}

fn passes(parts: &Parts, start: NaiveDate, day: NaiveDate) -> bool {
    let given = |list: &[i32], (nth, all): (i32, i32)| {
        list.is_empty() || list.iter().any(|n| *n == nth || all + 1 + n == nth)
    };
    let month = (day.day() as i32, days_of_month(day));
    let year = (day.ordinal() as i32, days_of_year(day));
    let names_no_day =
        parts.days.is_empty() && parts.month_days.is_empty() && parts.year_days.is_empty();
    let as_start = match parts.frequency {
        _ if !names_no_day => true,
        Frequency::Daily => true,
        Frequency::Weekly => day.weekday() == start.weekday(),
        Frequency::Monthly => day.day() == start.day(),
        Frequency::Yearly if !parts.week_numbers.is_empty() => day.weekday() == start.weekday(),
        Frequency::Yearly => {
            day.day() == start.day() && (!parts.months.is_empty() || day.month() == start.month())
        }
    };
    as_start
        && given(&parts.months, (day.month() as i32, 100))
        && (parts.week_numbers.is_empty() || given(&parts.week_numbers, week_number(parts, day)))
        && given(&parts.year_days, year)
        && given(&parts.month_days, month)
        && (parts.days.is_empty() || parts.days.iter().any(|by| is_day(parts, *by, day)))
}

fn is_day(parts: &Parts, by: ByDay, day: NaiveDate) -> bool {
    if day.weekday() != by.weekday {
        return false;
    }
    let Some(nth) = by.nth else { return true };
    let in_month = parts.frequency == Frequency::Monthly || !parts.months.is_empty();
    let same_span = |other: NaiveDate| {
        other.year() == day.year() && (!in_month || other.month() == day.month())
    };
    // Walks by weeks to the edge of the month or year, against the sign of the number.
    let step = chrono::TimeDelta::weeks(if nth > 0 { -1 } else { 1 });
    let mut other = day;
    let mut count = 0;
    while same_span(other) {
        count += 1;
        other += step;
    }
    count == nth.abs()
}

fn days_of_month(day: NaiveDate) -> i32 {
    (28..=31)
        .rev()
        .find(|last| day.with_day(*last).is_some())
        .unwrap() as i32
}

fn days_of_year(day: NaiveDate) -> i32 {
    if day.with_ordinal(366).is_some() {
        366
    } else {
        365
    }
}
