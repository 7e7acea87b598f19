use super::{DueTime, Recurrence, Reminders, TimeZone, Violations};

/// When a task is due, how it repeats, and when to remind of it: parts that fit together.
///
/// A recurring task has a due time and a zone, and reminders before the due time have one to count from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    due_time: Option<DueTime>,
    time_zone: Option<TimeZone>,
    recurrence: Option<Recurrence>,
    reminders: Reminders,
}

/// What the first date of a series depends on: a schedule that repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        due_time: Option<DueTime>,
        time_zone: Option<TimeZone>,
        recurrence: Option<Recurrence>,
        reminders: Reminders,
    ) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        if recurrence.is_some() && due_time.is_none() {
            violations.push(
                "due_time",
                "must be given with a recurrence_rule: it says when the series begins",
            );
        }
        if recurrence.is_some() && time_zone.is_none() {
            violations.push(
                "time_zone",
                "must be given with a recurrence_rule: a name such as Europe/Berlin",
            );
        }
        if due_time.is_none() {
            for index in reminders.before_due() {
                violations.push(
                    format!("reminders[{index}].minutes_before_due"),
                    "needs a due_time to count from; give one, or use at_time",
                );
            }
        }
        if violations.is_empty() {
            Ok(Self::from_stored(
                due_time, time_zone, recurrence, reminders,
            ))
        } else {
            Err(violations)
        }
    }

    /// Takes parts that fitted when they were stored.
    pub fn from_stored(
        due_time: Option<DueTime>,
        time_zone: Option<TimeZone>,
        recurrence: Option<Recurrence>,
        reminders: Reminders,
    ) -> Self {
        Self {
            due_time,
            time_zone,
            recurrence,
            reminders,
        }
    }

    /// Returns when the task is due.
    pub fn due_time(&self) -> Option<DueTime> {
        self.due_time
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
            start_time: self.due_time?,
        })
    }

    /// Returns whether this one repeats otherwise than another: by another rule, anchor or zone, or not at all.
    ///
    /// A due time that was moved makes no difference: it moves one occurrence only.
    pub fn repeats_otherwise_than(&self, other: &Self) -> bool {
        self.recurrence != other.recurrence
            || (self.recurrence.is_some() && self.time_zone != other.time_zone)
    }

    /// Returns the schedule with another due time and the same reminders.
    pub fn due_at(self, due_time: DueTime) -> Self {
        Self {
            due_time: Some(due_time),
            ..self
        }
    }

    /// Returns the schedule of an occurrence that follows at another due time, to which moments of reminders move along.
    pub fn following_at(self, due_time: DueTime) -> Self {
        let reminders = match self.due_time {
            Some(previous) => self.reminders.shifted(due_time - previous),
            None => self.reminders.clone(),
        };
        Self { reminders, ..self }.due_at(due_time)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

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
        let schedule = Schedule::new(None, None, Some(weekly()), Reminders::default());
        assert_eq!(fields(schedule), ["due_time", "time_zone"]);
    }

    #[test]
    fn a_reminder_before_the_due_time_needs_one() {
        let reminders = Reminders::new(vec![
            Reminder::AtTime(moment()),
            Reminder::minutes_before_due(5).unwrap(),
        ])
        .unwrap();
        let schedule = Schedule::new(None, None, None, reminders);
        assert_eq!(fields(schedule), ["reminders[1].minutes_before_due"]);
    }

    #[test]
    fn moving_the_due_time_does_not_repeat_otherwise() {
        let zone = TimeZone::parse("Europe/Berlin").ok();
        let reminders = Reminders::default();
        let schedule = Schedule::new(Some(moment()), zone, Some(weekly()), reminders).unwrap();
        let moved = schedule.clone().due_at(moment() + TimeDelta::hours(1));
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
    fn a_zone_makes_no_difference_to_a_task_that_does_not_repeat() {
        let here = Schedule::new(
            None,
            TimeZone::parse("Europe/Berlin").ok(),
            None,
            Reminders::default(),
        );
        assert!(!here.unwrap().repeats_otherwise_than(&Schedule::default()));
    }
}
