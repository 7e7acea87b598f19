//! Series whose next date is counted from completion.

use super::fixtures::{cases, instant, local, series_from_completion, try_series, written};
use crate::domain::{Anchor, SeriesError};

#[test]
fn next_date_is_interval_after_completion() {
    for [rule, completed, expected] in cases(include_str!("cases/completion.txt")) {
        let series = series_from_completion(rule, "Europe/Berlin", "2027-01-31T09:00:00");
        let next = series.next(local("2027-01-31T09:00:00"), instant(completed));
        assert_eq!(written(next), [expected], "{rule} completed {completed}");
    }
}

#[test]
fn early_completion_does_not_repeat_date() {
    let series = series_from_completion("FREQ=DAILY", "UTC", "2027-01-31T09:00:00");
    let next = series.next(
        local("2027-01-31T09:00:00"),
        instant("2027-01-30T12:00:00Z"),
    );
    assert_eq!(written(next), ["2027-02-01T09:00:00 = 01T09:00:00Z"]);
}

#[test]
fn preview_assumes_completion_at_due_time() {
    let series = series_from_completion("FREQ=MONTHLY", "UTC", "2027-01-31T09:00:00");
    assert_eq!(
        written(series.occurrences().take(3)),
        [
            "2027-01-31T09:00:00 = 31T09:00:00Z",
            "2027-02-28T09:00:00 = 28T09:00:00Z",
            "2027-03-28T09:00:00 = 28T09:00:00Z",
        ]
    );
    assert_eq!(series.last(), None);
}

#[test]
fn parts_that_fix_dates_are_refused() {
    for (rule, part) in [
        ("FREQ=DAILY;COUNT=3", "COUNT"),
        ("FREQ=DAILY;UNTIL=20300101", "UNTIL"),
        ("FREQ=WEEKLY;WKST=SU", "WKST"),
        ("FREQ=WEEKLY;BYDAY=MO", "BYDAY"),
        ("FREQ=DAILY;BYMONTH=1", "BYMONTH"),
        ("FREQ=MONTHLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=YEARLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=YEARLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR"),
        ("FREQ=DAILY;BYMINUTE=0", "BYMINUTE"),
        ("FREQ=DAILY;BYSECOND=0", "BYSECOND"),
    ] {
        let error = try_series(rule, "UTC", "2027-01-31T09:00:00", Anchor::Completion).unwrap_err();
        assert_eq!(error, SeriesError::NotFromCompletion(part));
        assert!(error.to_string().contains("keep only FREQ and INTERVAL"));
    }
}
