//! Short words for the tests of this folder.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::domain::{
    Anchor, Occurrence, RecurrenceRule, Series, SeriesError, TimeZone, format_local_time,
    parse_local_time,
};

pub(super) fn rule(text: &str) -> RecurrenceRule {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn zone(name: &str) -> TimeZone {
    name.parse()
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(super) fn local(text: &str) -> NaiveDateTime {
    parse_local_time(text).unwrap_or_else(|| panic!("{text} is no local time"))
}

pub(super) fn instant(text: &str) -> DateTime<Utc> {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn try_series(
    text: &str,
    zone_name: &str,
    start: &str,
    anchor: Anchor,
) -> Result<Series, SeriesError> {
    Series::new(&rule(text), zone(zone_name), local(start), anchor)
}

pub(super) fn series(text: &str, zone_name: &str, start: &str) -> Series {
    try_series(text, zone_name, start, Anchor::Schedule)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn series_from_completion(text: &str, zone_name: &str, start: &str) -> Series {
    try_series(text, zone_name, start, Anchor::Completion)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Returns the first dates of a rule, at most this many.
pub(super) fn dates(text: &str, start: &str, count: usize) -> Vec<NaiveDate> {
    series(text, "UTC", start)
        .occurrences()
        .take(count)
        .map(|occurrence| occurrence.local.date())
        .collect()
}

/// Writes occurrences as "local = instant".
pub(super) fn written(occurrences: impl IntoIterator<Item = Occurrence>) -> Vec<String> {
    occurrences
        .into_iter()
        .map(|occurrence| {
            let local = format_local_time(occurrence.local);
            format!("{local} = {}", occurrence.time.format("%dT%H:%M:%SZ"))
        })
        .collect()
}

/// Reads dates written as "1997-09: 2 9 16-18; 1997-10: 7".
pub(super) fn listed(text: &str) -> Vec<NaiveDate> {
    let mut dates = Vec::new();
    for month in text.split(';') {
        let (month, days) = month.split_once(':').unwrap();
        for days in days.split_whitespace() {
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            for day in first.parse::<u32>().unwrap()..=last.parse().unwrap() {
                let date = format!("{}-{day:02}", month.trim());
                dates.push(date.parse().unwrap());
            }
        }
    }
    dates
}

/// Returns the lines of a file of cases without its comments.
pub(super) fn lines(file: &str) -> impl Iterator<Item = &str> {
    file.lines().filter(|line| !line.starts_with('#'))
}

/// Returns the columns of the cases in a file, which stand between bars.
pub(super) fn cases<const COLUMNS: usize>(file: &str) -> impl Iterator<Item = [&str; COLUMNS]> {
    lines(file).map(|line| {
        let columns: Vec<_> = line.split(" | ").collect();
        columns
            .try_into()
            .unwrap_or_else(|_| panic!("{line} has {COLUMNS} columns"))
    })
}
