use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarFrequency, ICalendarProperty,
    ICalendarRecurrenceRule, ICalendarValue,
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc, Weekday};
use jiff::{Timestamp, tz::TimeZone};

use super::date_time::when;
use crate::files::task::When;

/// The years in which the rules of a definition are carried out; tasks are due between 1970 and 2200.
const FIRST_YEAR: i32 = 1960;
const LAST_YEAR: i32 = 2210;
/// More than any two clocks on Earth differ, in seconds.
const WIDEST_OFFSET: i64 = 93_600;
/// More than any zone has in all years.
const MOST_TRANSITIONS: usize = 5_000;
/// More STANDARD and DAYLIGHT components than any zone needs.
const MOST_OBSERVANCES: usize = 500;
/// The first year in which a rule with a COUNT may start: all its dates have to be found.
const FIRST_COUNTED_YEAR: i32 = 1800;
/// More years without a date than 29 February has; a rule ends after them.
const MOST_YEARS_WITHOUT_DATE: usize = 8;
/// More than any zone has in twenty years.
const MOST_IN_PERIOD: usize = 200;

/// The offsets of a time zone as a calendar defines them in a VTIMEZONE component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The offset before the first transition, in seconds east of UTC.
    initial: i64,
    transitions: Vec<Transition>,
}

/// A change of the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Transition {
    /// The instant, in seconds since 1970.
    at: i64,
    /// The offset before, in seconds east of UTC.
    from: i64,
    /// The offset from then on.
    offset: i64,
}

/// A STANDARD or DAYLIGHT component.
struct Observance {
    start: NaiveDateTime,
    from: i64,
    to: i64,
    dates: Vec<NaiveDateTime>,
    rule: Option<ICalendarRecurrenceRule>,
}

impl Definition {
    /// Reads a VTIMEZONE component; returns none if it says nothing, or has rules of a kind that no zone has.
    pub fn read(calendar: &ICalendar) -> Option<Self> {
        let is_observance = |component: &&ICalendarComponent| {
            matches!(
                component.component_type,
                ICalendarComponentType::Standard | ICalendarComponentType::Daylight
            )
        };
        let observances = calendar.components.iter().filter(is_observance);
        let observances: Vec<Observance> = observances
            .take(MOST_OBSERVANCES + 1)
            .map(Observance::read)
            .collect::<Option<_>>()?;
        if observances.len() > MOST_OBSERVANCES {
            return None;
        }
        let initial = observances.iter().min_by_key(|one| one.start)?.from;
        let transitions = observances.iter().flat_map(Observance::transitions);
        let mut transitions: Vec<Transition> = transitions.take(MOST_TRANSITIONS + 1).collect();
        if transitions.len() > MOST_TRANSITIONS {
            return None;
        }
        transitions.sort_by_key(|transition| transition.at);
        Some(Self {
            initial,
            transitions,
        })
    }

    /// Defines a zone whose clocks never change.
    pub fn fixed(offset: i64) -> Self {
        Self {
            initial: offset,
            transitions: Vec::new(),
        }
    }

