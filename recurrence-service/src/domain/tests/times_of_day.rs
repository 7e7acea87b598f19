//! BYHOUR, BYMINUTE and BYSECOND: several occurrences a day.

use super::fixtures::{cases, instant, local, series, written};

#[test]
fn rule_with_times_repeats_within_the_day() {
    for [zone, rule, start, expected] in cases(include_str!("cases/times_of_day.txt")) {
        let expected: Vec<_> = expected.split(", ").collect();
        let series = series(rule, zone, start);
        let occurrences = series.occurrences().take(expected.len());
        assert_eq!(written(occurrences), expected, "{rule}");
    }
}

#[test]
fn completion_leads_to_next_time_of_day() {
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
