use chrono::{DateTime, TimeDelta, Utc};

use super::{Due, LocalTime, TimeZone};

/// Distance from the start of an occurrence to its due time, the same in every occurrence of a series. As in a DURATION of
/// RFC 5545, days are counted on the calendar, and the rest is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueAfter {
    /// Calendar days; none if the tasks have no start, so that the rule counts from the due time itself.
    pub days: Option<i32>,
    /// Seconds after those days; none if the tasks are due on a date.
    pub seconds: Option<i32>,
}

impl DueAfter {
    /// Measures the distance from a task's start to its due time.
    pub fn measure(start_time: Option<DateTime<Utc>>, due: Due, zone: &TimeZone) -> Self {
        let Some(start_time) = start_time else {
            let seconds = due.date().is_none().then_some(0);
            return Self {
                days: None,
                seconds,
            };
        };
        let start = zone.local(start_time);
        let (days, seconds) = match due {
            Due::Date { date, .. } => ((date - start.date()).num_days(), None),
            Due::Time(time) => {
                let days = (zone.local(time) - start).num_days();
                let rest = time - zone.instant(start + TimeDelta::days(days));
                (days, i32::try_from(rest.num_seconds()).ok())
            }
        };
        Self {
            days: i32::try_from(days).ok(),
            seconds,
        }
    }

    /// Returns when the occurrence is due that is scheduled for a local time.
    pub fn due(self, recurrence_id: LocalTime, zone: &TimeZone) -> Due {
        let local = recurrence_id.naive();
        let days = TimeDelta::days(self.days.unwrap_or_default().into());
        let local = local.checked_add_signed(days).unwrap_or(local);
        match self.seconds {
            Some(seconds) => {
                let time = zone.instant(local);
                let rest = TimeDelta::seconds(seconds.into());
                Due::Time(time.checked_add_signed(rest).unwrap_or(time))
            }
            None => Due::Date {
                date: local.date(),
                begin: zone.start_of(local.date()),
            },
        }
    }

    /// Returns when the occurrence starts that is scheduled for a local time; none if its tasks have no start.
    pub fn start_time(self, recurrence_id: LocalTime, zone: &TimeZone) -> Option<DateTime<Utc>> {
        self.days.map(|_| zone.instant(recurrence_id.naive()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DueInput;

    fn zone(name: &str) -> TimeZone {
        TimeZone::parse(name).unwrap()
    }

    fn local(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    fn due(text: &str, zone: &TimeZone) -> Due {
        let input = match text.parse() {
            Ok(local) => DueInput::Local(local),
            Err(_) => DueInput::Date(text.parse().unwrap()),
        };
        input.in_zone(zone)
    }

    #[test]
    fn distance_is_the_same_in_every_occurrence() {
        // Zone, start and due; start and due of another occurrence.
        for (name, first, other) in [
            // All-day: days, over the end of a month and of February.
            (
                "UTC",
                ["2030-01-07T00:00:00", "2030-01-08"],
                ["2030-02-28T00:00:00", "2030-03-01"],
            ),
            (
                "UTC",
                ["2027-01-30T00:00:00", "2027-02-02"],
                ["2028-02-28T00:00:00", "2028-03-02"],
            ),
            (
                "UTC",
                ["2030-01-07T00:00:00", "2030-01-07"],
                ["2030-01-14T00:00:00", "2030-01-14"],
            ),
            (
                "Europe/Berlin",
                ["2026-12-01T09:00:00", "2026-12-02"],
                ["2027-03-27T09:00:00", "2027-03-28"],
            ),
            // Midnight does not exist on that date.
            (
                "America/Havana",
                ["2026-03-01T00:00:00", "2026-03-02"],
                ["2026-03-07T00:00:00", "2026-03-08"],
            ),
            // Timed: days by the calendar, so that the hour stays when the clock changes.
            (
                "Europe/Berlin",
                ["2026-12-01T09:00:00", "2026-12-09T09:00:00"],
                ["2027-03-24T09:00:00", "2027-04-01T09:00:00"],
            ),
            (
                "Europe/Berlin",
                ["2026-12-01T09:00:00", "2026-12-02T17:00:00"],
                ["2027-03-27T09:00:00", "2027-03-28T17:00:00"],
            ),
            (
                "Europe/Berlin",
                ["2027-03-27T09:00:00", "2027-03-28T17:00:00"],
                ["2027-04-03T09:00:00", "2027-04-04T17:00:00"],
            ),
            // The rest is exact: twelve hours in a night in which the clock changes.
            (
                "Europe/Berlin",
                ["2026-12-05T22:00:00", "2026-12-06T10:00:00"],
                ["2027-03-27T22:00:00", "2027-03-28T11:00:00"],
            ),
            (
                "Europe/Berlin",
                ["2026-12-05T22:00:00", "2026-12-06T10:00:00"],
                ["2027-10-30T22:00:00", "2027-10-31T09:00:00"],
            ),
            (
                "UTC",
                ["2026-12-01T09:00:00", "2026-12-01T09:00:00"],
                ["2026-12-02T09:00:00", "2026-12-02T09:00:00"],
            ),
        ] {
            let zone = zone(name);
            let start_time = zone.instant(local(first[0]).naive());
            let due_after = DueAfter::measure(Some(start_time), due(first[1], &zone), &zone);
            for [start, expected] in [first, other] {
                let found = due_after.due(local(start), &zone);
                assert_eq!(found, due(expected, &zone), "{name}: {start}");
                let start_time = zone.instant(local(start).naive());
                assert_eq!(due_after.start_time(local(start), &zone), Some(start_time));
            }
        }
    }

    #[test]
    fn task_without_start_is_due_at_its_recurrence_id() {
        let zone = zone("Europe/Berlin");
        for (first, other, expected) in [
            (
                "2026-12-01T09:00:00",
                "2027-07-01T09:00:00",
                "2027-07-01T09:00:00",
            ),
            ("2026-12-01", "2027-07-01T00:00:00", "2027-07-01"),
        ] {
            let due_after = DueAfter::measure(None, due(first, &zone), &zone);
            assert_eq!(due_after.due(local(other), &zone), due(expected, &zone));
            assert_eq!(due_after.start_time(local(other), &zone), None);
        }
    }

    #[test]
    fn far_away_occurrence_makes_nothing_panic() {
        let zone = zone("Europe/Berlin");
        for days in [i32::MIN, -1, 0, i32::MAX] {
            for seconds in [None, Some(i32::MIN), Some(i32::MAX)] {
                let due_after = DueAfter {
                    days: Some(days),
                    seconds,
                };
                let latest = due_after.due(chrono::NaiveDateTime::MAX.into(), &zone);
                let earliest = due_after.due(chrono::NaiveDateTime::MIN.into(), &zone);
                assert!(latest.time() > earliest.time());
            }
        }
    }
}
