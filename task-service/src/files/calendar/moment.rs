use calcard::{
    common::PartialDateTime,
    icalendar::{ICalendarDuration, ICalendarEntry, ICalendarValue},
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use jiff::civil;

use super::zone::{Zones, rules};
use crate::files::task::When;

/// A moment of a calendar, and the zone in which it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The moment.
    pub when: When,
    /// The IANA name of its zone, if it names one that is known.
    pub zone: Option<String>,
    /// The name of a zone that nobody knows.
    pub unknown_zone: Option<String>,
}

impl Moment {
    /// Reads the value of a property such as DUE.
    pub fn read(entry: &ICalendarEntry, zones: &Zones) -> Option<Self> {
        let Some(ICalendarValue::PartialDateTime(value)) = entry.values.first() else {
            return None;
        };
        let when = when(value)?;
        let name = entry.tz_id().filter(|_| matches!(when, When::Local(_)));
        let zone = name.and_then(|name| zones.iana(name));
        let unknown_zone = name.filter(|_| zone.is_none()).map(str::to_owned);
        Some(Self {
            when,
            zone,
            unknown_zone,
        })
    }

    /// Returns the instant that is meant; of a date its beginning.
    pub fn instant(&self, zones: &Zones) -> Option<DateTime<Utc>> {
        let zone = self.zone.as_deref().unwrap_or(&zones.default);
        match self.when {
            When::Instant(time) => Some(time),
            When::Date(date) => instant_of(date.into(), zone),
            When::Local(time) => instant_of(time, zone),
        }
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

/// Reads a date, a local time or an instant.
pub fn when(value: &PartialDateTime) -> Option<When> {
    let date = NaiveDate::from_ymd_opt(value.year?.into(), value.month?.into(), value.day?.into())?;
    let Some(hour) = value.hour else {
        return Some(When::Date(date));
    };
    // A leap second is read as the one before it.
    let second = value.second.unwrap_or(0).min(59);
    let minute = value.minute.unwrap_or(0);
    let time = date.and_hms_opt(hour.into(), minute.into(), second.into())?;
    let Some(hours) = value.tz_hour else {
        return Some(When::Local(time));
    };
    let minutes = i64::from(hours) * 60 + i64::from(value.tz_minute.unwrap_or(0));
    let offset = TimeDelta::minutes(if value.tz_minus { -minutes } else { minutes });
    Some(When::Instant(time.checked_sub_signed(offset)?.and_utc()))
}

/// Returns the instant at which the clocks of a zone show a time; the earlier one if they show it twice.
fn instant_of(time: NaiveDateTime, zone: &str) -> Option<DateTime<Utc>> {
    let time: civil::DateTime = time.format("%Y-%m-%dT%H:%M:%S").to_string().parse().ok()?;
    let instant = rules(zone).to_ambiguous_zoned(time).compatible().ok()?;
    DateTime::from_timestamp(instant.timestamp().as_second(), 0)
}
