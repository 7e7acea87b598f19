//! Time zones of the IANA database, with the data compiled in, so that every service and machine gives the same answer.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use jiff::{Timestamp, civil, tz};

use crate::suggestion::nearest;

/// Longest name in bytes that gets a suggestion.
const MAX_NAME: usize = 64;
/// Names this short are compared with cities letter by letter: `IST` is not a misspelling.
const SHORT: usize = 4;

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone)]
pub struct TimeZone {
    name: String,
    /// None for a stored name, which is looked up when its rules are needed: most zones that are read from a table are only shown.
    rules: Option<tz::TimeZone>,
}

/// A name that is not in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not an IANA time zone; {hint}")]
pub struct UnknownTimeZone {
    hint: String,
}

impl TimeZone {
    /// Parses a name in any case; the zone has the spelling of the database.
    pub fn parse(name: &str) -> Result<Self, UnknownTimeZone> {
        let rules = database()
            .get(name)
            .ok()
            // `Factory` is the database's name for a clock that was never set.
            .filter(|rules| !rules.is_unknown() && rules.iana_name() != Some("Factory"));
        rules
            .and_then(|rules| {
                Some(Self {
                    name: rules.iana_name()?.to_owned(),
                    rules: Some(rules),
                })
            })
            .ok_or_else(|| UnknownTimeZone { hint: hint(name) })
    }

    /// Takes a name that was parsed before it was stored; a zone that the database has dropped since keeps its name and counts as UTC.
    pub fn from_stored(name: String) -> Self {
        Self { name, rules: None }
    }

    /// Returns UTC.
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: Some(tz::TimeZone::UTC),
        }
    }

    /// Returns the zone's rules.
    pub fn rules(&self) -> tz::TimeZone {
        self.rules.clone().unwrap_or_else(|| {
            let rules = database().get(&self.name);
            rules.unwrap_or(tz::TimeZone::UTC)
        })
    }

    /// Returns the instant of a local time (RFC 5545, section 3.3.5): one that a gap skips is shifted forward by the gap, and one that
    /// exists twice is the first. A time outside the years -9999 to 9999 is taken as UTC.
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        instant_of(local, &self.rules()).unwrap_or_else(|| local.and_utc())
    }

    /// Returns the first instant of a day.
    pub fn start_of(&self, date: NaiveDate) -> DateTime<Utc> {
        self.instant(date.and_time(NaiveTime::MIN))
    }

    /// Returns the local time at an instant. An instant outside the years -9999 to 9999 stays UTC.
    pub fn local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        local_of(instant, &self.rules()).unwrap_or_else(|| instant.naive_utc())
    }
}

/// Returns the compiled-in IANA database.
pub fn database() -> tz::TimeZoneDatabase {
    tz::TimeZoneDatabase::bundled()
}

/// Returns the instant of a local time under a zone's rules; none outside the years -9999 to 9999.
pub fn instant_of(local: NaiveDateTime, rules: &tz::TimeZone) -> Option<DateTime<Utc>> {
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
    let instant = rules.to_ambiguous_timestamp(civil).compatible().ok()?;
    let nanosecond = u32::try_from(instant.subsec_nanosecond()).ok()?;
    DateTime::from_timestamp(instant.as_second(), nanosecond)
}

/// Returns the local time at an instant under a zone's rules; none outside the years -9999 to 9999.
pub fn local_of(instant: DateTime<Utc>, rules: &tz::TimeZone) -> Option<NaiveDateTime> {
    let second = Timestamp::from_second(instant.timestamp()).ok()?;
    let offset = rules.to_offset(second).seconds();
    instant
        .naive_utc()
        .checked_add_signed(TimeDelta::seconds(offset.into()))
}

impl PartialEq for TimeZone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeZone {}

impl Hash for TimeZone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        Self::parse(name)
    }
}

impl AsRef<str> for TimeZone {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// Returns what to do about an unknown name. Offsets and abbreviations get an explanation and no suggestion: `Etc/GMT+2` is west
/// of Greenwich, and `CST` is the abbreviation of three zones.
fn hint(name: &str) -> String {
    if is_offset_or_abbreviation(name) {
        return "an offset or abbreviation does not say when clocks change; give a name such as Europe/Berlin"
            .to_owned();
    }
    match meant(name) {
        Some(zone) => format!("did you mean {zone}?"),
        None => "give a name such as Europe/Berlin".to_owned(),
    }
}

fn is_offset_or_abbreviation(name: &str) -> bool {
    let bare = name.strip_prefix("Etc/").unwrap_or(name);
    let is_offset = bare.contains(['+', '-', ':']) && bare.contains(|c: char| c.is_ascii_digit());
    let is_abbreviation =
        (2..=5).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_uppercase());
    is_offset || is_abbreviation
}

