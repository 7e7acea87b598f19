//! A series: a rule with a start, a time zone, and what its dates are counted from.

use std::iter;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

use super::expansion::Expansion;
use super::{Ending, Frequency, Parts, RecurrenceRule, SeriesError, TimeZone, Until};

/// The last date of any series: room for 1000 years from the latest start, and an end to looking for dates that are very rare.
const LAST_DATE: NaiveDate =
    NaiveDate::from_ymd_opt(3999, 12, 31).expect("the calendar has this date");

/// How long after the start the first date may come.
const LONGEST_WAIT: Months = Months::new(100 * 12);

/// What the next date of a series is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The start of the series: dates stay where the rule puts them.
    Schedule,
    /// The completion of the occurrence before.
    Completion,
}

/// One date of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The scheduled local time, which identifies the occurrence within its series.
    pub local: NaiveDateTime,
    /// The same moment as an instant.
    pub time: DateTime<Utc>,
}

/// A series that has at least one date.
#[derive(Debug, Clone)]
pub struct Series {
    zone: TimeZone,
    anchor: Anchor,
    parts: Parts,
    expansion: Expansion,
    /// The first date, and with it the time of day of all others.
    first: NaiveDateTime,
    /// The last moment at which an occurrence may be.
    until: NaiveDateTime,
}

impl Series {
    /// Makes a series that begins with the rule's first date at or after the start, in whole seconds.
    pub fn new(
        rule: &RecurrenceRule,
        zone: TimeZone,
        start: NaiveDateTime,
        anchor: Anchor,
    ) -> Result<Self, SeriesError> {
        let parts = rule.parts().clone();
        if anchor == Anchor::Completion
            && let Some(part) = first_part_about_dates(&parts)
        {
            return Err(SeriesError::NotFromCompletion(part));
        }
        let start = start.with_nanosecond(0).unwrap_or(start);
        let until = until(&parts, &zone);
        let latest = start.date().checked_add_months(LONGEST_WAIT);
        let first = Expansion::new(&parts, start.date())
            .dates(start.date(), latest.unwrap_or(LAST_DATE).min(LAST_DATE))
            .next()
            .map(|date| date.and_time(start.time()))
            .ok_or(SeriesError::NeverHappens)?;
        if first > until {
            return Err(SeriesError::EndsBeforeFirst);
        }
        Ok(Self {
            zone,
            anchor,
            expansion: Expansion::new(&parts, first.date()),
            parts,
            first,
            until,
        })
    }

    /// Returns the first occurrence.
    pub fn first(&self) -> Occurrence {
        self.occurrence(self.first)
    }

    /// Returns the last occurrence if the rule ends by COUNT or UNTIL.
    pub fn last(&self) -> Option<Occurrence> {
        match self.parts.ending {
            Ending::Never => None,
            Ending::Count(_) => self.scheduled(self.first.date()).last(),
            Ending::Until(_) => self
                .scheduled_local(self.first.date())
                .next_back()
                .map(|local| self.occurrence(local)),
        }
    }

    /// Returns the occurrence that follows the one with this scheduled time when that is completed at this moment; absent if
    /// the series has ended. It comes strictly after both.
    pub fn next(&self, scheduled: NaiveDateTime, completed: DateTime<Utc>) -> Option<Occurrence> {
        let after = self.zone.instant(scheduled).max(completed);
        match self.anchor {
            Anchor::Schedule => {
                // A day early, because a gap moves an occurrence forward, at most over midnight.
                let from = self.zone.local(after).date();
                self.scheduled(from.pred_opt().unwrap_or(from))
                    .find(|occurrence| occurrence.time > after)
            }
            Anchor::Completion => {
                let day = self.zone.local(completed).date();
                // More than one step only if it was completed ahead of its schedule: no two occurrences share a date.
                (1..)
                    .map_while(|steps| self.steps_later(day, steps))
                    .map(|date| self.occurrence(date.and_time(self.time_of_day())))
                    .find(|occurrence| occurrence.time > after)
            }
        }
    }