    /// Returns the instant at which the clocks show a time: the first one if they show it twice, and one later by the gap if
    /// they skip it (RFC 5545, 3.3.5).
    pub fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let second = local.and_utc().timestamp();
        let first = self.after(second - WIDEST_OFFSET);
        let last = self.after(second + WIDEST_OFFSET);
        let offsets = [self.offset_after(first)];
        let offsets = offsets.into_iter().chain(
            self.transitions[first..last]
                .iter()
                .map(|transition| transition.offset),
        );
        let shown = offsets.clone().filter_map(|offset| {
            let instant = second - offset;
            (self.offset_at(instant) == offset).then_some(instant)
        });
        let instant = shown.min().or_else(|| Some(second - offsets.min()?))?;
        DateTime::from_timestamp(instant, 0)
    }

    /// Returns the first instant in a period at which another zone has another offset, in seconds since 1970.
    pub fn differs_from(&self, zone: &TimeZone, since: i64, until: i64) -> Option<i64> {
        let differs = |at: &i64| {
            Timestamp::from_second(*at).is_ok_and(|moment| {
                i64::from(zone.to_offset(moment).seconds()) != self.offset_at(*at)
            })
        };
        if differs(&since) {
            return Some(since);
        }
        let start = Timestamp::from_second(since).ok()?;
        let theirs = zone
            .following(start)
            .map(|transition| transition.timestamp().as_second())
            .take_while(|at| *at < until);
        let ours = self.between(since, until);
        let ours = ours.iter().map(|transition| transition.at);
        theirs.chain(ours).filter(differs).min()
    }

    /// Returns whether every transition in a period begins at the offset to which the one before it led. Some programs write
    /// only half of the rules of a zone.
    pub fn is_complete(&self, since: i64, until: i64) -> bool {
        let transitions = self.between(since, until);
        transitions.len() <= MOST_IN_PERIOD
            && transitions
                .windows(2)
                .all(|pair| pair[1].from == pair[0].offset)
    }

    /// Returns whether the clocks change so often in a period that no zone does.
    pub fn is_restless(&self, since: i64, until: i64) -> bool {
        self.between(since, until).len() > MOST_IN_PERIOD
    }

    /// Returns the offset if the clocks do not change in a period.
    pub fn constant_offset(&self, since: i64, until: i64) -> Option<i64> {
        let offset = self.offset_at(since);
        let changes = self.between(since, until);
        changes
            .iter()
            .all(|change| change.offset == offset)
            .then_some(offset)
    }

    /// Returns the transitions after an instant, until and at another.
    fn between(&self, since: i64, until: i64) -> &[Transition] {
        &self.transitions[self.after(since)..self.after(until)]
    }

    fn offset_at(&self, second: i64) -> i64 {
        self.offset_after(self.after(second))
    }

    /// Returns how many transitions were before or at an instant.
    fn after(&self, second: i64) -> usize {
        self.transitions
            .partition_point(|transition| transition.at <= second)
    }

    fn offset_after(&self, transitions: usize) -> i64 {
        let last = transitions.checked_sub(1);
        last.and_then(|last| self.transitions.get(last))
            .map_or(self.initial, |transition| transition.offset)
    }
}

impl Observance {
    fn read(component: &ICalendarComponent) -> Option<Self> {
        let value = |property| component.property(property)?.values.first();
        let rule = match value(&ICalendarProperty::Rrule) {
            None => None,
            Some(ICalendarValue::RecurrenceRule(rule)) if is_yearly(rule) => Some((**rule).clone()),
            Some(_) => return None,
        };
        let dates = component
            .entries
            .iter()
            .filter(|entry| entry.name == ICalendarProperty::Rdate);
        let start = local(value(&ICalendarProperty::Dtstart)?)?;
        let is_counted = rule.as_ref().is_some_and(|rule| rule.count.is_some());
        if is_counted && start.year() < FIRST_COUNTED_YEAR {
            return None;
        }
        Some(Self {
            start,
            from: offset(value(&ICalendarProperty::Tzoffsetfrom)?)?,
            to: offset(value(&ICalendarProperty::Tzoffsetto)?)?,
            dates: dates
                .flat_map(|entry| &entry.values)
                .filter_map(local)
                .collect(),
            rule,
        })
    }

    fn transitions(&self) -> impl Iterator<Item = Transition> {
        let repeated = self.rule.as_ref().map(|rule| self.repeated(rule));
        let dates = self.dates.iter().copied();
        let onsets = [self.start].into_iter().chain(dates);
        onsets
            .chain(repeated.into_iter().flatten())
            .map(|onset| Transition {
                at: onset.and_utc().timestamp() - self.from,
                from: self.from,
                offset: self.to,
            })
    }

    fn repeated(&self, rule: &ICalendarRecurrenceRule) -> Vec<NaiveDateTime> {
        let first = self.start.year();
        let interval = usize::from(rule.interval.unwrap_or(1).max(1));
        let count = rule.count.map_or(usize::MAX, |count| count as usize);
        let until = rule.until.as_ref().and_then(when);
        let is_over = |onset: &NaiveDateTime| match until {
            None => false,
            Some(When::Date(date)) => onset.date() > date,
            Some(When::Local(time)) => *onset > time,
            Some(When::Instant(time)) => onset.and_utc().timestamp() - self.from > time.timestamp(),
        };
        let years = (first..=LAST_YEAR).step_by(interval);
        let onsets = years
            // The dates of a rule with a COUNT are counted from its beginning.
            .filter(|year| *year >= FIRST_YEAR || rule.count.is_some())
            .map(|year| days(rule, self.start.date(), year))
            .scan(0, |years, days| {
                *years = if days.is_empty() { *years + 1 } else { 0 };
                (*years <= MOST_YEARS_WITHOUT_DATE).then_some(days)
            })
            .flatten()
            .map(|day| day.and_time(self.start.time()))
            .filter(|onset| *onset >= self.start);
        onsets
            .take(count)
            .take_while(|onset| !is_over(onset))
            .collect()
    }
}

