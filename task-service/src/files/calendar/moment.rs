use calcard::icalendar::{ICalendarDuration, ICalendarEntry, ICalendarValue};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jiff::tz::TimeZone;
use service_runtime::time_zone::{database, instant_of};

use super::{date_time::when, zone::Zones};
use crate::files::task::When;

/// A moment of a calendar, and the zone in which it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The moment.
    pub when: When,
    /// The IANA name of its zone, if it names one that is known.
    pub zone: Option<String>,
    /// The name of a zone that is not known.
    pub unknown_zone: Option<String>,
    /// Difference between the zone and its definition in the file; it matters if the task repeats.
    pub difference: Option<String>,
}

impl Moment {
    /// Reads the value of a property such as DUE.
    pub fn read(entry: &ICalendarEntry, zones: &Zones<'_>) -> Option<Self> {
        let Some(ICalendarValue::PartialDateTime(value)) = entry.values.first() else {
            return None;
        };
        let when = when(value)?;
        let floating = Self {
            when,
            zone: None,
            unknown_zone: None,
            difference: None,
        };
        let (When::Local(local), Some(name)) = (when, entry.tz_id()) else {
            return Some(floating);
        };
        Some(match zones.read(name, local) {
            None => Self {
                unknown_zone: Some(name.to_owned()),
                ..floating
            },
            Some(zoned) => Self {
                when: zoned.when,
                zone: zoned.zone,
                unknown_zone: None,
                difference: zoned.difference,
            },
        })
    }

    /// Returns the instant that is meant; of a date its beginning.
    pub fn instant(&self, zones: &Zones<'_>) -> Option<DateTime<Utc>> {
        let zone = self.zone.as_deref().unwrap_or(&zones.default);
        match self.when {
            When::Instant(time) => Some(time),
            When::Date(date) => instant_of(date.into(), &rules(zone)),
            When::Local(time) => instant_of(time, &rules(zone)),
        }
    }

    /// Returns the instant that is a while earlier or later. The days and weeks of a date are those of the calendar (RFC 5545,
    /// 3.3.6), so they begin at midnight whatever the clocks do.
    pub fn shifted(&self, by: &ICalendarDuration, zones: &Zones<'_>) -> Option<DateTime<Utc>> {
        let seconds = by.as_seconds();
        let (base, rest) = match self.when {
            When::Date(date) => {
                let days = i64::from(by.weeks) * 7 + i64::from(by.days);
                let days = if by.neg { -days } else { days };
                let date = date.checked_add_signed(TimeDelta::try_days(days)?)?;
                let moved = Self {
                    when: When::Date(date),
                    ..self.clone()
                };
                (moved.instant(zones)?, seconds - days * 86_400)
            }
            _ => (self.instant(zones)?, seconds),
        };
        base.checked_add_signed(TimeDelta::try_seconds(rest)?)
    }

    /// Returns the moment a while later, on the same clock.
    pub fn after(&self, span: &ICalendarDuration) -> Option<Self> {
        let span = TimeDelta::try_seconds(span.as_seconds())?;
        let when = match self.when {
            When::Date(date) if span.num_seconds() % 86_400 == 0 => {
                When::Date(date.checked_add_signed(span)?)
            }
            When::Date(date) => When::Local(NaiveDateTime::from(date).checked_add_signed(span)?),
            When::Local(time) => When::Local(time.checked_add_signed(span)?),
            When::Instant(time) => When::Instant(time.checked_add_signed(span)?),
        };
        Some(Self {
            when,
            ..self.clone()
        })
    }
}

/// Returns the rules of a zone; those of UTC if there is none of that name.
pub fn rules(iana_name: &str) -> TimeZone {
    database().get(iana_name).unwrap_or(TimeZone::UTC)
}
