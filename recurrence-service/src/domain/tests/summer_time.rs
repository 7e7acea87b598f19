//! Clocks that are put forward and back, at all hours and by all amounts.

use super::fixtures::{cases, instant, local, series, written};

const CASES: &str = include_str!("cases/summer_time.txt");

#[test]
fn the_wall_time_is_kept_and_what_does_not_exist_is_shifted_forward() {
    for [zone, rule, start, expected] in cases(CASES) {
        let series = series(rule, zone, start);
        let found = written(series.occurrences().take(3)).join(", ");
        assert_eq!(found, expected, "{zone}");
    }
}

#[test]
fn completing_each_in_time_gives_the_same_occurrences_as_looking_ahead() {
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