/// Returns whether a rule is of the kind that zones have: days of months of years, and few of them.
fn is_yearly(rule: &ICalendarRecurrenceRule) -> bool {
    let has_month = !rule.bymonth.is_empty();
    rule.freq == ICalendarFrequency::Yearly
        && rule.byyearday.is_empty()
        && rule.byweekno.is_empty()
        && rule.byhour.is_empty()
        && rule.byminute.is_empty()
        && rule.bysecond.is_empty()
        && rule.bymonth.len() <= 12
        && rule.bymonthday.len() <= 31
        && rule.byday.len() <= 7
        && rule.bysetpos.len() <= 7
        && (has_month || rule.byday.is_empty() && rule.bymonthday.is_empty())
}

/// Returns the days of a year on which a rule has a date, in order.
fn days(rule: &ICalendarRecurrenceRule, start: NaiveDate, year: i32) -> Vec<NaiveDate> {
    let mut months: Vec<u32> = rule
        .bymonth
        .iter()
        .map(|month| month.month().into())
        .collect();
    if months.is_empty() {
        months.push(start.month());
    }
    months.sort_unstable();
    months.dedup();
    let mut days: Vec<NaiveDate> = months
        .into_iter()
        .flat_map(|month| days_of_month(year, month))
        .filter(|day| is_on(rule, start, *day))
        .collect();
    if !rule.bysetpos.is_empty() {
        let length = days.len();
        let places = rule.bysetpos.iter().filter_map(|place| {
            let place = i64::from(*place);
            let index = if place < 0 {
                length as i64 + place
            } else {
                place - 1
            };
            usize::try_from(index).ok()
        });
        let mut chosen: Vec<NaiveDate> = places
            .filter_map(|place| days.get(place).copied())
            .collect();
        chosen.sort_unstable();
        days = chosen;
    }
    days
}

fn days_of_month(year: i32, month: u32) -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, month, 1);
    first
        .into_iter()
        .flat_map(|first| first.iter_days())
        .take_while(move |day| day.month() == month)
}

fn is_on(rule: &ICalendarRecurrenceRule, start: NaiveDate, day: NaiveDate) -> bool {
    if rule.byday.is_empty() && rule.bymonthday.is_empty() {
        return day.day() == start.day();
    }
    let last = day.num_days_in_month();
    let from_end = |number: u8| i16::from(number) - i16::from(last) - 1;
    let number = u8::try_from(day.day()).unwrap_or_default();
    let is_day = |wanted: &i8| {
        let wanted = i16::from(*wanted);
        wanted == i16::from(number) || wanted == from_end(number)
    };
    let week = i16::from(number.div_ceil(7));
    let week_from_end = -i16::from((last - number) / 7 + 1);
    let is_weekday = |wanted: &calcard::icalendar::ICalendarDay| {
        Weekday::from(wanted.weekday) == day.weekday()
            && wanted
                .ordwk
                .is_none_or(|nth| nth == week || nth == week_from_end)
    };
    (rule.bymonthday.is_empty() || rule.bymonthday.iter().any(is_day))
        && (rule.byday.is_empty() || rule.byday.iter().any(is_weekday))
}

fn local(value: &ICalendarValue) -> Option<NaiveDateTime> {
    let ICalendarValue::PartialDateTime(value) = value else {
        return None;
    };
    match when(value)? {
        When::Local(time) => Some(time),
        When::Date(date) => Some(date.into()),
        // Some programs mark the local times of a definition as UTC.
        When::Instant(time) => Some(time.naive_utc()),
    }
}

fn offset(value: &ICalendarValue) -> Option<i64> {
    let ICalendarValue::PartialDateTime(value) = value else {
        return None;
    };
    let seconds = i64::from(value.tz_hour?) * 3_600 + i64::from(value.tz_minute.unwrap_or(0)) * 60;
    let offset = if value.tz_minus { -seconds } else { seconds };
    (offset.abs() < WIDEST_OFFSET).then_some(offset)
}