    /// Returns the occurrences as they come if each is completed at its time.
    pub fn occurrences(&self) -> Box<dyn Iterator<Item = Occurrence> + '_> {
        match self.anchor {
            Anchor::Schedule => Box::new(self.scheduled(self.first.date())),
            Anchor::Completion => Box::new(iter::successors(Some(self.first()), |occurrence| {
                self.next(occurrence.local, occurrence.time)
            })),
        }
    }

    /// Returns the occurrences on the schedule from a date on, equal instants once.
    fn scheduled(&self, from: NaiveDate) -> impl Iterator<Item = Occurrence> {
        // COUNT counts from the first occurrence, wherever one begins to look.
        let (from, count) = match self.parts.ending {
            Ending::Count(count) => (self.first.date(), count),
            Ending::Never | Ending::Until(_) => (from, usize::MAX),
        };
        self.scheduled_local(from)
            .map(|local| self.occurrence(local))
            .scan(None, |before, occurrence| {
                let is_new = before.replace(occurrence.time) != Some(occurrence.time);
                Some(is_new.then_some(occurrence))
            })
            .flatten()
            .take(count)
    }

    fn scheduled_local(&self, from: NaiveDate) -> impl DoubleEndedIterator<Item = NaiveDateTime> {
        self.expansion
            .dates(from, self.until.date())
            .map(|date| date.and_time(self.time_of_day()))
            .filter(|local| *local <= self.until)
    }

    /// Returns the date some times INTERVAL x FREQ after a day, moved back into a shorter month.
    fn steps_later(&self, day: NaiveDate, steps: u32) -> Option<NaiveDate> {
        let units = steps.checked_mul(self.parts.interval.cast_unsigned())?;
        match self.parts.frequency {
            Frequency::Daily => day.checked_add_days(Days::new(units.into())),
            Frequency::Weekly => day.checked_add_days(Days::new(u64::from(units) * 7)),
            Frequency::Monthly => day.checked_add_months(Months::new(units)),
            Frequency::Yearly => day.checked_add_months(Months::new(units.checked_mul(12)?)),
        }
        .filter(|date| *date <= LAST_DATE)
    }

    fn occurrence(&self, local: NaiveDateTime) -> Occurrence {
        let time = self.zone.instant(local);
        Occurrence { local, time }
    }

    fn time_of_day(&self) -> NaiveTime {
        self.first.time()
    }
}

/// Returns the last local time at which an occurrence may be.
fn until(parts: &Parts, zone: &TimeZone) -> NaiveDateTime {
    let end_of_day = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    let last = LAST_DATE.and_time(end_of_day);
    match parts.ending {
        Ending::Never | Ending::Count(_) => last,
        Ending::Until(Until::Date(date)) => date.and_time(end_of_day).min(last),
        Ending::Until(Until::Local(local)) => local.min(last),
        Ending::Until(Until::Instant(instant)) => zone.local(instant).min(last),
    }
}

/// Returns a part that fixes dates, which makes no sense when completion does.
fn first_part_about_dates(parts: &Parts) -> Option<&'static str> {
    [
        ("COUNT", matches!(parts.ending, Ending::Count(_))),
        ("UNTIL", matches!(parts.ending, Ending::Until(_))),
        ("WKST", parts.week_start.is_some()),
        ("BYDAY", !parts.days.is_empty()),
        ("BYMONTH", !parts.months.is_empty()),
        ("BYMONTHDAY", !parts.month_days.is_empty()),
        ("BYYEARDAY", !parts.year_days.is_empty()),
        ("BYWEEKNO", !parts.week_numbers.is_empty()),
        ("BYSETPOS", !parts.positions.is_empty()),
    ]
    .into_iter()
    .find_map(|(part, is_there)| is_there.then_some(part))
}
