//! A series: a rule with a start, a time zone, and what its dates are counted from.

use std::iter;

use chrono::{
    DateTime, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc,
};

use super::expansion::Expansion;
use super::{Ending, Frequency, Parts, RecurrenceRule, SeriesError, TimeZone, Until};

/// The last date of any series: room for 1000 years from the latest start, and an end to looking for dates that are very rare.
const LAST_DATE: NaiveDate =
    NaiveDate::from_ymd_opt(3999, 12, 31).expect("the calendar has this date");

const END_OF_DAY: NaiveTime = NaiveTime::from_hms_opt(23, 59, 59).expect("the clock has this time");

/// Maximum distance from the start to the first date.
const LONGEST_WAIT: Months = Months::new(100 * 12);

/// Origin of the next date of a series.
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

/// Distance from an occurrence to the due time of its task. As in a DURATION of RFC 5545, days are counted on the calendar, and
/// the rest is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueAfter {
    pub days: i32,
    /// Seconds after those days; none if the task is due on a date, whose beginning counts.
    pub seconds: Option<i32>,
}

/// A series that has at least one date.
#[derive(Debug, Clone)]
pub struct Series {
    zone: TimeZone,
    anchor: Anchor,
    parts: Parts,
    expansion: Expansion,
    first: NaiveDateTime,
    /// The last moment at which an occurrence may be.
    until: NaiveDateTime,
    /// None if the tasks are due at their occurrences.
    due_after: Option<DueAfter>,
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
        let latest = latest.unwrap_or(LAST_DATE).min(LAST_DATE);
        let first = Expansion::new(&parts, start)
            .between(start, latest.and_time(END_OF_DAY))
            .next()
            .ok_or(SeriesError::NeverHappens)?;
        if first > until {
            return Err(SeriesError::EndsBeforeFirst);
        }
        Ok(Self {
            zone,
            anchor,
            expansion: Expansion::new(&parts, first),
            parts,
            first,
            until,
            due_after: None,
        })
    }

    /// Returns the series of tasks that start at its occurrences and are due later.
    pub fn due_after(self, due_after: Option<DueAfter>) -> Self {
        Self { due_after, ..self }
    }

    /// Returns when the task of an occurrence is due.
    pub fn due_time(&self, occurrence: Occurrence) -> DateTime<Utc> {
        let Some(DueAfter { days, seconds }) = self.due_after else {
            return occurrence.time;
        };
        let local = occurrence.local;
        let local = local
            .checked_add_signed(TimeDelta::days(days.into()))
            .unwrap_or(local);
        match seconds {
            Some(seconds) => {
                let time = self.zone.instant(local);
                time.checked_add_signed(TimeDelta::seconds(seconds.into()))
                    .unwrap_or(time)
            }
            None => self.zone.instant(local.date().and_time(NaiveTime::MIN)),
        }
    }

    pub fn first(&self) -> Occurrence {
        self.occurrence(self.first)
    }

    /// Returns the last occurrence if the rule ends by COUNT or UNTIL.
    pub fn last(&self) -> Option<Occurrence> {
        match self.parts.ending {
            Ending::Never => None,
            Ending::Count(_) => self.scheduled(self.first).last(),
            Ending::Until(_) => {
                // It may be one that a gap in the clock makes equal to one of the day before.
                let local = self.scheduled_local(self.first).next_back()?;
                self.scheduled(a_day_before(local)).last()
            }
        }
    }

    /// Returns the occurrence that follows the one with this scheduled time when that is completed at this moment; absent if
    /// the series has ended. On the schedule it is the first later one that is due after the completion: those that are due by
    /// then were missed. From completion it comes strictly after both.
    pub fn next(&self, scheduled: NaiveDateTime, completed: DateTime<Utc>) -> Option<Occurrence> {
        let last = self.zone.instant(scheduled);
        match self.anchor {
            Anchor::Schedule => {
                // An occurrence before this time is due by then: the seconds make up about a day at most.
                let days = self.due_after.map_or(0, |due_after| due_after.days);
                let from = self.zone.local(completed);
                let from = from
                    .checked_sub_signed(TimeDelta::days(i64::from(days) + 2))
                    .map_or(scheduled, |from| from.max(scheduled));
                self.scheduled(a_day_before(from)).find(|occurrence| {
                    occurrence.time > last && self.due_time(*occurrence) > completed
                })
            }
            Anchor::Completion => {
                let after = last.max(completed);
                let day = self.zone.local(completed).date();
                // More than one step only if it was completed ahead of its schedule: no two occurrences share a date.
                (1..)
                    .map_while(|steps| self.steps_later(day, steps))
                    .map(|date| self.occurrence(date.and_time(self.first.time())))
                    .find(|occurrence| occurrence.time > after)
            }
        }
    }

    /// Returns the occurrences as they come if each is completed at its time.
    pub fn occurrences(&self) -> Box<dyn Iterator<Item = Occurrence> + '_> {
        match self.anchor {
            Anchor::Schedule => Box::new(self.scheduled(self.first)),
            Anchor::Completion => Box::new(iter::successors(Some(self.first()), |occurrence| {
                self.next(occurrence.local, occurrence.time)
            })),
        }
    }

    /// Returns the occurrences on the schedule from a local time on. One that a gap in the clock moves to or behind the next
    /// ones takes their place, so that the instants increase, too.
    fn scheduled(&self, from: NaiveDateTime) -> impl Iterator<Item = Occurrence> {
        // COUNT counts from the first occurrence, wherever the search begins.
        let (from, count) = match self.parts.ending {
            Ending::Count(count) => (self.first, count),
            Ending::Never | Ending::Until(_) => (from, usize::MAX),
        };
        self.scheduled_local(from)
            .map(|local| self.occurrence(local))
            .scan(None, |latest, occurrence| {
                let is_later = latest.is_none_or(|latest| occurrence.time > latest);
                if is_later {
                    *latest = Some(occurrence.time);
                }
                Some(is_later.then_some(occurrence))
            })
            .flatten()
            .take(count)
    }

    fn scheduled_local(
        &self,
        from: NaiveDateTime,
    ) -> impl DoubleEndedIterator<Item = NaiveDateTime> {
        self.expansion.between(from, self.until)
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
}

/// A gap in the clock moves an occurrence forward, by a day at most.
fn a_day_before(local: NaiveDateTime) -> NaiveDateTime {
    local
        .checked_sub_days(Days::new(1))
        .unwrap_or(NaiveDateTime::MIN)
}

/// Returns the last local time at which an occurrence may be.
fn until(parts: &Parts, zone: &TimeZone) -> NaiveDateTime {
    let last = LAST_DATE.and_time(END_OF_DAY);
    match parts.ending {
        Ending::Never | Ending::Count(_) => last,
        Ending::Until(Until::Date(date)) => date.and_time(END_OF_DAY).min(last),
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
        ("BYHOUR", !parts.hours.is_empty()),
        ("BYMINUTE", !parts.minutes.is_empty()),
        ("BYSECOND", !parts.seconds.is_empty()),
        ("BYSETPOS", !parts.positions.is_empty()),
    ]
    .into_iter()
    .find_map(|(part, is_there)| is_there.then_some(part))
}
