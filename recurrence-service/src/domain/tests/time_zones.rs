//! Local times to instants, checked against other zone data, and names that are none.

use chrono::{LocalResult, NaiveDate, TimeDelta, TimeZone as _, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::fixtures::{instant, local, zone};
use crate::domain::TimeZone;

#[test]
fn instants_agree_with_chrono_tz_for_the_years_both_know() {
    let mut rng = StdRng::seed_from_u64(598);
    let first = NaiveDate::from_ymd_opt(2000, 1, 1)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap();
    let mut compared = 0;
    for _ in 0..20_000 {
        let theirs = *chrono_tz::TZ_VARIANTS.choose(&mut rng).unwrap();
        let Ok(ours) = theirs.name().parse::<TimeZone>() else {
            continue;
        };
        let time = first + TimeDelta::minutes(rng.random_range(0..25 * 365 * 24 * 60));
        let instant = ours.instant(time);
        match theirs.from_local_datetime(&time) {
            LocalResult::Single(expected) | LocalResult::Ambiguous(expected, _) => {
                assert_eq!(instant, expected.with_timezone(&Utc), "{time} in {theirs}");
                assert_eq!(ours.local(instant), time, "{time} in {theirs}");
            }
            // In a gap there is no such local time; ours comes out later by the gap.
            LocalResult::None => assert!(ours.local(instant) > time, "{time} in {theirs}"),
        }
        compared += 1;
    }
    assert!(compared > 19_000, "compared only {compared}");
}

#[test]
fn the_zone_data_knows_the_changes_of_2026() {
    // British Columbia stays on summer time for good from November 2026.
    let vancouver = zone("America/Vancouver");
    assert_eq!(
        vancouver.instant(local("2026-12-01T09:00:00")),
        instant("2026-12-01T16:00:00Z")
    );
}

#[test]
fn a_wrong_name_gets_the_place_that_was_meant() {
    for (name, meant) in [
        ("Europe/Berln", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("Asia/Calcuta", "Asia/Calcutta"),
    ] {
        let message = name.parse::<TimeZone>().unwrap_err().to_string();
        assert!(
            message.ends_with(&format!("did you mean {meant}?")),
            "{name}: {message}"
        );
    }
}

#[test]
fn offsets_and_abbreviations_get_no_guess_but_an_example() {
    for name in [
        "",
        "PST",
        "GMT+2",
        "UTC+01:00",
        "+01:00",
        "Mars/Olympus_Mons",
    ] {
        let message = name.parse::<TimeZone>().unwrap_err().to_string();
        assert!(
            message.contains("such as Europe/Berlin"),
            "{name}: {message}"
        );
    }
}

#[test]
fn a_name_is_known_in_any_case() {
    assert_eq!(zone("europe/berlin"), zone("Europe/Berlin"));
}
