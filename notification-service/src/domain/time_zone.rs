//! Clocks on the wall, all over the world.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use jiff::{civil, tz::TimeZone};

/// Returns the zone of that name; UTC for an empty name and for one that is unknown here.
pub fn zone(name: &str) -> TimeZone {
    match name {
        "" => TimeZone::UTC,
        name => TimeZone::get(name).unwrap_or(TimeZone::UTC),
    }
}

/// Returns the moment at which the clocks of a zone show 09:00 on a date, if the calendar reaches that far.
///
/// Should they skip that time, it is as much later as they skip; should they show it twice, it is the first of the two.
pub fn nine_o_clock(date: NaiveDate, zone_name: &str) -> Option<DateTime<Utc>> {
    let nine = civil::DateTime::new(
        date.year().try_into().ok()?,
        date.month().try_into().ok()?,
        date.day().try_into().ok()?,
        9,
        0,
        0,
        0,
    )
    .ok()?;
    let moment = zone(zone_name).to_ambiguous_timestamp(nine).compatible();
    DateTime::from_timestamp(moment.ok()?.as_second(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nine(date: &str, zone_name: &str) -> String {
        let moment = nine_o_clock(date.parse().unwrap(), zone_name).unwrap();
        moment.format("%Y-%m-%dT%H:%MZ").to_string()
    }

    #[test]
    fn nine_is_nine_on_the_clocks_before_on_and_after_the_days_that_change_them() {
        for (date, moment) in [
            ("2026-03-28", "2026-03-28T08:00Z"),
            ("2026-03-29", "2026-03-29T07:00Z"),
            ("2026-10-24", "2026-10-24T07:00Z"),
            ("2026-10-25", "2026-10-25T08:00Z"),
        ] {
            assert_eq!(nine(date, "Europe/Berlin"), moment);
        }
    }

    #[test]
    fn every_zone_has_a_nine_of_its_own() {
        for (zone_name, moment) in [
            ("", "2026-12-01T09:00Z"),
            ("Europe/Atlantis", "2026-12-01T09:00Z"),
            ("Pacific/Kiritimati", "2026-11-30T19:00Z"),
            ("Asia/Kathmandu", "2026-12-01T03:15Z"),
            ("America/Los_Angeles", "2026-12-01T17:00Z"),
        ] {
            assert_eq!(nine("2026-12-01", zone_name), moment, "{zone_name}");
        }
    }

    #[test]
    fn a_day_that_a_zone_left_out_has_its_nine_a_day_later() {
        assert_eq!(nine("2011-12-30", "Pacific/Apia"), "2011-12-30T19:00Z");
        assert_eq!(nine("2011-12-31", "Pacific/Apia"), "2011-12-30T19:00Z");
    }

    #[test]
    fn a_date_at_the_edge_of_the_calendar_has_no_nine() {
        assert_eq!(nine_o_clock(NaiveDate::MIN, "Europe/Berlin"), None);
        assert_eq!(nine_o_clock(NaiveDate::MAX, ""), None);
    }
}
