use std::fmt;

use jiff::tz::TimeZoneDatabase;

use super::nearest;

const LONGEST_NAME: usize = 64;

/// The name of a time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
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
