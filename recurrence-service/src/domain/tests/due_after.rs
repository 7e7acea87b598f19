//! Series whose tasks start at the occurrences and are due later.

use super::fixtures::{cases, instant, local, series, series_from_completion};
use crate::domain::{DueAfter, Occurrence, Series, format_local_time};

fn due_after(series: Series, days: i32, seconds: impl Into<Option<i32>>) -> Series {
    let seconds = seconds.into();
    series.due_after(Some(DueAfter { days, seconds }))
}

/// Writes an occurrence as "start = due".
fn written(series: &Series, occurrence: Occurrence) -> String {
    let (start, due) = (occurrence.local, series.due_time(occurrence));
    format!(
        "{} = {}",
        format_local_time(start),
        due.format("%m-%dT%H:%M:%SZ")
    )
}

const HOUR: i32 = 3600;

const CASES: &str = include_str!("cases/due_after.txt");

#[test]
fn distance_from_start_to_due_stays() {
    for [zone, rule, start, days, seconds, expected] in cases(CASES) {
        let series = due_after(
            series(rule, zone, start),
            days.parse().unwrap(),
            seconds.parse().ok(),
        );
        let expected: Vec<_> = expected.split(", ").collect();
        let occurrences = series.occurrences().take(expected.len());
        let occurrences: Vec<_> = occurrences
            .map(|occurrence| written(&series, occurrence))
            .collect();
        assert_eq!(occurrences, expected, "{rule} from {start} in {zone}");
    }
}

#[test]
fn occurrences_completed_in_time_follow_each_other() {
    for [zone, rule, start, days, seconds, _] in cases(CASES) {
        let series = due_after(
            series(rule, zone, start),
            days.parse().unwrap(),
            seconds.parse().ok(),
        );
        let mut before = series.first();
        for expected in series.occurrences().skip(1).take(100) {
            let completed = series.due_time(before).min(before.time);
            assert_eq!(
                series.next(before.local, completed),
                Some(expected),
                "{rule} in {zone}"
            );
            before = expected;
        }
    }
}

#[test]
fn occurrence_is_missed_once_it_is_due() {
    let monthly = series("FREQ=MONTHLY", "UTC", "2027-01-01T09:00:00");
    let monthly = due_after(monthly, 27, 0);
    let daily = due_after(series("FREQ=DAILY", "UTC", "2027-01-01T09:00:00"), 3, 0);
    for (series, completed, expected) in [
        // In time, before the start, and late but before the next one is due: nothing is skipped.
        (
            &monthly,
            "2027-01-10T00:00:00Z",
            "2027-02-01T09:00:00 = 02-28T09:00:00Z",
        ),
        (
            &monthly,
            "2026-12-10T00:00:00Z",
            "2027-02-01T09:00:00 = 02-28T09:00:00Z",
        ),
        (
            &monthly,
            "2027-02-28T08:59:59Z",
            "2027-02-01T09:00:00 = 02-28T09:00:00Z",
        ),
        (
            &monthly,
            "2027-02-28T09:00:00Z",
            "2027-03-01T09:00:00 = 03-28T09:00:00Z",
        ),
        (
            &daily,
            "2027-01-02T00:00:00Z",
            "2027-01-02T09:00:00 = 01-05T09:00:00Z",
        ),
        (
            &daily,
            "2027-01-10T12:00:00Z",
            "2027-01-08T09:00:00 = 01-11T09:00:00Z",
        ),
    ] {
        let next = series.next(local("2027-01-01T09:00:00"), instant(completed));
        let next = next.map(|next| written(series, next));
        assert_eq!(next.as_deref(), Some(expected), "{completed}");
    }
}

#[test]
fn completion_moves_start_and_due_time() {
    let series = series_from_completion("FREQ=MONTHLY", "Europe/Berlin", "2027-01-31T09:00:00");
    let series = due_after(series, 2, 8 * HOUR);
    let next = series
        .next(
            local("2027-01-31T09:00:00"),
            instant("2027-02-27T20:00:00Z"),
        )
        .unwrap();
    // The clock changes between the day of the start and that of the due time.
    assert_eq!(
        written(&series, next),
        "2027-03-27T09:00:00 = 03-29T15:00:00Z"
    );
}
