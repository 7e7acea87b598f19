//! The first and last occurrence of a series, and the successor of a late, early or moved occurrence.

use chrono::{NaiveDateTime, TimeDelta};

use super::fixtures::{instant, local, rule, series, try_series, written, zone};
use crate::domain::{Anchor, Proposal, Series, SeriesError, format_local_time};

#[test]
fn series_begins_at_or_after_start() {
    let at = series(
        "FREQ=WEEKLY;BYDAY=TU",
        "Europe/Berlin",
        "2026-12-01T09:00:00",
    );
    assert_eq!(
        written([at.first()]),
        ["2026-12-01T09:00:00 = 01T08:00:00Z"]
    );
    let after = series(
        "FREQ=WEEKLY;BYDAY=MO",
        "Europe/Berlin",
        "2026-12-01T09:00:00",
    );
    assert_eq!(
        written([after.first()]),
        ["2026-12-07T09:00:00 = 07T08:00:00Z"]
    );
}

#[test]
fn a_late_completion_skips_what_was_missed() {
    let series = series("FREQ=DAILY", "Europe/Berlin", "2026-12-01T09:00:00");
    let next = series.next(
        local("2026-12-01T09:00:00"),
        instant("2026-12-10T07:59:59Z"),
    );
    assert_eq!(written(next), ["2026-12-10T09:00:00 = 10T08:00:00Z"]);
    let next = series.next(
        local("2026-12-01T09:00:00"),
        instant("2026-12-10T08:00:00Z"),
    );
    assert_eq!(
        written(next),
        ["2026-12-11T09:00:00 = 11T08:00:00Z"],
        "strictly after"
    );
}

#[test]
fn early_completion_does_not_repeat_date() {
    let series = series("FREQ=WEEKLY", "Europe/Berlin", "2026-12-07T09:00:00");
    let next = series.next(
        local("2026-12-07T09:00:00"),
        instant("2026-12-01T12:00:00Z"),
    );
    assert_eq!(written(next), ["2026-12-14T09:00:00 = 14T08:00:00Z"]);
}

#[test]
fn old_series_keeps_its_hour() {
    let series = series(
        "FREQ=DAILY;INTERVAL=3",
        "America/New_York",
        "2016-11-20T07:30:00",
    );
    let completed = instant("2026-11-20T12:00:00Z");
    let next = series
        .next(local("2026-11-19T07:30:00"), completed)
        .unwrap();
    let walked = series
        .occurrences()
        .find(|occurrence| occurrence.time > completed);
    assert_eq!(Some(next), walked);
    assert_eq!(format_local_time(next.local), "2026-11-22T07:30:00");
}

#[test]
fn counted_series_ends_after_late_completions() {
    let series = series("FREQ=DAILY;COUNT=3", "UTC", "2026-12-01T09:00:00");
    assert_eq!(series.occurrences().count(), 3);
    let last = series.last().unwrap();
    assert_eq!(format_local_time(last.local), "2026-12-03T09:00:00");
    assert_eq!(series.next(last.local, last.time), None);
    let first = series.first();
    assert_eq!(series.next(first.local, last.time), None, "two were missed");
    let early = first.time - TimeDelta::days(1);
    assert_eq!(
        written(series.next(first.local, early)),
        ["2026-12-02T09:00:00 = 02T09:00:00Z"]
    );
}

#[test]
fn until_is_inclusive_to_the_second() {
    // In New York nine o'clock is 14:00 UTC in December.
    for (until, last) in [
        ("20261203", Some("2026-12-03T09:00:00")),
        ("20261203T090000", Some("2026-12-03T09:00:00")),
        ("20261203T085959", Some("2026-12-02T09:00:00")),
        ("20261203T140000Z", Some("2026-12-03T09:00:00")),
        ("20261203T135959Z", Some("2026-12-02T09:00:00")),
        ("20261201T090000", Some("2026-12-01T09:00:00")),
        ("20261201T085959", None),
        ("19700101", None),
    ] {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        match try_series(
            &rule,
            "America/New_York",
            "2026-12-01T09:00:00",
            Anchor::Schedule,
        ) {
            Ok(series) => {
                let found = series.last().map(|date| format_local_time(date.local));
                assert_eq!(found.as_deref(), last, "{until}");
                assert_eq!(series.occurrences().last(), series.last(), "{until}");
            }
            Err(error) => {
                assert_eq!(error, SeriesError::EndsBeforeFirst, "{until}");
                assert_eq!(last, None, "{until}");
            }
        }
    }
}

#[test]
fn start_outside_1970_to_2200_is_refused() {
    let proposed = |start_time| Proposal {
        rule: rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
        time_zone: zone("UTC"),
        start_time: instant(start_time),
        anchor: Anchor::Schedule,
    };
    for (start_time, year) in [
        ("1969-12-31T23:59:59Z", 1969),
        ("2201-01-01T00:00:00Z", 2201),
    ] {
        let error = proposed(start_time).series().unwrap_err();
        assert_eq!(error, SeriesError::StartOutOfRange(year));
        assert!(error.to_string().contains("between 1970 and 2200"));
    }
    assert!(proposed("1970-01-01T00:00:00Z").series().is_ok());

    // Its first date may be later, and from there on that date is the start.
    let first = proposed("2200-12-31T23:59:59Z").series().unwrap().first();
    let start = format_local_time(first.local);
    assert_eq!(start, "2204-02-29T23:59:59");
    assert_eq!(series("FREQ=YEARLY", "UTC", &start).first(), first);
}

#[test]
fn start_at_edge_of_calendar_never_panics() {
    for text in [
        "FREQ=DAILY",
        "FREQ=WEEKLY",
        "FREQ=MONTHLY",
        "FREQ=YEARLY;BYWEEKNO=1",
    ] {
        let made = |start| Series::new(&rule(text), zone("UTC"), start, Anchor::Schedule);
        let error = made(NaiveDateTime::MAX).unwrap_err();
        assert_eq!(error, SeriesError::NeverHappens, "{text}");
        if let Ok(series) = made(NaiveDateTime::MIN) {
            assert_eq!(series.occurrences().take(3).count(), 3, "{text}");
        }
    }
}

#[test]
fn endless_series_ends_in_3999() {
    let series = series("FREQ=YEARLY;INTERVAL=1000", "UTC", "2026-12-01T09:00:00");
    let years: Vec<_> = series
        .occurrences()
        .map(|date| format_local_time(date.local))
        .collect();
    assert_eq!(years, ["2026-12-01T09:00:00", "3026-12-01T09:00:00"]);
    for completed in [
        chrono::DateTime::<chrono::Utc>::MAX_UTC,
        instant("9999-12-31T23:59:59Z"),
    ] {
        assert_eq!(series.next(local("2026-12-01T09:00:00"), completed), None);
    }
}
