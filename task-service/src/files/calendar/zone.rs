use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    str::FromStr,
};

use calcard::{
    Entry, Parser,
    common::timezone::Tz,
    icalendar::{ICalendar, ICalendarComponent},
};
use chrono::{DateTime, NaiveDateTime};
use service_runtime::time_zone::{database, instant_of};

use super::{
    component::{Component, Cut},
    content_line::raw_value,
    definition::Definition,
};
use crate::files::task::When;

const MOST_PREFIXES: usize = 5;
/// For how long a zone must keep the same time as a definition to be taken for it: about ten years.
const RELEVANT_SECONDS: i64 = 10 * 365 * 86_400;
/// The most definitions of a file that differ; a real one has a few.
const MOST_DEFINITIONS: usize = 500;
/// Maximum number of searches of the whole database for one file.
const MOST_SEARCHES: u32 = 200;
/// The zones that definitions mostly mean, before others with the same offsets.
const COMMON: [&str; 18] = [
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Halifax",
    "America/St_Johns",
    "America/Santiago",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Jerusalem",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Darwin",
    "Pacific/Auckland",
];

/// The time zones that a file defines.
pub struct Definitions<'f> {
    /// Distinct definitions; concatenated calendars repeat theirs.
    defined: Vec<VTimezone<'f>>,
    /// Their indices, by the calendar that has them and their names in lower case.
    named: HashMap<(usize, String), usize>,
    /// The index of the first of a name, for calendars that lack it.
    first: HashMap<String, usize>,
    searches: Cell<u32>,
}

/// A VTIMEZONE component, which is read when a time refers to it.
struct VTimezone<'f> {
    text: &'f str,
    read: OnceCell<(Option<Definition>, Vec<String>)>,
    /// The zone that it was last found to be.
    found: RefCell<Option<String>>,
}

/// The time zones of one calendar of a file.
pub struct Zones<'f> {
    definitions: &'f Definitions<'f>,
    calendar: usize,
    /// The zone in which times are read that name none.
    pub default: String,
}

/// A local time in a zone that a calendar names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonedTime {
    /// The local time if `zone` keeps the same time at that moment, or else the instant.
    pub when: When,
    /// The IANA name of the zone.
    pub zone: Option<String>,
    /// Difference between the zone and its definition in the file, if it matters to later dates.
    pub difference: Option<String>,
}

impl<'f> Definitions<'f> {
    /// Finds the definitions of a file; of two with one name in one calendar the first counts.
    pub fn new(cut: &Cut<'f>) -> Self {
        let mut definitions = Self {
            defined: Vec::new(),
            named: HashMap::new(),
            first: HashMap::new(),
            searches: Cell::new(MOST_SEARCHES),
        };
        let mut known: HashMap<&str, usize> = HashMap::new();
        let is_zone =
            |component: &&Component<'f>| component.name == "VTIMEZONE" && component.fault.is_none();
        for component in cut.components.iter().filter(is_zone) {
            let index = match known.get(component.text) {
                Some(index) => *index,
                None if known.len() == MOST_DEFINITIONS => continue,
                None => known.len(),
            };
            let Some(name) = raw_value(component.text, "TZID") else {
                continue;
            };
            if known.insert(component.text, index).is_none() {
                definitions.defined.push(VTimezone {
                    text: component.text,
                    read: OnceCell::new(),
                    found: RefCell::new(None),
                });
            }
            let name = key(name);
            definitions.first.entry(name.clone()).or_insert(index);
            let named = definitions.named.entry((component.calendar, name));
            named.or_insert(index);
        }
        definitions
    }

    fn get(&self, calendar: usize, name: &str) -> Option<&VTimezone<'f>> {
        let name = key(name);
        let elsewhere = self.first.get(&name);
        let index = self.named.get(&(calendar, name)).or(elsewhere)?;
        self.defined.get(*index)
    }
}

impl<'f> Zones<'f> {
    /// Begins with the zone of the user.
    pub fn new(definitions: &'f Definitions<'f>, calendar: usize, default: &str) -> Self {
        Self {
            definitions,
            calendar,
            default: default.to_owned(),
        }
    }

