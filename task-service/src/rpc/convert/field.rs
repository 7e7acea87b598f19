//! The fields that requests to create and to update a task share.

use std::convert::Infallible;

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use taskmesh_proto::task::v1 as pb;

use super::mask::UpdateMask;
use crate::domain::{
    Description, DetailChanges, Details, Edit, InvalidTime, Priority, RecurrenceAnchor,
    RecurrenceRule, Reminder, Reminders, ScheduleChanges, TimeZone, Title, Violations, moment,
    parse_time,
};

/// Reads what a new task says.
pub fn details(
    title: &str,
    description: &str,
    priority: i32,
    muted: bool,
) -> Result<Details, Violations> {
    let mut violations = Violations::default();
    let title = violations.check("title", Title::parse(title));
    let description = violations.check("description", Description::parse(description));
    let priority = violations.check("priority", priority_of(priority));
    match (title, description, priority) {
        (Some(title), Some(description), Some(priority)) => Ok(Details {
            title,
            description,
            priority,
            muted,
        }),
        _ => Err(violations),
    }
}

/// Reads what a task says from the fields that a mask names.
pub fn detail_changes(
    mask: &UpdateMask,
    title: &str,
    description: &str,
    priority: i32,
    muted: bool,
) -> Result<DetailChanges, Violations> {
    let mut edits = Edits::new(mask);
    let changes = DetailChanges {
        title: edits.edit("title", || Title::parse(title)),
        description: edits.edit("description", || Description::parse(description)),
        priority: edits.edit("priority", || priority_of(priority)),
        muted: edits.edit("muted", || Ok::<_, Infallible>(muted)),
    };
    edits.finish(changes)
}

/// The fields of a schedule, as requests have them.
pub struct ScheduleFields {
    /// When the task is due.
    pub due_time: Option<Timestamp>,
    /// The zone's name; empty for none.
    pub time_zone: String,
    /// The rule; empty for none.
    pub recurrence_rule: String,
    /// A number of the enum.
    pub recurrence_anchor: i32,
    /// When to remind.
    pub reminders: Vec<pb::ReminderSetting>,
}

impl ScheduleFields {
    /// Reads the fields that a mask names.
    pub fn changes(self, mask: &UpdateMask) -> Result<ScheduleChanges, Violations> {
        let Self {
            due_time,
            time_zone,
            recurrence_rule,
            recurrence_anchor,
            reminders,
        } = self;
        let mut edits = Edits::new(mask);
        let changes = ScheduleChanges {
            due_time: edits.edit("due_time", || due_time.map(user_time).transpose()),
            time_zone: edits.edit("time_zone", || {
                let given = Some(time_zone.as_str()).filter(|name| !name.is_empty());
                given.map(TimeZone::parse).transpose()
            }),
            recurrence_rule: edits.edit("recurrence_rule", || {
                Ok::<_, Infallible>(RecurrenceRule::new(recurrence_rule))
            }),
            recurrence_anchor: edits.edit("recurrence_anchor", || anchor_of(recurrence_anchor)),
            reminders: edits.edit_parts("reminders", || reminders_of(reminders)),
        };
        edits.finish(changes)
    }
}

/// Reads the fields that a mask names and collects what is wrong with them.
struct Edits<'a> {
    mask: &'a UpdateMask,
    violations: Violations,
}

impl<'a> Edits<'a> {
    fn new(mask: &'a UpdateMask) -> Self {
        Self {
            mask,
            violations: Violations::default(),
        }
    }

    fn edit<T, E: ToString>(
        &mut self,
        field: &str,
        parse: impl FnOnce() -> Result<T, E>,
    ) -> Edit<T> {
        if !self.mask.has(field) {
            return Edit::Keep;
        }
        self.violations
            .check(field, parse())
            .map_or(Edit::Keep, Edit::Set)
    }

    /// Reads a field whose parts are named in its violations.
    fn edit_parts<T>(
        &mut self,
        field: &str,
        parse: impl FnOnce() -> Result<T, Violations>,
    ) -> Edit<T> {
        if !self.mask.has(field) {
            return Edit::Keep;
        }
        match parse() {
            Ok(value) => Edit::Set(value),
            Err(violations) => {
                self.violations.extend(violations);
                Edit::Keep
            }
        }
    }

    fn finish<T>(self, changes: T) -> Result<T, Violations> {
        if self.violations.is_empty() {
            Ok(changes)
        } else {
            Err(self.violations)
        }
    }
}

/// Reads a moment that another service of the mesh names; none if it is no moment.
pub fn instant(time: Timestamp) -> Option<DateTime<Utc>> {
    let Timestamp { seconds, nanos } = time;
    moment(seconds, nanos)
}

fn user_time(time: Timestamp) -> Result<DateTime<Utc>, InvalidTime> {
    let Timestamp { seconds, nanos } = time;
    parse_time(seconds, nanos)
}

fn priority_of(number: i32) -> Result<Priority, &'static str> {
    match pb::Priority::try_from(number) {
        Ok(pb::Priority::Unspecified) => Ok(Priority::default()),
        Ok(pb::Priority::Low) => Ok(Priority::Low),
        Ok(pb::Priority::Medium) => Ok(Priority::Medium),
        Ok(pb::Priority::High) => Ok(Priority::High),
        Ok(pb::Priority::Urgent) => Ok(Priority::Urgent),
        Err(_) => Err("must be low, medium, high or urgent (1 to 4)"),
    }
}

fn anchor_of(number: i32) -> Result<Option<RecurrenceAnchor>, &'static str> {
    match pb::RecurrenceAnchor::try_from(number) {
        Ok(pb::RecurrenceAnchor::Unspecified) => Ok(None),
        Ok(pb::RecurrenceAnchor::Schedule) => Ok(Some(RecurrenceAnchor::Schedule)),
        Ok(pb::RecurrenceAnchor::Completion) => Ok(Some(RecurrenceAnchor::Completion)),
        Err(_) => Err("must be schedule or completion (1 or 2)"),
    }
}

fn reminders_of(settings: Vec<pb::ReminderSetting>) -> Result<Reminders, Violations> {
    Reminders::check_length(settings.len())?;
    let mut violations = Violations::default();
    let mut reminders = Vec::new();
    for (index, setting) in settings.into_iter().enumerate() {
        let pb::ReminderSetting { when } = setting;
        let field = format!("reminders[{index}]");
        let reminder = match when {
            Some(pb::reminder_setting::When::MinutesBeforeDue(minutes)) => violations.check(
                &format!("{field}.minutes_before_due"),
                Reminder::minutes_before_due(minutes),
            ),
            Some(pb::reminder_setting::When::AtTime(time)) => {
                let time = violations.check(&format!("{field}.at_time"), user_time(time));
                time.map(Reminder::AtTime)
            }
            None => violations.check(&field, Err("must have minutes_before_due or at_time")),
        };
        reminders.extend(reminder);
    }
    if violations.is_empty() {
        Reminders::new(reminders)
    } else {
        Err(violations)
    }
}
