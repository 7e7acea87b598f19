//! Clocks that are put forward and back, at all hours and by all amounts.

use super::fixtures::{cases, instant, local, series, written};

const CASES: &str = include_str!("cases/summer_time.txt");

#[test]
fn wall_time_is_kept_gaps_shift_forward() {
    for [zone, rule, start, expected] in cases(CASES) {
        let series = series(rule, zone, start);
        let found = written(series.occurrences().take(3)).join(", ");
        assert_eq!(found, expected, "{zone}");
    }
}

#[test]
fn completions_in_time_equal_preview() {
    for [zone, rule, start, _] in cases(CASES) {
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
fn skipped_day_is_not_counted_twice() {
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
fn gap_shifts_only_one_occurrence() {
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
fn shifted_occurrence_is_ahead_until_its_instant() {
    let series = series("FREQ=DAILY", "Europe/Berlin", "2026-03-01T02:30:00");
    // Ten past three by the clock, twenty minutes before the shifted occurrence.
    let next = series.next(
        local("2026-03-27T02:30:00"),
        instant("2026-03-29T01:10:00Z"),
    );
    assert_eq!(written(next), ["2026-03-29T02:30:00 = 29T01:30:00Z"]);
}

#[test]
fn repeated_hour_uses_first_instant() {
    let series = series("FREQ=DAILY", "Europe/Berlin", "2026-10-01T02:30:00");
    // A quarter past two for the second time: the occurrence was at half past two for the first time.
    let next = series.next(
        local("2026-10-24T02:30:00"),
        instant("2026-10-25T01:15:00Z"),
    );
    assert_eq!(written(next), ["2026-10-26T02:30:00 = 26T01:30:00Z"]);
}
