//! Clocks that are put forward and back, at all hours and by all amounts.

use super::fixtures::{instant, local, series, written};

/// Zone, rule, start, the first occurrences as local time = day and time in UTC.
const CASES: [(&str, &str, &str, &[&str]); 15] = [
    (
        "Europe/Berlin",
        "FREQ=DAILY",
        "2026-03-28T02:30:00",
        &[
            "2026-03-28T02:30:00 = 28T01:30:00Z",
            "2026-03-29T02:30:00 = 29T01:30:00Z",
            "2026-03-30T02:30:00 = 30T00:30:00Z",
        ],
    ),
    (
        "Europe/Berlin",
        "FREQ=DAILY",
        "2026-10-24T02:30:00",
        &[
            "2026-10-24T02:30:00 = 24T00:30:00Z",
            "2026-10-25T02:30:00 = 25T00:30:00Z",
            "2026-10-26T02:30:00 = 26T01:30:00Z",
        ],
    ),
    (
        "America/New_York",
        "FREQ=WEEKLY;BYDAY=SU",
        "2026-03-01T02:30:00",
        &[
            "2026-03-01T02:30:00 = 01T07:30:00Z",
            "2026-03-08T02:30:00 = 08T07:30:00Z",
            "2026-03-15T02:30:00 = 15T06:30:00Z",
        ],
    ),
    (
        "America/New_York",
        "FREQ=MONTHLY;BYMONTHDAY=1",
        "2026-10-01T01:30:00",
        &[
            "2026-10-01T01:30:00 = 01T05:30:00Z",
            "2026-11-01T01:30:00 = 01T05:30:00Z",
            "2026-12-01T01:30:00 = 01T06:30:00Z",
        ],
    ),
    // Midnight itself does not exist, or exists twice.
    (
        "America/Havana",
        "FREQ=DAILY",
        "2026-03-07T00:00:00",
        &[
            "2026-03-07T00:00:00 = 07T05:00:00Z",
            "2026-03-08T00:00:00 = 08T05:00:00Z",
            "2026-03-09T00:00:00 = 09T04:00:00Z",
        ],
    ),
    (
        "America/Havana",
        "FREQ=DAILY",
        "2026-10-31T00:00:00",
        &[
            "2026-10-31T00:00:00 = 31T04:00:00Z",
            "2026-11-01T00:00:00 = 01T04:00:00Z",
            "2026-11-02T00:00:00 = 02T05:00:00Z",
        ],
    ),
    (
        "Africa/Cairo",
        "FREQ=WEEKLY;BYDAY=FR",
        "2026-04-17T00:30:00",
        &[
            "2026-04-17T00:30:00 = 16T22:30:00Z",
            "2026-04-24T00:30:00 = 23T22:30:00Z",
            "2026-05-01T00:30:00 = 30T21:30:00Z",
        ],
    ),
    (
        "America/Santiago",
        "FREQ=DAILY",
        "2026-09-05T00:00:00",
        &[
            "2026-09-05T00:00:00 = 05T04:00:00Z",
            "2026-09-06T00:00:00 = 06T04:00:00Z",
            "2026-09-07T00:00:00 = 07T03:00:00Z",
        ],
    ),
    // The clock goes back over midnight, into the day before.
    (
        "America/St_Johns",
        "FREQ=DAILY",
        "2010-11-06T00:00:30",
        &[
            "2010-11-06T00:00:30 = 06T02:30:30Z",
            "2010-11-07T00:00:30 = 07T02:30:30Z",
            "2010-11-08T00:00:30 = 08T03:30:30Z",
        ],
    ),
    // Half an hour.
    (
        "Australia/Lord_Howe",
        "FREQ=DAILY",
        "2026-10-03T02:15:00",
        &[
            "2026-10-03T02:15:00 = 02T15:45:00Z",
            "2026-10-04T02:15:00 = 03T15:45:00Z",
            "2026-10-05T02:15:00 = 04T15:15:00Z",
        ],
    ),
    // Two hours.
    (
        "Antarctica/Troll",
        "FREQ=DAILY",
        "2026-03-28T01:30:00",
        &[
            "2026-03-28T01:30:00 = 28T01:30:00Z",
            "2026-03-29T01:30:00 = 29T01:30:00Z",
            "2026-03-30T01:30:00 = 29T23:30:00Z",
        ],
    ),
    // Summer time that the rules call winter time, and one that Ramadan interrupts.
    (
        "Europe/Dublin",
        "FREQ=DAILY",
        "2026-03-28T01:30:00",
        &[
            "2026-03-28T01:30:00 = 28T01:30:00Z",
            "2026-03-29T01:30:00 = 29T01:30:00Z",
            "2026-03-30T01:30:00 = 30T00:30:00Z",
        ],
    ),
    (
        "Africa/Casablanca",
        "FREQ=WEEKLY",
        "2026-02-08T12:00:00",
        &[
            "2026-02-08T12:00:00 = 08T11:00:00Z",
            "2026-02-15T12:00:00 = 15T12:00:00Z",
            "2026-02-22T12:00:00 = 22T12:00:00Z",
        ],
    ),
    // A whole day that never was: its occurrence falls on the next one and is not repeated.
    (
        "Pacific/Kiritimati",
        "FREQ=DAILY",
        "1994-12-30T09:00:00",
        &[
            "1994-12-30T09:00:00 = 30T19:00:00Z",
            "1994-12-31T09:00:00 = 31T19:00:00Z",
            "1995-01-02T09:00:00 = 01T19:00:00Z",
        ],
    ),
    (
        "Pacific/Apia",
        "FREQ=DAILY",
        "2011-12-29T00:00:00",
        &[
            "2011-12-29T00:00:00 = 29T10:00:00Z",
            "2011-12-30T00:00:00 = 30T10:00:00Z",
            "2012-01-01T00:00:00 = 31T10:00:00Z",
        ],
    ),
];

