//! Series whose tasks start at the occurrences and are due later.

use super::fixtures::{instant, local, series, series_from_completion};
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

/// Zone, rule, start, days and seconds to the due time, the first occurrences.
type Case<'a> = (&'a str, &'a str, &'a str, i32, Option<i32>, &'a [&'a str]);

const CASES: [Case<'_>; 9] = [
    (
        "Europe/Berlin",
        "FREQ=WEEKLY;BYDAY=MO",
        "2030-01-07T00:00:00",
        1,
        None,
        &[
            "2030-01-07T00:00:00 = 01-07T23:00:00Z",
            "2030-01-14T00:00:00 = 01-14T23:00:00Z",
        ],
    ),
    (
        "UTC",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "2027-01-30T09:00:00",
        1,
        Some(0),
        &[
            "2027-01-31T09:00:00 = 02-01T09:00:00Z",
            "2027-02-28T09:00:00 = 03-01T09:00:00Z",
            "2027-03-31T09:00:00 = 04-01T09:00:00Z",
        ],
    ),
    (
        "UTC",
        "FREQ=MONTHLY",
        "2027-01-31T09:00:00",
        30,
        Some(0),
        &[
            "2027-01-31T09:00:00 = 03-02T09:00:00Z",
            "2027-03-31T09:00:00 = 04-30T09:00:00Z",
        ],
    ),
    // Days are counted on the calendar: nine o'clock stays nine o'clock when the clock changes between start and due.
    (
        "Europe/Berlin",
        "FREQ=WEEKLY",
        "2026-03-21T09:00:00",
        1,
        Some(0),
        &[
            "2026-03-21T09:00:00 = 03-22T08:00:00Z",
            "2026-03-28T09:00:00 = 03-29T07:00:00Z",
            "2026-04-04T09:00:00 = 04-05T07:00:00Z",
        ],
    ),
    // The rest is exact: twelve hours are twelve hours in the night in which the clock changes.
    (
        "Europe/Berlin",
        "FREQ=WEEKLY",
        "2026-10-17T22:00:00",
        0,
        Some(12 * HOUR),
        &[
            "2026-10-17T22:00:00 = 10-18T08:00:00Z",
            "2026-10-24T22:00:00 = 10-25T08:00:00Z",
            "2026-10-31T22:00:00 = 11-01T09:00:00Z",
        ],
    ),
    // The gap shifts the day that is counted on, and only that once.
    (
        "Europe/Berlin",
        "FREQ=WEEKLY",
        "2026-03-21T02:30:00",
        1,
        Some(HOUR),
        &[
            "2026-03-21T02:30:00 = 03-22T02:30:00Z",
            "2026-03-28T02:30:00 = 03-29T02:30:00Z",
            "2026-04-04T02:30:00 = 04-05T01:30:00Z",
        ],
    ),
    (
        "America/Havana",
        "FREQ=WEEKLY",
        "2026-02-28T09:00:00",
        1,
        None,
        &[
            "2026-02-28T09:00:00 = 03-01T05:00:00Z",
            "2026-03-07T09:00:00 = 03-08T05:00:00Z",
            "2026-03-14T09:00:00 = 03-15T04:00:00Z",
        ],
    ),
    // Due on the date of the start, whose beginning is before the start.
    (
        "UTC",
        "FREQ=DAILY",
        "2026-12-01T09:00:00",
        0,
        None,
        &[
            "2026-12-01T09:00:00 = 12-01T00:00:00Z",
            "2026-12-02T09:00:00 = 12-02T00:00:00Z",
        ],
    ),
    (
        "UTC",
        "FREQ=DAILY;BYHOUR=9,17",
        "2026-12-01T09:00:00",
        0,
        Some(2 * HOUR),
        &[
            "2026-12-01T09:00:00 = 12-01T11:00:00Z",
            "2026-12-01T17:00:00 = 12-01T19:00:00Z",
            "2026-12-02T09:00:00 = 12-02T11:00:00Z",
        ],
    ),
];

#[test]
fn distance_from_start_to_due_stays() {
    for (zone, rule, start, days, seconds, expected) in CASES {
        let series = due_after(series(rule, zone, start), days, seconds);
        let occurrences = series.occurrences().take(expected.len());
        let occurrences: Vec<_> = occurrences
            .map(|occurrence| written(&series, occurrence))
            .collect();
        assert_eq!(occurrences, expected, "{rule} from {start} in {zone}");
    }
}

#[test]
fn occurrences_completed_in_time_follow_each_other() {
    for (zone, rule, start, days, seconds, _) in CASES {
        let series = due_after(series(rule, zone, start), days, seconds);
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
fn completion_moves_the_start_and_the_due_time_follows() {
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
