use chrono::{DateTime, Utc};

use super::test;
use crate::{
    filter::{Now, Point, Test},
    time_zone::TimeZone,
};

fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn point(moment: &str, now: &str, zone: &str) -> Point {
    let Test::Time(_, _, moment) = test(&format!("due = {moment}")) else {
        panic!("{moment} is no time")
    };
    let now = Now::new(utc(now), &TimeZone::parse(zone).unwrap());
    moment.resolve(&now)
}

#[track_caller]
fn is_day(moment: &str, now: &str, zone: &str, expected: [&str; 3]) {
    let Point::Day { date, begin, end } = point(moment, now, zone) else {
        panic!("{moment} is no day")
    };
    assert_eq!(date.to_string(), expected[0]);
    assert_eq!([begin, end], [utc(expected[1]), utc(expected[2])]);
}

#[track_caller]
fn is_instant(moment: &str, now: &str, zone: &str, expected: [&str; 2]) {
    let Point::Instant { time, date } = point(moment, now, zone) else {
        panic!("{moment} is no instant")
    };
    assert_eq!(time, utc(expected[0]));
    assert_eq!(date.to_string(), expected[1]);
}

const NEW_YEAR: &str = "2026-12-31T23:30:00Z";

#[test]
fn today_is_in_the_time_zone_of_the_user() {
    let utc = ["2026-12-31", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"];
    is_day("today", NEW_YEAR, "UTC", utc);
    let berlin = ["2027-01-01", "2026-12-31T23:00:00Z", "2027-01-01T23:00:00Z"];
    is_day("today", NEW_YEAR, "Europe/Berlin", berlin);
    let honolulu = ["2026-12-31", "2026-12-31T10:00:00Z", "2027-01-01T10:00:00Z"];
    is_day("today", NEW_YEAR, "Pacific/Honolulu", honolulu);
    is_day("tomorrow - 1d", NEW_YEAR, "Europe/Berlin", berlin);
    is_day("yesterday+1d", NEW_YEAR, "Europe/Berlin", berlin);
    is_day("2027-01-01", NEW_YEAR, "Europe/Berlin", berlin);
    is_day("today - 1w + 7d", NEW_YEAR, "Europe/Berlin", berlin);
}

#[test]
fn days_have_their_length_when_clocks_change() {
    let now = "2026-10-25T12:00:00Z";
    let long = ["2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"];
    is_day("today", now, "Europe/Berlin", long);
    let short = ["2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"];
    is_day("2026-03-29", now, "Europe/Berlin", short);
    // In Cuba, summer time begins at midnight: the day begins at one o'clock.
    let late = ["2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"];
    is_day("2026-03-08", now, "America/Havana", late);
    // Samoa had no 30 December 2011.
    let skipped = ["2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"];
    is_day("2011-12-30", now, "Pacific/Apia", skipped);
}

#[test]
fn months_and_years_follow_the_calendar() {
    let now = "2024-01-31T12:00:00Z";
    let leap = ["2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"];
    is_day("today + 1mo", now, "UTC", leap);
    let year = ["2025-01-31", "2025-01-31T00:00:00Z", "2025-02-01T00:00:00Z"];
    is_day("today + 1y", now, "UTC", year);
}

#[test]
fn now_keeps_its_local_time_over_days() {
    let now = "2026-10-24T12:00:00Z";
    is_instant("now", now, "Europe/Berlin", [now, "2026-10-24"]);
    // One day later at the same time on the clock is 25 hours later.
    is_instant(
        "now + 1d",
        now,
        "Europe/Berlin",
        ["2026-10-25T13:00:00Z", "2026-10-25"],
    );
    is_instant(
        "now + 24h",
        now,
        "Europe/Berlin",
        ["2026-10-25T12:00:00Z", "2026-10-25"],
    );
    is_instant(
        "now - 2h",
        now,
        "Europe/Berlin",
        ["2026-10-24T10:00:00Z", "2026-10-24"],
    );
}

#[test]
fn hours_after_a_day_count_from_its_start() {
    is_instant(
        "today + 9h",
        NEW_YEAR,
        "Europe/Berlin",
        ["2027-01-01T08:00:00Z", "2027-01-01"],
    );
    is_instant(
        "tomorrow - 30m",
        NEW_YEAR,
        "UTC",
        ["2026-12-31T23:30:00Z", "2026-12-31"],
    );
}

#[test]
fn instant_is_written_with_its_offset() {
    for text in [
        "2026-12-01T09:00:00+01:00",
        "2026-12-01T08:00:00Z",
        "\"2026-12-01t08:00:00.000z\"",
    ] {
        is_instant(
            text,
            NEW_YEAR,
            "Asia/Kolkata",
            ["2026-12-01T08:00:00Z", "2026-12-01"],
        );
    }
    is_instant(
        "2026-12-01T08:00:00Z + 2h",
        NEW_YEAR,
        "UTC",
        ["2026-12-01T10:00:00Z", "2026-12-01"],
    );
}

#[test]
fn most_distant_moments_are_resolved() {
    for moment in [
        "2300-12-31 + 400y + 400y + 400y + 400y + 400y + 400y + 400y + 400y",
        "1900-01-01 - 400y - 400y - 400y - 400y - 400y - 400y - 400y - 400y",
        "now + 210816000m + 3513600h + 146400d",
    ] {
        for zone in ["Pacific/Apia", "America/St_Johns", "UTC"] {
            point(moment, NEW_YEAR, zone);
        }
    }
}
