//! Changes to some fields of a task, the others being left alone.

use chrono::{DateTime, Utc};

use super::{
    Description, Details, DueInput, Priority, Recurrence, RecurrenceAnchor, RecurrenceRule,
    Reminders, Schedule, TimeZone, Title, Violations,
};

/// Edit of one field.
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
    /// Title.
    pub title: Edit<Title>,
    /// More about it.
    pub description: Edit<Description>,
    /// Priority.
    pub priority: Edit<Priority>,
    /// No reminders, not even the default one.
    pub muted: Edit<bool>,
}

/// Changes to when a task is due, how it repeats, and when to remind of it.
#[derive(Debug, Clone, Default)]
pub struct ScheduleChanges {
    /// When it is due.
    pub due: Edit<Option<DueInput>>,
    /// From when on lists show it.
    pub start_time: Edit<Option<DateTime<Utc>>>,
    /// The zone in which the due time is meant.
    pub time_zone: Edit<Option<TimeZone>>,
    /// The dates on which it repeats.
    pub recurrence_rule: Edit<Option<RecurrenceRule>>,
    /// Anchor of the next occurrence; none for the default.
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
    /// Returns whether only the user's own zone says what is meant, because neither the task nor the changes name one.
    pub fn needs_user_zone(&self, current: &Schedule) -> bool {
        let wished = match self.due {
            Edit::Set(Some(input)) => input.needs_zone(),
            _ => false,
        };
        let zone = self.time_zone.over(&current.time_zone().cloned());
        zone.is_none() && (wished || self.rule(current.recurrence()).is_some())
    }

    /// Returns the schedule after the changes, if its parts fit together then. A task that needs a zone and names none gets
    /// the user's own.
    pub fn apply(&self, current: &Schedule, user_zone: &TimeZone) -> Result<Schedule, Violations> {
        let mut time_zone = self.time_zone.over(&current.time_zone().cloned());
        // A zone that is emptied on purpose is not filled in again.
        if self.needs_user_zone(current) && !matches!(self.time_zone, Edit::Set(None)) {
            time_zone = Some(user_zone.clone());
        }
        let zone = time_zone.as_ref().unwrap_or(user_zone);
        let due = match self.due {
            Edit::Set(input) => input.map(|input| input.in_zone(zone)),
            Edit::Keep => current.due().map(|due| due.in_zone(zone)),
        };
        if due.is_some_and(|due| due.date().is_some()) {
            time_zone.get_or_insert_with(|| user_zone.clone());
        }
        let schedule = Schedule::new(
            due,
            self.start_time.over(&current.start_time()),
            time_zone,
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
        if matches!(self.recurrence_anchor, Edit::Set(Some(_))) && self.rule(current).is_none() {
            let wrong = "needs a recurrence_rule; give one, or leave the anchor out";
            return Err(Violations::of("recurrence_anchor", wrong));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn due() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn apply(changes: &ScheduleChanges, current: &Schedule) -> Result<Schedule, Violations> {
        changes.apply(current, &TimeZone::parse("Asia/Tokyo").unwrap())
    }

    fn rule(text: &str) -> Edit<Option<RecurrenceRule>> {
        Edit::Set(RecurrenceRule::new(text.to_owned()))
    }

    fn weekly() -> Schedule {
        let changes = ScheduleChanges {
            due: Edit::Set(Some(DueInput::Time(due()))),
            time_zone: Edit::Set(TimeZone::parse("Europe/Berlin").ok()),
            recurrence_rule: rule("FREQ=WEEKLY"),
            recurrence_anchor: Edit::Set(Some(RecurrenceAnchor::Completion)),
            ..ScheduleChanges::default()
        };
        apply(&changes, &Schedule::default()).unwrap()
    }

    fn first_field(result: Result<Schedule, Violations>) -> String {
        result.unwrap_err().as_slice()[0].field.clone()
    }

    #[test]
    fn no_change_leaves_the_schedule_alone() {
        assert_eq!(
            apply(&ScheduleChanges::default(), &weekly()).unwrap(),
            weekly()
        );
    }

    #[test]
    fn another_rule_keeps_the_anchor() {
        let changes = ScheduleChanges {
            recurrence_rule: rule("FREQ=DAILY"),
            ..ScheduleChanges::default()
        };
        let recurrence = apply(&changes, &weekly())
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
        let schedule = apply(&changes, &weekly()).unwrap();
        assert_eq!(schedule.recurrence(), None);
        assert_eq!(schedule.due_time(), Some(due()));
    }

    #[test]
    fn an_emptied_anchor_is_the_schedule() {
        let changes = ScheduleChanges {
            recurrence_anchor: Edit::Set(None),
            ..ScheduleChanges::default()
        };
        let schedule = apply(&changes, &weekly()).unwrap();
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
            first_field(apply(&changes, &Schedule::default())),
            "recurrence_anchor"
        );
    }

    #[test]
    fn a_recurring_task_cannot_lose_its_due_time_or_zone() {
        let no_due_time = ScheduleChanges {
            due: Edit::Set(None),
            ..ScheduleChanges::default()
        };
        assert_eq!(first_field(apply(&no_due_time, &weekly())), "due_time");
        let no_zone = ScheduleChanges {
            time_zone: Edit::Set(None),
            ..ScheduleChanges::default()
        };
        assert_eq!(first_field(apply(&no_zone, &weekly())), "time_zone");
    }

    #[test]
    fn a_moved_due_time_leaves_the_recurrence_alone() {
        let later = due() + TimeDelta::days(1);
        let changes = ScheduleChanges {
            due: Edit::Set(Some(DueInput::Time(later))),
            ..ScheduleChanges::default()
        };
        let schedule = apply(&changes, &weekly()).unwrap();
        assert_eq!(schedule.due_time(), Some(later));
        assert!(!schedule.repeats_otherwise_than(&weekly()));
    }

    #[test]
    fn a_date_without_a_zone_is_meant_in_the_users_own() {
        let date = "2026-12-01".parse().unwrap();
        let changes = ScheduleChanges {
            due: Edit::Set(Some(DueInput::Date(date))),
            ..ScheduleChanges::default()
        };
        assert!(changes.needs_user_zone(&Schedule::default()));
        let schedule = apply(&changes, &Schedule::default()).unwrap();
        assert_eq!(schedule.time_zone().unwrap().as_ref(), "Asia/Tokyo");
        let begin: DateTime<Utc> = "2026-11-30T15:00:00Z".parse().unwrap();
        assert_eq!(schedule.due_time(), Some(begin));
        assert_eq!(schedule.due_local_time(), None);
    }

    #[test]
    fn another_zone_moves_the_beginning_of_a_date_and_no_moment() {
        let zone = ScheduleChanges {
            time_zone: Edit::Set(TimeZone::parse("America/New_York").ok()),
            ..ScheduleChanges::default()
        };
        assert_eq!(apply(&zone, &weekly()).unwrap().due_time(), Some(due()));
        let date = ScheduleChanges {
            due: Edit::Set(Some(DueInput::Date("2026-12-01".parse().unwrap()))),
            ..ScheduleChanges::default()
        };
        let schedule = apply(&date, &Schedule::default()).unwrap();
        let moved = apply(&zone, &schedule).unwrap();
        let begin: DateTime<Utc> = "2026-12-01T05:00:00Z".parse().unwrap();
        assert_eq!(moved.due_time(), Some(begin));
    }
}
