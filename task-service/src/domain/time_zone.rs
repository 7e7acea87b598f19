use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::tz::TimeZoneDatabase;

use super::{due::midnight, nearest};

const LONGEST_NAME: usize = 64;

/// The name of a time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TimeZone(String);

/// A name that the IANA database does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTimeZone {
    suggestion: Option<String>,
}

impl TimeZone {
    /// Looks a name up in the database that is built in, so that every copy of the service knows the same zones.
    pub fn parse(name: &str) -> Result<Self, UnknownTimeZone> {
        let database = TimeZoneDatabase::bundled();
        let known = database
            .get(name)
            .is_ok_and(|zone| zone.iana_name() == Some(name) && !zone.is_unknown());
        if known {
            Ok(Self(name.to_owned()))
        } else {
            Err(UnknownTimeZone {
                suggestion: suggest(&database, name),
            })
        }
    }

    /// Takes a name that was parsed before it was stored; a later database may have dropped it.
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    /// Returns the zone of users who have not said where they live.
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// Returns the moment at which the clocks show a time: one that summer time skips is shifted forward by the gap, and of
    /// one that exists twice it is the first (RFC 5545, section 3.3.5).
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        civil(local)
            .and_then(|civil| self.zone().to_ambiguous_timestamp(civil).compatible().ok())
            .and_then(|moment| DateTime::from_timestamp(moment.as_second(), 0))
            .unwrap_or_else(|| local.and_utc())
    }

    /// Returns the beginning of a day.
    pub fn begin_of(&self, date: NaiveDate) -> DateTime<Utc> {
        self.instant(midnight(date))
    }

    /// Returns what the clocks show at a moment, to the second.
    pub fn local(&self, moment: DateTime<Utc>) -> NaiveDateTime {
        let shift = jiff::Timestamp::from_second(moment.timestamp())
            .map(|moment| self.zone().to_offset(moment).seconds())
            .unwrap_or_default();
        moment
            .naive_utc()
            .with_nanosecond(0)
            .and_then(|utc| utc.checked_add_signed(TimeDelta::seconds(shift.into())))
            .unwrap_or_else(|| moment.naive_utc())
    }

    /// A zone that the database has dropped since is read as UTC.
    fn zone(&self) -> jiff::tz::TimeZone {
        TimeZoneDatabase::bundled()
            .get(&self.0)
            .unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

fn civil(local: NaiveDateTime) -> Option<jiff::civil::DateTime> {
    let year = i16::try_from(local.year()).ok()?;
    let [month, day, hour, minute, second] = [
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second(),
    ]
    .map(|part| i8::try_from(part).unwrap_or_default());
    jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

fn suggest(database: &TimeZoneDatabase, name: &str) -> Option<String> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let name = name.trim().replace(' ', "_");
    let zones: Vec<String> = database.available().map(|zone| zone.to_string()).collect();
    let cities = zones.iter().filter_map(|zone| zone.rsplit_once('/'));
    // People often give the city alone: it is compared with cities before whole names are.
    let by_city = nearest(&name, cities.map(|(_, city)| city)).filter(|_| !name.contains('/'));
    let zone = match by_city {
        Some(city) => zones
            .iter()
            .find(|zone| zone.ends_with(&format!("/{city}")))
            .map(String::as_str),
        None => nearest(&name, zones.iter().map(String::as_str)),
    };
    zone.map(str::to_owned)
}

impl fmt::Display for UnknownTimeZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.suggestion {
            Some(zone) => write!(formatter, "is not an IANA time zone; did you mean {zone}?"),
            None => {
                formatter.write_str("is not an IANA time zone; give a name such as Europe/Berlin")
            }
        }
    }
}

impl std::error::Error for UnknownTimeZone {}

impl AsRef<str> for TimeZone {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(name: &str) -> Option<String> {
        TimeZone::parse(name).unwrap_err().suggestion
    }

    #[test]
    fn a_zone_of_the_database_is_known() {
        for name in [
            "Europe/Berlin",
            "America/Argentina/Buenos_Aires",
            "UTC",
            "Etc/UTC",
            "Asia/Kolkata",
        ] {
            assert_eq!(TimeZone::parse(name).unwrap().as_ref(), name);
        }
    }

    #[test]
    fn a_misspelt_zone_brings_a_suggestion() {
        for (name, meant) in [
            ("Europe/Berln", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"),
            ("new york", "America/New_York"),
            ("America/New York", "America/New_York"),
        ] {
            assert_eq!(suggestion(name).as_deref(), Some(meant), "{name}");
        }
        assert_eq!(
            TimeZone::parse("Europe/Berln").unwrap_err().to_string(),
            "is not an IANA time zone; did you mean Europe/Berlin?"
        );
    }

    #[test]
    fn clocks_that_are_put_forward_or_back_still_show_every_moment() {
        let berlin = TimeZone::parse("Europe/Berlin").unwrap();
        let local = |text: &str| text.parse::<NaiveDateTime>().unwrap();
        for (shown, instant) in [
            ("2026-12-01T09:00:00", "2026-12-01T08:00:00Z"),
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
        ] {
            let moment: DateTime<Utc> = instant.parse().unwrap();
            assert_eq!(berlin.instant(local(shown)), moment, "{shown}");
        }
        let moment = berlin.instant(local("2026-07-01T12:34:56"));
        assert_eq!(berlin.local(moment), local("2026-07-01T12:34:56"));
        assert_eq!(
            berlin.begin_of(NaiveDate::from_ymd_opt(2026, 7, 1).unwrap()),
            "2026-06-30T22:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
    }

    #[test]
    fn what_is_no_zone_at_all_is_refused_without_a_guess() {
        for name in [
            "",
            "+01:00",
            "Mars/Olympus_Mons",
            "Etc/Unknown",
            "\0",
            &"x".repeat(100_000),
        ] {
            let error = TimeZone::parse(name).unwrap_err();
            assert!(
                error.to_string().starts_with("is not an IANA time zone"),
                "{name}"
            );
        }
        assert_eq!(suggestion("Mars/Olympus_Mons"), None);
    }
}