    /// Takes another zone for times that name none; returns whether it is known.
    pub fn set_default(&mut self, name: &str) -> bool {
        let defined = self.definitions.get(self.calendar, name);
        let zone = defined
            .and_then(|defined| defined.read().1.first().cloned())
            .or_else(|| iana(name))
            .or_else(|| fixed_zone(offset_of_name(name)?));
        let is_known = zone.is_some();
        self.default = zone.unwrap_or_else(|| std::mem::take(&mut self.default));
        is_known
    }

    /// Reads a local time in the zone of a name: as the file defines it, or else as the IANA, Windows or Outlook do.
    pub fn read(&self, name: &str, local: NaiveDateTime) -> Option<ZonedTime> {
        if let Some(defined) = self.definitions.get(self.calendar, name) {
            let (definition, names) = defined.read();
            let found = defined.found.borrow().clone();
            let names: Vec<String> = found.into_iter().chain(names.iter().cloned()).collect();
            let second = local.and_utc().timestamp();
            let is_complete = |definition: &&Definition| {
                names.is_empty()
                    || definition.is_complete(second - RELEVANT_SECONDS, second + RELEVANT_SECONDS)
            };
            if let Some(definition) = definition.as_ref().filter(is_complete) {
                let zoned = self.match_zone(name, definition, &names, local)?;
                defined.found.borrow_mut().clone_from(&zoned.zone);
                return Some(zoned);
            }
            if let Some(zone) = names.into_iter().next() {
                return Some(ZonedTime::exact(local, zone));
            }
        }
        if let Some(zone) = iana(name) {
            return Some(ZonedTime::exact(local, zone));
        }
        let fixed = Definition::fixed(offset_of_name(name)?);
        self.match_zone(name, &fixed, &[], local)
    }

    /// Finds the zone that keeps the same time as a definition for the longest while.
    fn match_zone(
        &self,
        name: &str,
        definition: &Definition,
        names: &[String],
        local: NaiveDateTime,
    ) -> Option<ZonedTime> {
        let instant = definition.instant(local)?;
        let since = instant.timestamp();
        let until = since + RELEVANT_SECONDS;
        let database = database();
        let mut best: Option<(String, i64)> = None;
        let mut is_same = |zone: &str| {
            let Ok(rules) = database.get(zone) else {
                return false;
            };
            if instant_of(local, &rules) != Some(instant) {
                return false;
            }
            let differs = definition.differs_from(&rules, since, until);
            let from = differs.unwrap_or(i64::MAX);
            if best.as_ref().is_none_or(|(_, until)| from > *until) {
                best = Some((zone.to_owned(), from));
            }
            differs.is_none()
        };
        let fixed = definition
            .constant_offset(since, until)
            .and_then(fixed_zone);
        let likely = names.iter().chain([&self.default]).chain(fixed.as_ref());
        let mut likely = likely.map(String::as_str).chain(COMMON);
        let searches = &self.definitions.searches;
        // No zone is like a restless one, and to find that out takes long.
        if !definition.is_restless(since, until) && !likely.any(&mut is_same) && searches.get() > 0
        {
            searches.set(searches.get() - 1);
            let is_place = |zone: &String| zone.contains('/') && !zone.starts_with("Etc/");
            let places = database.available().map(|zone| zone.to_string());
            places.filter(is_place).any(|zone| is_same(&zone));
        }
        Some(match best {
            Some((zone, i64::MAX)) => ZonedTime::exact(local, zone),
            Some((zone, from)) => {
                let from = DateTime::from_timestamp(from, 0).unwrap_or_default();
                let from = from.format("%Y-%m-%d");
                ZonedTime {
                    difference: Some(format!(
                        "{name:?} is defined with other rules than any known time zone; the task repeats in {zone}, \
                         which differs from {from} on"
                    )),
                    ..ZonedTime::exact(local, zone)
                }
            }
            None => ZonedTime {
                when: When::Instant(instant),
                zone: None,
                difference: Some(format!(
                    "{name:?} is defined with offsets that no known time zone has; the task repeats in {}",
                    self.default
                )),
            },
        })
    }
}