/// Returns the zone of a city without its continent, or of a misspelt name.
fn meant(name: &str) -> Option<String> {
    if name.len() > MAX_NAME {
        return None;
    }
    let name = name.trim().replace(' ', "_");
    let zones: Vec<String> = database()
        .available()
        .map(|zone| zone.to_string())
        .filter(|zone| zone.contains('/') && !zone.starts_with("Etc/"))
        .collect();
    let by_city = |city: &str| {
        zones
            .iter()
            .find(|zone| last_part(zone).eq_ignore_ascii_case(city))
    };
    let zone = by_city(last_part(&name)).or_else(|| {
        if name.contains('/') {
            let zone = nearest(&name, zones.iter().map(String::as_str))?;
            return zones.iter().find(|known| *known == zone);
        }
        let cities = zones.iter().map(|zone| last_part(zone));
        let city = nearest(&name, cities).filter(|_| name.len() > SHORT)?;
        by_city(city)
    });
    zone.cloned()
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use chrono::{LocalResult, TimeZone as _};
    use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

    use super::*;

    fn hint_of(name: &str) -> String {
        TimeZone::parse(name).unwrap_err().to_string()
    }

    #[test]
    fn known_name_is_accepted_in_any_case() {
        for (given, name) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            (
                "America/Argentina/Buenos_Aires",
                "America/Argentina/Buenos_Aires",
            ),
            ("UTC", "UTC"),
            ("Etc/UTC", "Etc/UTC"),
            ("Asia/Calcutta", "Asia/Calcutta"),
        ] {
            assert_eq!(TimeZone::parse(given).unwrap().as_ref(), name);
        }
    }

    #[test]
    fn misspelt_name_gets_suggestion() {
        for (name, meant) in [
            ("Europe/Berln", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"),
            ("rome", "Europe/Rome"),
            ("new york", "America/New_York"),
            ("America/New York", "America/New_York"),
            ("Asia/Calcuta", "Asia/Calcutta"),
        ] {
            let expected = format!("is not an IANA time zone; did you mean {meant}?");
            assert_eq!(hint_of(name), expected, "{name}");
        }
    }

    #[test]
    fn offset_or_abbreviation_gets_explanation() {
        for name in [
            "GMT+2",
            "UTC+01:00",
            "+01:00",
            "Etc/GMT+99",
            "PST",
            "CST",
            "IST",
            "JST",
            "CEST",
        ] {
            let hint = hint_of(name);
            assert!(hint.contains("offset or abbreviation"), "{name}: {hint}");
            assert!(!hint.contains("did you mean"), "{name}: {hint}");
        }
    }

    #[test]
    fn other_name_gets_example() {
        let long = "x".repeat(100_000);
        for name in [
            "",
            "ist",
            "Mars/Olympus_Mons",
            "Etc/Unknown",
            "Factory",
            "\0",
            &long,
        ] {
            let hint = hint_of(name);
            assert!(
                hint.ends_with("give a name such as Europe/Berlin"),
                "{name}: {hint}"
            );
        }
    }

    #[test]
    fn gap_and_overlap_follow_rfc_5545() {
        let berlin = TimeZone::parse("Europe/Berlin").unwrap();
        let local = |text: &str| text.parse::<NaiveDateTime>().unwrap();
        let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (shown, instant) in [
            ("2026-12-01T09:00:00", "2026-12-01T08:00:00Z"),
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(berlin.instant(local(shown)), utc(instant), "{shown}");
        }
        let date = NaiveDate::from_ymd_opt(2026, 7, 1).unwrap();
        assert_eq!(berlin.start_of(date), utc("2026-06-30T22:00:00Z"));
        assert_eq!(
            berlin.local(utc("2026-06-30T22:00:00Z")),
            local("2026-07-01T00:00:00")
        );
    }

    #[test]
    fn rules_of_2026_are_known() {
        // British Columbia stays on summer time from November 2026.
        let vancouver = TimeZone::parse("America/Vancouver").unwrap();
        let local = "2026-12-01T09:00:00".parse().unwrap();
        assert_eq!(
            vancouver.instant(local).to_rfc3339(),
            "2026-12-01T16:00:00+00:00"
        );
    }

    #[test]
    fn instants_agree_with_chrono_tz() {
        let mut rng = StdRng::seed_from_u64(598);
        let first = NaiveDate::from_ymd_opt(2000, 1, 1)
            .unwrap()
            .and_time(NaiveTime::MIN);
        let mut compared = 0;
        for _ in 0..20_000 {
            let theirs = *chrono_tz::TZ_VARIANTS.choose(&mut rng).unwrap();
            let Ok(ours) = TimeZone::parse(theirs.name()) else {
                continue;
            };
            let time = first + TimeDelta::minutes(rng.random_range(0..25 * 365 * 24 * 60));
            let instant = ours.instant(time);
            match theirs.from_local_datetime(&time) {
                LocalResult::Single(expected) | LocalResult::Ambiguous(expected, _) => {
                    assert_eq!(instant, expected.with_timezone(&Utc), "{time} in {theirs}");
                    assert_eq!(ours.local(instant), time, "{time} in {theirs}");
                }
                // The local time is in a gap and is shifted forward.
                LocalResult::None => assert!(ours.local(instant) > time, "{time} in {theirs}"),
            }
            compared += 1;
        }
        assert!(compared > 19_000, "compared only {compared}");
    }
}
