use std::{collections::HashMap, str::FromStr};

use calcard::{
    Entry, Parser,
    common::timezone::Tz,
    icalendar::{ICalendar, ICalendarComponent},
};
use jiff::tz::{TimeZone, TimeZoneDatabase};

const MOST_PREFIXES: usize = 5;

/// The time zones of a calendar, under the names that it has for them.
pub struct Zones {
    named: HashMap<String, String>,
    /// The zone in which times are read that name none.
    pub default: String,
}

impl Zones {
    /// Knows no names but common ones.
    pub fn new(default: &str) -> Self {
        Self {
            named: HashMap::new(),
            default: default.to_owned(),
        }
    }

    /// Learns the name of a VTIMEZONE component; some programs say which zone they mean in extensions of it.
    pub fn learn(&mut self, text: &str) {
        let Some(calendar) = parse(text) else {
            return;
        };
        for zone in calendar
            .components
            .iter()
            .filter_map(ICalendarComponent::timezone)
        {
            let (name, zone) = zone;
            if let Some(zone) = iana_name(zone) {
                self.named.insert(name.to_owned(), zone);
            }
        }
    }

    /// Returns the IANA name of the zone that a calendar calls so: its own name for it, an IANA name, or one of Windows.
    pub fn iana(&self, name: &str) -> Option<String> {
        let learned = self.named.get(name).cloned();
        learned.or_else(|| common_name(name)).or_else(|| {
            // Some programs put a name of their own before that of the zone, such as /example.org/Europe/Berlin.
            let mut suffixes = name.match_indices('/').take(MOST_PREFIXES);
            suffixes.find_map(|(index, _)| common_name(&name[index + 1..]))
        })
    }

    /// Takes another zone for times that name none, if it is one.
    pub fn set_default(&mut self, name: &str) {
        if let Some(zone) = self.iana(name) {
            self.default = zone;
        }
    }
}

/// Returns the rules of a zone; those of UTC if there is none of that name.
pub fn rules(iana_name: &str) -> TimeZone {
    let zone = TimeZoneDatabase::bundled().get(iana_name);
    zone.unwrap_or(TimeZone::UTC)
}

/// Reads one component by the library, as forgivingly as it can.
pub fn parse(component: &str) -> Option<ICalendar> {
    match Parser::new(component).entry() {
        Entry::ICalendar(calendar) => Some(calendar),
        _ => None,
    }
}

fn common_name(name: &str) -> Option<String> {
    Tz::from_str(name).ok().and_then(iana_name)
}

fn iana_name(zone: Tz) -> Option<String> {
    let whole_hours = match zone {
        Tz::Fixed(offset) => offset.local_minus_utc() % 3_600 == 0,
        Tz::Floating | Tz::Tz(_) => true,
    };
    let name = zone.name().filter(|_| whole_hours)?;
    let is_known = TimeZoneDatabase::bundled().get(&name).is_ok();
    is_known.then(|| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_iana_of_windows_and_of_the_calendar_are_known() {
        let mut zones = Zones::new("UTC");
        zones.learn(
            "BEGIN:VTIMEZONE\nTZID:Mine\nX-LIC-LOCATION:Europe/Vienna\nBEGIN:STANDARD\nDTSTART:19701025T030000\n\
             TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n",
        );
        for (name, zone) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("Eastern Standard Time", "America/New_York"),
            (
                "/freeassociation.sourceforge.net/Europe/Berlin",
                "Europe/Berlin",
            ),
            ("Mine", "Europe/Vienna"),
        ] {
            assert_eq!(zones.iana(name).as_deref(), Some(zone), "{name}");
        }
        assert_eq!(zones.iana("Mars/Olympus"), None);
        assert_eq!(zones.iana(""), None);
    }
}
