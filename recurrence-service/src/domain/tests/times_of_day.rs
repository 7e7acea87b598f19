//! BYHOUR, BYMINUTE and BYSECOND: several occurrences a day.

use super::fixtures::{instant, local, series, written};

/// Zone, rule, start, the first occurrences.
const CASES: [(&str, &str, &str, &[&str]); 9] = [
    // What calendar programs write: the time of the start once more.
    (
        "Europe/Berlin",
        "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0",
        "2026-12-01T09:00:00",
        &[
            "2026-12-01T09:00:00 = 01T08:00:00Z",
            "2026-12-02T09:00:00 = 02T08:00:00Z",
        ],
    ),
    (
        "Europe/Berlin",
        "FREQ=WEEKLY;BYDAY=TU;BYHOUR=9",
        "2026-12-01T09:30:15",
        &[
            "2026-12-01T09:30:15 = 01T08:30:15Z",
            "2026-12-08T09:30:15 = 08T08:30:15Z",
        ],
    ),
    // Another time than that of the start, which the first occurrence comes after.
    (
        "UTC",
        "FREQ=DAILY;BYHOUR=8",
        "2026-12-01T09:00:00",
        &[
            "2026-12-02T08:00:00 = 02T08:00:00Z",
            "2026-12-03T08:00:00 = 03T08:00:00Z",
        ],
    ),
    (
        "UTC",
        "FREQ=DAILY;INTERVAL=2;BYHOUR=20,8",
        "2026-12-01T09:00:00",
        &[
            "2026-12-01T20:00:00 = 01T20:00:00Z",
            "2026-12-03T08:00:00 = 03T08:00:00Z",
            "2026-12-03T20:00:00 = 03T20:00:00Z",
        ],
    ),
    (
        "UTC",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9,17;BYSETPOS=-1",
        "2026-12-01T09:00:00",
        &[
            "2026-12-01T17:00:00 = 01T17:00:00Z",
            "2027-01-01T17:00:00 = 01T17:00:00Z",
        ],
    ),
    (
        "UTC",
        "FREQ=DAILY;BYHOUR=9,9;BYMINUTE=0,30;COUNT=3",
        "2026-12-01T09:00:00",
        &[
            "2026-12-01T09:00:00 = 01T09:00:00Z",
            "2026-12-01T09:30:00 = 01T09:30:00Z",
            "2026-12-02T09:00:00 = 02T09:00:00Z",
        ],
    ),
    (
        "UTC",
        "FREQ=DAILY;BYHOUR=9,17;UNTIL=20261202T100000",
        "2026-12-01T09:00:00",
        &[
            "2026-12-01T09:00:00 = 01T09:00:00Z",
            "2026-12-01T17:00:00 = 01T17:00:00Z",
            "2026-12-02T09:00:00 = 02T09:00:00Z",
        ],
    ),
    // The hour that summer time skips is shifted onto the next one: one occurrence.
    (
        "Europe/Berlin",
        "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30",
        "2026-03-28T03:30:00",
        &[
            "2026-03-28T03:30:00 = 28T02:30:00Z",
            "2026-03-29T02:00:00 = 29T01:00:00Z",
            "2026-03-29T02:30:00 = 29T01:30:00Z",
            "2026-03-30T02:00:00 = 30T00:00:00Z",
        ],
    ),
    // A whole day that never was.
    (
        "Pacific/Apia",
        "FREQ=DAILY;BYHOUR=9,17",
        "2011-12-29T17:00:00",
        &[
            "2011-12-29T17:00:00 = 30T03:00:00Z",
            "2011-12-30T09:00:00 = 30T19:00:00Z",
            "2011-12-30T17:00:00 = 31T03:00:00Z",
            "2012-01-01T09:00:00 = 31T19:00:00Z",
        ],
    ),
];

#[test]
fn rule_with_times_repeats_within_the_day() {
    for (zone, rule, start, expected) in CASES {
        let series = series(rule, zone, start);
        let occurrences = series.occurrences().take(expected.len());
        assert_eq!(written(occurrences), expected, "{rule}");
    }
}

#[test]
fn completion_leads_to_next_time_of_the_same_day() {
    let series = series("FREQ=DAILY;BYHOUR=9,17", "UTC", "2026-12-01T09:00:00");
    for (completed, expected) in [
        ("2026-12-01T08:00:00Z", "2026-12-01T17:00:00 = 01T17:00:00Z"),
        ("2026-12-01T16:59:59Z", "2026-12-01T17:00:00 = 01T17:00:00Z"),
        ("2026-12-01T17:00:00Z", "2026-12-02T09:00:00 = 02T09:00:00Z"),
        ("2026-12-09T12:00:00Z", "2026-12-09T17:00:00 = 09T17:00:00Z"),
    ] {
        let next = series.next(local("2026-12-01T09:00:00"), instant(completed));
        assert_eq!(written(next), [expected], "{completed}");
    }
}

#[test]
fn last_occurrence_is_that_of_the_whole_series() {
    for (zone, rule, start) in [
        (
            "UTC",
            "FREQ=DAILY;BYHOUR=9,17;UNTIL=20261203T120000",
            "2026-12-01T09:00:00",
        ),
        (
            "UTC",
            "FREQ=DAILY;BYHOUR=9,17;COUNT=5",
            "2026-12-01T09:00:00",
        ),
        (
            "Pacific/Apia",
            "FREQ=DAILY;BYHOUR=9,17;UNTIL=20111231",
            "2011-12-29T09:00:00",
        ),
        (
            "Europe/Berlin",
            "FREQ=DAILY;BYHOUR=2,3;UNTIL=20260329T033000",
            "2026-03-28T02:30:00",
        ),
    ] {
        let series = series(rule, zone, start);
        assert_eq!(series.last(), series.occurrences().last(), "{rule}");
    }
}
