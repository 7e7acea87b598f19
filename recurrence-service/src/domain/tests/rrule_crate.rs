//! The same dates by the `rrule` crate, for the rules it is known to read right.

use chrono::{DateTime, Month, NaiveDateTime};
use rrule::{NWeekday, RRule, RRuleSet, Tz};

use crate::domain::{ByDay, Frequency, Parts};

/// Returns whether the crate's answer counts. It takes the intersection of plain and numbered weekdays, cuts the first week short
/// before choosing positions, and is at odds with RFC 5545 about weeks without weekdays and about weeks at the turn of the year.
pub(super) fn is_sound(parts: &Parts) -> bool {
    let numbered = parts.days.iter().filter(|day| day.nth.is_some()).count();
    let mixed = numbered > 0 && numbered < parts.days.len();
    let first_week_cut = parts.frequency == Frequency::Weekly && !parts.positions.is_empty();
    let odd_week = !parts.week_numbers.is_empty()
        && (parts.days.is_empty()
            || parts
                .week_numbers
                .iter()
                .any(|week| week.abs() > 50 || week.abs() < 3));
    let refused_day = parts
        .days
        .iter()
        .any(|day| matches!(day.nth, Some(-5 | -53)));
    !(mixed || first_week_cut || odd_week || refused_day)
}

/// Returns up to `count` local times of an anchored rule, without COUNT and UNTIL, expanded in UTC; absent if the crate refuses it.
pub(super) fn times(parts: &Parts, start: NaiveDateTime, count: u16) -> Option<Vec<NaiveDateTime>> {
    let start: DateTime<Tz> = start.and_local_timezone(Tz::UTC).unwrap();
    let rule = typed(parts).validate(start).ok()?;
    let result = RRuleSet::new(start).rrule(rule).limit().all(count);
    Some(result.dates.iter().map(DateTime::naive_utc).collect())
}

fn typed(parts: &Parts) -> RRule<rrule::Unvalidated> {
    let months: Vec<Month> = parts
        .months
        .iter()
        .map(|month| u8::try_from(*month).unwrap().try_into().unwrap())
        .collect();
    let mut rule = RRule::new(match parts.frequency {
        Frequency::Daily => rrule::Frequency::Daily,
        Frequency::Weekly => rrule::Frequency::Weekly,
        Frequency::Monthly => rrule::Frequency::Monthly,
        Frequency::Yearly => rrule::Frequency::Yearly,
    })
    .interval(u16::try_from(parts.interval).unwrap())
    .by_month(&months)
    .by_week_no(narrowed(&parts.week_numbers))
    .by_year_day(narrowed(&parts.year_days))
    .by_month_day(narrowed(&parts.month_days))
    .by_weekday(parts.days.iter().copied().map(weekday).collect())
    .by_hour(times_of_day(&parts.hours))
    .by_minute(times_of_day(&parts.minutes))
    .by_second(times_of_day(&parts.seconds))
    .by_set_pos(parts.positions.clone());
    if let Some(week_start) = parts.week_start {
        rule = rule.week_start(week_start);
    }
    rule
}

fn weekday(day: ByDay) -> NWeekday {
    NWeekday::new(day.nth.map(|nth| i16::try_from(nth).unwrap()), day.weekday)
}

fn times_of_day(numbers: &[u32]) -> Vec<u8> {
    numbers
        .iter()
        .map(|number| u8::try_from(*number).unwrap())
        .collect()
}

fn narrowed<T: TryFrom<i32, Error: std::fmt::Debug>>(numbers: &[i32]) -> Vec<T> {
    numbers
        .iter()
        .map(|number| T::try_from(*number).unwrap())
        .collect()
}
