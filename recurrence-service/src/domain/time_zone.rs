//! Time zones: local times to instants and back, with the zone data that is built in.

use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::tz::TimeZoneDatabase;
use jiff::{Timestamp, civil};

use super::suggestion::nearest;

/// The built-in data, not the system's, so that every machine gives the same answer.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone {
    zone: jiff::tz::TimeZone,
}

/// The name is not one of the IANA time zone database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not the name of a time zone; {cure}")]
pub struct UnknownTimeZone {
    cure: String,
}

impl TimeZone {
    /// Returns the instant of a local time. One that does not exist is shifted forward by the gap; one that exists twice is
    /// the first. A time outside the years -9999 to 9999 is taken as UTC.
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        self.known_instant(local).unwrap_or_else(|| local.and_utc())
    }

    /// Returns the local time at an instant. An instant outside the years -9999 to 9999 stays UTC.
    pub fn local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        self.known_local(instant)
            .unwrap_or_else(|| instant.naive_utc())
    }

    fn known_instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let civil = civil::DateTime::new(
            i16::try_from(local.year()).ok()?,
            i8::try_from(local.month()).ok()?,
            i8::try_from(local.day()).ok()?,
            i8::try_from(local.hour()).ok()?,
            i8::try_from(local.minute()).ok()?,
            i8::try_from(local.second()).ok()?,
            i32::try_from(local.nanosecond()).ok()?,
        )
        .ok()?;
        let instant = self.zone.to_ambiguous_timestamp(civil).compatible().ok()?;
        DateTime::from_timestamp(
            instant.as_second(),
            u32::try_from(instant.subsec_nanosecond()).ok()?,
        )
    }

    fn known_local(&self, instant: DateTime<Utc>) -> Option<NaiveDateTime> {
        let second = Timestamp::from_second(instant.timestamp()).ok()?;
        let offset = self.zone.to_offset(second).seconds();
        instant
            .naive_utc()
            .checked_add_signed(TimeDelta::seconds(offset.into()))
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        match ZONES.get(name) {
            // "Factory" is what the database calls a clock that nobody has set.
            Ok(zone) if !zone.is_unknown() && zone.iana_name() != Some("Factory") => {
                Ok(Self { zone })
            }
            _ => Err(UnknownTimeZone {
                cure: match zone_meant(name) {
                    Some(zone) => format!("did you mean {zone}?"),
                    None => "write an IANA name such as Europe/Berlin, America/New_York or UTC"
                        .to_owned(),
                },
            }),
        }
    }
}

/// Finds the place that was meant: a slip of the pen, or a city without its continent. Offsets and abbreviations get no
/// suggestion, because Etc/GMT+2 lies west of Greenwich and PST is no name for all year.
fn zone_meant(written: &str) -> Option<String> {
    // A hostile name may be long, and comparing costs the product of the lengths.
    if written.len() > 64 {
        return None;
    }
    let places: Vec<String> = ZONES
        .available()
        .map(|zone| zone.as_str().to_owned())
        .filter(|zone| zone.contains('/') && !zone.starts_with("Etc/"))
        .collect();
    let written = written.replace(' ', "_");
    let city = last_part(&written);
    places
        .iter()
        .find(|place| last_part(place).eq_ignore_ascii_case(city))
        .map(String::as_str)
        .or_else(|| nearest(&written, places.iter().map(String::as_str)))
        .map(str::to_owned)
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
