//! Local times in the zone of a task.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use service_runtime::time_zone::{TimeZone, instant_of};

const NINE: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("nine is a time");

/// Returns the zone of a name; UTC for an empty name and for one that the database has dropped.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::parse(name).unwrap_or_else(|_| TimeZone::utc())
}

/// Returns the instant of a local time that is a lead before 09:00 on a date; none outside the years -9999 to 9999.
///
/// A local time in a gap is shifted forward by the gap; of one that exists twice, it is the first.
pub fn before_nine_o_clock(
    date: NaiveDate,
    lead: TimeDelta,
    zone_name: &str,
) -> Option<DateTime<Utc>> {
    let local = date.and_time(NINE).checked_sub_signed(lead)?;
    instant_of(local, &zone(zone_name).rules())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before_nine(date: &str, minutes: i64, zone_name: &str) -> String {
        let lead = TimeDelta::minutes(minutes);
        let moment = before_nine_o_clock(date.parse().unwrap(), lead, zone_name).unwrap();
        moment.format("%Y-%m-%dT%H:%MZ").to_string()
    }

    fn nine(date: &str, zone_name: &str) -> String {
        before_nine(date, 0, zone_name)
    }

    #[test]
    fn lead_is_counted_on_the_clocks() {
        for (date, minutes, moment) in [
            ("2026-03-28", 0, "2026-03-28T08:00Z"),
            ("2026-03-29", 0, "2026-03-29T07:00Z"),
            ("2026-10-24", 0, "2026-10-24T07:00Z"),
            ("2026-10-25", 0, "2026-10-25T08:00Z"),
            // Midnight, which is eight, nine or ten hours before nine.
            ("2026-03-28", 540, "2026-03-27T23:00Z"),
            ("2026-03-29", 540, "2026-03-28T23:00Z"),
            ("2026-10-25", 540, "2026-10-24T22:00Z"),
            // Nine of the day before, and midnight before that.
            ("2026-03-29", 1_440, "2026-03-28T08:00Z"),
            ("2026-03-30", 1_440, "2026-03-29T07:00Z"),
            ("2026-10-26", 1_980, "2026-10-24T22:00Z"),
            // A time that is skipped, and one that is shown twice.
            ("2026-03-29", 390, "2026-03-29T01:30Z"),
            ("2026-10-25", 390, "2026-10-25T00:30Z"),
        ] {
            assert_eq!(
                before_nine(date, minutes, "Europe/Berlin"),
                moment,
                "{date} {minutes}"
            );
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
    fn skipped_day_has_nine_a_day_later() {
        assert_eq!(nine("2011-12-30", "Pacific/Apia"), "2011-12-30T19:00Z");
        assert_eq!(nine("2011-12-31", "Pacific/Apia"), "2011-12-30T19:00Z");
    }

    #[test]
    fn edge_of_calendar_has_no_nine() {
        let at = |date| before_nine_o_clock(date, TimeDelta::zero(), "Europe/Berlin");
        assert_eq!(at(NaiveDate::MIN), None);
        assert_eq!(at(NaiveDate::MAX), None);
        let first = NaiveDate::MIN;
        assert_eq!(before_nine_o_clock(first, TimeDelta::days(1), ""), None);
    }
}
