//! Copy of a task with the fields that reminders depend on.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use service_runtime::ids::UserId;

use super::{ids::TaskId, setting::Setting, time_zone::before_nine_o_clock};

/// A task as of its last applied event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedTask {
    pub user_id: UserId,
    pub task_id: TaskId,
    pub version: i64,
    pub title: String,
    /// Due time; for a due date, the beginning of that day in its zone.
    pub due_time: Option<DateTime<Utc>>,
    /// The date on which it is due, if at no certain time of that day.
    pub due_date: Option<NaiveDate>,
    /// The IANA time zone in which the due time is meant; empty if the task has none.
    pub time_zone: String,
    pub open: bool,
    pub deleted: bool,
    /// Whether the user wants no reminders of it, not even the default one.
    pub muted: bool,
    /// Reminder settings; empty for the user's default reminder.
    pub settings: Vec<Setting>,
    /// Time of the change that the event reports.
    pub update_time: DateTime<Utc>,
}

impl WatchedTask {
    /// Returns whether anybody should be reminded of it at all.
    pub fn wants_reminders(&self) -> bool {
        self.open && !self.deleted && !self.muted
    }

    /// Returns whether it may have reminders: it wants them, and has a due time or settings.
    pub fn asks_for_reminders(&self) -> bool {
        self.wants_reminders() && (self.due_time.is_some() || !self.settings.is_empty())
    }

    /// Returns whether the user's preferences decide on its reminders.
    pub fn has_default_reminder(&self) -> bool {
        self.asks_for_reminders() && self.settings.is_empty()
    }

    /// Returns the moment before which a reminder comes some minutes early: the due time, or 09:00 of the due date, since
    /// a task of a whole day is not reminded of at midnight.
    pub fn remind_before(&self) -> Option<DateTime<Utc>> {
        self.minutes_before(0)
    }

    /// Returns the moment some minutes before the due time, or before 09:00 of the due date on the clocks of its zone: 540
    /// minutes are midnight, and 1 440 are 09:00 of the day before, also when the clocks change in between.
    pub fn minutes_before(&self, minutes: i32) -> Option<DateTime<Utc>> {
        let lead = TimeDelta::minutes(i64::from(minutes));
        match self.due_date {
            Some(date) => before_nine_o_clock(date, lead, &self.time_zone),
            None => self.due_time?.checked_sub_signed(lead),
        }
    }
}