#[test]
fn the_wall_time_is_kept_and_what_does_not_exist_is_shifted_forward() {
    for (zone, rule, start, expected) in CASES {
        let series = series(rule, zone, start);
        assert_eq!(written(series.occurrences().take(3)), expected, "{zone}");
    }
}

#[test]
fn completing_each_in_time_gives_the_same_occurrences_as_looking_ahead() {
    for (zone, rule, start, _) in CASES {
        let series = series(rule, zone, start);
        let mut before = series.first();
        for expected in series.occurrences().skip(1).take(400) {
            let next = series.next(before.local, before.time);
            assert_eq!(next, Some(expected), "{zone}");
            before = expected;
        }
    }
}

#[test]
fn counted_occurrences_are_counted_once_when_a_day_is_left_out() {
    let series = series("FREQ=DAILY;COUNT=3", "Pacific/Apia", "2011-12-29T09:00:00");
    assert_eq!(
        written(series.occurrences()),
        [
            "2011-12-29T09:00:00 = 29T19:00:00Z",
            "2011-12-30T09:00:00 = 30T19:00:00Z",
            "2012-01-01T09:00:00 = 31T19:00:00Z",
        ]
    );
}

#[test]
fn an_hour_shifted_by_a_gap_comes_back_at_the_next_occurrence() {
    let series = series("FREQ=DAILY", "Europe/Berlin", "2026-03-01T02:30:00");
    let shifted = series
        .next(
            local("2026-03-28T02:30:00"),
            instant("2026-03-28T08:00:00Z"),
        )
        .unwrap();
    assert_eq!(shifted.time, instant("2026-03-29T01:30:00Z"));
    let next = series.next(shifted.local, instant("2026-03-29T09:00:00Z"));
    assert_eq!(
        written(next),
        ["2026-03-30T02:30:00 = 30T00:30:00Z"],
        "half past two, not half past three"
    );
}

#[test]
fn an_occurrence_shifted_by_a_gap_is_still_ahead_until_its_instant() {
    let series = series("FREQ=DAILY", "Europe/Berlin", "2026-03-01T02:30:00");
    // Ten past three by the clock, twenty minutes before the shifted occurrence.
    let next = series.next(
        local("2026-03-27T02:30:00"),
        instant("2026-03-29T01:10:00Z"),
    );
    assert_eq!(written(next), ["2026-03-29T02:30:00 = 29T01:30:00Z"]);
}

#[test]
fn an_occurrence_in_the_first_of_two_equal_hours_is_over_in_the_second() {
    let series = series("FREQ=DAILY", "Europe/Berlin", "2026-10-01T02:30:00");
    // A quarter past two for the second time: the occurrence was at half past two for the first time.
    let next = series.next(
        local("2026-10-24T02:30:00"),
        instant("2026-10-25T01:15:00Z"),
    );
    assert_eq!(written(next), ["2026-10-26T02:30:00 = 26T01:30:00Z"]);
}
