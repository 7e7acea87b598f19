//! Changes to some fields of a task, the others being left alone.

use super::{
    Description, Details, DueTime, Priority, Recurrence, RecurrenceAnchor, RecurrenceRule,
    Reminders, Schedule, TimeZone, Title, Violations,
};

/// What to do with one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Edit<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Give it this value.
    Set(T),
}

impl<T: Clone> Edit<T> {
    /// Returns the value after the edit.
    pub fn over(&self, current: &T) -> T {
        match self {
            Self::Keep => current.clone(),
            Self::Set(value) => value.clone(),
        }
    }
}

/// Changes to what a task says.
#[derive(Debug, Clone, Default)]
pub struct DetailChanges {
    /// What is to be done.
    pub title: Edit<Title>,
    /// More about it.
    pub description: Edit<Description>,
    /// How much it matters.
    pub priority: Edit<Priority>,
    /// No reminders, not even the default one.
    pub muted: Edit<bool>,
}

/// Changes to when a task is due, how it repeats, and when to remind of it.
#[derive(Debug, Clone, Default)]
pub struct ScheduleChanges {
    /// When it is due.
    pub due_time: Edit<Option<DueTime>>,
    /// The zone in which the due time is meant.
    pub time_zone: Edit<Option<TimeZone>>,
    /// The dates on which it repeats.
    pub recurrence_rule: Edit<Option<RecurrenceRule>>,
    /// What the next occurrence is counted from; none stands for the default.
    pub recurrence_anchor: Edit<Option<RecurrenceAnchor>>,
    /// When to remind.
    pub reminders: Edit<Reminders>,
}

impl DetailChanges {
    /// Returns the details after the changes.
    pub fn apply(&self, current: &Details) -> Details {
        Details {
            title: self.title.over(&current.title),
            description: self.description.over(&current.description),
            priority: self.priority.over(&current.priority),
            muted: self.muted.over(&current.muted),
        }
    }
}

impl ScheduleChanges {
    /// Returns the schedule after the changes, if its parts fit together then.
    pub fn apply(&self, current: &Schedule) -> Result<Schedule, Violations> {
        let schedule = Schedule::new(
            self.due_time.over(&current.due_time()),
            self.time_zone.over(&current.time_zone().cloned()),
            self.recurrence(current.recurrence()),
            self.reminders.over(current.reminders()),
        );
        let anchor = self.check_anchor(current.recurrence());
        Violations::both(schedule, anchor).map(|(schedule, ())| schedule)
    }

    fn rule(&self, current: Option<&Recurrence>) -> Option<RecurrenceRule> {
        self.recurrence_rule
            .over(&current.map(|recurrence| recurrence.rule.clone()))
    }

    fn recurrence(&self, current: Option<&Recurrence>) -> Option<Recurrence> {
        let anchor = self
            .recurrence_anchor
            .over(&current.map(|recurrence| recurrence.anchor));
        Some(Recurrence {
            rule: self.rule(current)?,
            anchor: anchor.unwrap_or_default(),
        })
    }

    fn check_anchor(&self, current: Option<&Recurrence>) -> Result<(), Violations> {
        let mut violations = Violations::default();
        if matches!(self.recurrence_anchor, Edit::Set(Some(_))) && self.rule(current).is_none() {
            violations.push(
                "recurrence_anchor",
                "needs a recurrence_rule; give one, or leave the anchor out",
            );
            return Err(violations);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn due() -> DueTime {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn rule(text: &str) -> Edit<Option<RecurrenceRule>> {
        Edit::Set(RecurrenceRule::new(text.to_owned()))
    }

    fn weekly() -> Schedule {
        let changes = ScheduleChanges {
            due_time: Edit::Set(Some(due())),
            time_zone: Edit::Set(TimeZone::parse("Europe/Berlin").ok()),
            recurrence_rule: rule("FREQ=WEEKLY"),
            recurrence_anchor: Edit::Set(Some(RecurrenceAnchor::Completion)),
            reminders: Edit::Keep,
        };
        changes.apply(&Schedule::default()).unwrap()
    }

    fn first_field(result: Result<Schedule, Violations>) -> String {
        result.unwrap_err().as_slice()[0].field.clone()
    }

    #[test]
    fn no_change_leaves_the_schedule_alone() {
        assert_eq!(
            ScheduleChanges::default().apply(&weekly()).unwrap(),
            weekly()
        );
    }

    #[test]
    fn another_rule_keeps_the_anchor() {
        let changes = ScheduleChanges {
            recurrence_rule: rule("FREQ=DAILY"),
            ..ScheduleChanges::default()
        };
        let recurrence = changes
            .apply(&weekly())
            .unwrap()
            .recurrence()
            .cloned()
            .unwrap();
        assert_eq!(recurrence.rule.as_ref(), "FREQ=DAILY");
        assert_eq!(recurrence.anchor, RecurrenceAnchor::Completion);
    }

    #[test]
    fn emptying_the_rule_takes_the_anchor_with_it() {
        let changes = ScheduleChanges {
            recurrence_rule: rule(""),
            ..ScheduleChanges::default()
        };
        let schedule = changes.apply(&weekly()).unwrap();
        assert_eq!(schedule.recurrence(), None);
        assert_eq!(schedule.due_time(), Some(due()));
    }

    #[test]
    fn an_emptied_anchor_is_the_schedule() {
        let changes = ScheduleChanges {
            recurrence_anchor: Edit::Set(None),
            ..ScheduleChanges::default()
        };
        let schedule = changes.apply(&weekly()).unwrap();
        assert_eq!(
            schedule.recurrence().unwrap().anchor,
            RecurrenceAnchor::Schedule
        );
    }

    #[test]
    fn an_anchor_without_a_rule_is_refused() {
        let changes = ScheduleChanges {
            recurrence_anchor: Edit::Set(Some(RecurrenceAnchor::Schedule)),
            ..ScheduleChanges::default()
        };
        assert_eq!(
            first_field(changes.apply(&Schedule::default())),
            "recurrence_anchor"
        );
    }

    #[test]
    fn a_recurring_task_cannot_lose_its_due_time_or_zone() {
        let no_due_time = ScheduleChanges {
            due_time: Edit::Set(None),
            ..ScheduleChanges::default()
        };
        assert_eq!(first_field(no_due_time.apply(&weekly())), "due_time");
        let no_zone = ScheduleChanges {
            time_zone: Edit::Set(None),
            ..ScheduleChanges::default()
        };
        assert_eq!(first_field(no_zone.apply(&weekly())), "time_zone");
    }

    #[test]
    fn a_moved_due_time_leaves_the_recurrence_alone() {
        let later = due() + TimeDelta::days(1);
        let changes = ScheduleChanges {
            due_time: Edit::Set(Some(later)),
            ..ScheduleChanges::default()
        };
        let schedule = changes.apply(&weekly()).unwrap();
        assert_eq!(schedule.due_time(), Some(later));
        assert!(!schedule.repeats_otherwise_than(&weekly()));
    }
}
