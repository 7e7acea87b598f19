use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Due, DueTime, FirstOccurrence, LocalTime, Recurrence, Reminders, TimeZone, Violations,
};

/// When a task is due, how it repeats, and when to remind of it: parts that fit together.
///
/// A recurring task is due and has a zone, so has one that is due on a date; reminders before the due time have one to count
/// from, and no task starts after it is due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    due: Option<Due>,
    start_time: Option<DateTime<Utc>>,
    time_zone: Option<TimeZone>,
    recurrence: Option<Recurrence>,
    reminders: Reminders,
}

/// What the first date of a series depends on: a schedule that repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repetition {
    /// How it repeats.
    pub recurrence: Recurrence,
    /// The zone in which the rule is read.
    pub time_zone: TimeZone,
    /// The earliest first date.
    pub start_time: DueTime,
}

impl Schedule {
    /// Puts the parts together if they fit.
    pub fn new(
        due: Option<Due>,
        start_time: Option<DateTime<Utc>>,
        time_zone: Option<TimeZone>,
        recurrence: Option<Recurrence>,
        reminders: Reminders,
    ) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        if recurrence.is_some() && due.is_none() {
            violations.push(
                "due_time",
                "must be given with a recurrence_rule: it says when the series begins; or give a due_date",
            );
        }
        if recurrence.is_some() && time_zone.is_none() {
            violations.push(
                "time_zone",
                "must be given with a recurrence_rule: a name such as Europe/Berlin",
            );
        }
        if due.is_none() {
            for index in reminders.before_due() {
                violations.push(
                    format!("reminders[{index}].minutes_before_due"),
                    "needs a due_time to count from; give one, or use at_time",
                );
            }
        }
        if let (Some(start_time), Some(due)) = (start_time, due) {
            let latest = match due {
                Due::Time(time) => time,
                Due::Date { begin, .. } => begin + TimeDelta::days(1),
            };
            if start_time > latest {
                violations.push(
                    "start_time",
                    "must not be after the task is due; give an earlier one, or leave it out",
                );
            }
        }
        if violations.is_empty() {
            Ok(Self::from_stored(
                due, start_time, time_zone, recurrence, reminders,
            ))
        } else {
            Err(violations)
        }
    }

    /// Takes parts that fitted when they were stored.
    pub fn from_stored(
        due: Option<Due>,
        start_time: Option<DateTime<Utc>>,
        time_zone: Option<TimeZone>,
        recurrence: Option<Recurrence>,
        reminders: Reminders,
    ) -> Self {
        Self {
            due,
            start_time,
            time_zone,
            recurrence,
            reminders,
        }
    }

    /// Returns when the task is due.
    pub fn due(&self) -> Option<Due> {
        self.due
    }

    /// Returns from when on lists show the task.
    pub fn start_time(&self) -> Option<DateTime<Utc>> {
        self.start_time
    }

    /// Returns the due time on the clocks of the task's zone; none for a task that is due on a date, or has no zone.
    pub fn due_local_time(&self) -> Option<LocalTime> {
        match (self.due?, &self.time_zone) {
            (Due::Time(time), Some(zone)) => Some(zone.local(time).into()),
            _ => None,
        }
    }

    /// Returns the moment at which the task is due; for a date the beginning of that day.
    pub fn due_time(&self) -> Option<DueTime> {
        self.due.map(Due::time)
    }

    /// Returns the zone in which the due time is meant.
    pub fn time_zone(&self) -> Option<&TimeZone> {
        self.time_zone.as_ref()
    }

    /// Returns how the task repeats.
    pub fn recurrence(&self) -> Option<&Recurrence> {
        self.recurrence.as_ref()
    }

    /// Returns when to remind.
    pub fn reminders(&self) -> &Reminders {
        &self.reminders
    }

    /// Returns what the first date depends on, if the schedule repeats.
    pub fn repetition(&self) -> Option<Repetition> {
        Some(Repetition {
            recurrence: self.recurrence.clone()?,
            time_zone: self.time_zone.clone()?,
            start_time: self.due?.time(),
        })
    }

    /// Returns whether this one repeats otherwise than another: by another rule, anchor or zone, or not at all.
    ///
    /// A due time that was moved makes no difference: it moves one occurrence only.
    pub fn repeats_otherwise_than(&self, other: &Self) -> bool {
        self.recurrence != other.recurrence
            || (self.recurrence.is_some() && self.time_zone != other.time_zone)
    }

    /// Returns the schedule with the due time of a series' first occurrence.
    pub fn due_first_at(self, first: FirstOccurrence) -> Self {
        self.due_at(first.due_time, first.recurrence_id)
    }

    /// Returns the schedule of an occurrence that follows at another due time, to which moments of reminders and the start
    /// move along.
    pub fn following_at(self, due_time: DueTime, recurrence_id: LocalTime) -> Self {
        let Some(previous) = self.due_time() else {
            return self.due_at(due_time, recurrence_id);
        };
        let by = due_time - previous;
        Self {
            reminders: self.reminders.shifted(by),
            start_time: self
                .start_time
                .and_then(|start_time| start_time.checked_add_signed(by)),
            ..self
        }
        .due_at(due_time, recurrence_id)
    }

    fn due_at(self, due_time: DueTime, local: LocalTime) -> Self {
        let due = match self.due {
            Some(due) => due.moved_to(due_time, local),
            None => Due::Time(due_time),
        };
        Self {
            due: Some(due),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{RecurrenceAnchor, RecurrenceRule, Reminder};

    fn weekly() -> Recurrence {
        Recurrence {
            rule: RecurrenceRule::new("FREQ=WEEKLY".to_owned()).unwrap(),
            anchor: RecurrenceAnchor::Schedule,
        }
    }

    fn moment() -> DueTime {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn fields(result: Result<Schedule, Violations>) -> Vec<String> {
        let violations = result.unwrap_err();
        violations
            .as_slice()
            .iter()
            .map(|violation| violation.field.clone())
            .collect()
    }

    #[test]
    fn a_rule_needs_a_due_time_and_a_zone() {
        let schedule = Schedule::new(None, None, None, Some(weekly()), Reminders::default());
        assert_eq!(fields(schedule), ["due_time", "time_zone"]);
    }

    #[test]
    fn a_reminder_before_the_due_time_needs_one() {
        let reminders = Reminders::new(vec![
            Reminder::AtTime(moment()),
            Reminder::minutes_before_due(5).unwrap(),
        ])
        .unwrap();
        let schedule = Schedule::new(None, None, None, None, reminders);
        assert_eq!(fields(schedule), ["reminders[1].minutes_before_due"]);
    }

    #[test]
    fn moving_the_due_time_does_not_repeat_otherwise() {
        let zone = TimeZone::parse("Europe/Berlin").ok();
        let reminders = Reminders::default();
        let due = Some(Due::Time(moment()));
        let schedule = Schedule::new(due, None, zone, Some(weekly()), reminders).unwrap();
        let moved = Schedule {
            due: Some(Due::Time(moment() + TimeDelta::hours(1))),
            ..schedule.clone()
        };
        assert!(!moved.repeats_otherwise_than(&schedule));

        let elsewhere = Schedule {
            time_zone: TimeZone::parse("Asia/Tokyo").ok(),
            ..schedule.clone()
        };
        assert!(elsewhere.repeats_otherwise_than(&schedule));
        let once = Schedule {
            recurrence: None,
            ..schedule.clone()
        };
        assert!(once.repeats_otherwise_than(&schedule));
    }

    #[test]
    fn a_task_starts_before_it_is_due() {
        let schedule = |start_time| {
            Schedule::new(
                Some(Due::Time(moment())),
                Some(start_time),
                None,
                None,
                Reminders::default(),
            )
        };
        assert!(schedule(moment()).is_ok());
        assert_eq!(
            fields(schedule(moment() + TimeDelta::seconds(1))),
            ["start_time"]
        );
    }

    #[test]
    fn a_date_is_followed_by_a_date_and_the_start_moves_along() {
        let zone = TimeZone::parse("Europe/Berlin").unwrap();
        let date = "2026-12-07".parse().unwrap();
        let begin = zone.begin_of(date);
        let schedule = Schedule::new(
            Some(Due::Date { date, begin }),
            Some(begin - TimeDelta::days(2)),
            Some(zone.clone()),
            Some(weekly()),
            Reminders::default(),
        )
        .unwrap();
        let next = begin + TimeDelta::days(7);
        let following = schedule.following_at(next, "2026-12-14T00:00:00".parse().unwrap());
        assert_eq!(
            following.due().and_then(Due::date),
            Some("2026-12-14".parse().unwrap())
        );
        assert_eq!(following.start_time(), Some(next - TimeDelta::days(2)));
    }

    #[test]
    fn a_zone_makes_no_difference_to_a_task_that_does_not_repeat() {
        let here = Schedule::new(
            None,
            None,
            TimeZone::parse("Europe/Berlin").ok(),
            None,
            Reminders::default(),
        );
        assert!(!here.unwrap().repeats_otherwise_than(&Schedule::default()));
    }
}