impl ZonedTime {
    fn exact(local: NaiveDateTime, zone: String) -> Self {
        Self {
            when: When::Local(local),
            zone: Some(zone),
            difference: None,
        }
    }
}

impl VTimezone<'_> {
    /// Returns the definition, and the IANA zones that the component names.
    fn read(&self) -> &(Option<Definition>, Vec<String>) {
        self.read.get_or_init(|| {
            let Some(calendar) = parse(self.text) else {
                return (None, Vec::new());
            };
            let by_id = raw_value(self.text, "TZID").and_then(iana);
            let by_location = raw_value(self.text, "X-LIC-LOCATION").and_then(iana);
            // The library also knows the numbers that Outlook has for zones.
            let component = calendar.components.first();
            let by_extension = component
                .and_then(ICalendarComponent::timezone)
                .and_then(|(_, zone)| iana_name(zone));
            let names = [by_id, by_location, by_extension];
            let names = names.into_iter().flatten().collect();
            (Definition::read(&calendar), names)
        })
    }
}

/// Reads one component by the library, as forgivingly as it can.
pub fn parse(component: &str) -> Option<ICalendar> {
    match Parser::new(component).entry() {
        Entry::ICalendar(calendar) => Some(calendar),
        _ => None,
    }
}

/// Returns the form in which the names of zones are compared: `TZID` is escaped as a property and quoted as a parameter.
fn key(name: &str) -> String {
    name.trim()
        .trim_matches('"')
        .replace('\\', "")
        .to_lowercase()
}

/// Returns the IANA name of the zone that the IANA, Windows or Outlook call so, whatever the case.
fn iana(name: &str) -> Option<String> {
    let name = name.trim().trim_matches('"');
    let known = |name: &str| {
        let zone = database().get(name).ok();
        let zone = zone.filter(|zone| !zone.is_unknown());
        let zone = zone.and_then(|zone| zone.iana_name().map(str::to_owned));
        zone.or_else(|| Tz::from_str(name).ok().and_then(iana_name))
            .or_else(|| Tz::from_str(&capitalised(name)).ok().and_then(iana_name))
    };
    known(name).or_else(|| {
        // Some programs put a name of their own before that of the zone, such as /example.org/Europe/Berlin.
        let mut suffixes = name.match_indices('/').take(MOST_PREFIXES);
        suffixes.find_map(|(index, _)| known(&name[index + 1..]))
    })
}

/// Returns a name of Windows as Windows writes it, such as `W. Europe Standard Time`.
fn capitalised(name: &str) -> String {
    let mut after_letter = false;
    name.chars()
        .map(|character| {
            let is_first = !std::mem::replace(&mut after_letter, character.is_alphabetic());
            if is_first {
                character.to_ascii_uppercase()
            } else {
                character.to_ascii_lowercase()
            }
        })
        .collect()
}

fn iana_name(zone: Tz) -> Option<String> {
    let name = zone.name()?;
    let zone = database().get(&name).ok()?;
    zone.iana_name().map(str::to_owned)
}

/// Returns the offset that a name such as `GMT+0100`, `UTC-05:30` or `+11` stands for, in seconds east of UTC.
fn offset_of_name(name: &str) -> Option<i64> {
    let name = name.trim().trim_matches('"').to_ascii_uppercase();
    let bare = name
        .trim_start_matches("GMT")
        .trim_start_matches("UTC")
        .trim();
    let (sign, digits) = match bare.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "00"),
    };
    let is_number = |text: &str| {
        (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Returns the zone of the IANA with an offset that never changes, which is named the other way round.
fn fixed_zone(offset: i64) -> Option<String> {
    let hours = offset / 3_600;
    (offset % 3_600 == 0).then(|| match hours {
        0 => "Etc/UTC".to_owned(),
        hours => format!("Etc/GMT{:+}", -hours),
    })
}

#[cfg(test)]
#[path = "zone_tests.rs"]
mod tests;
