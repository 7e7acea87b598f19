//! One reminder and its states.

use chrono::{DateTime, NaiveDate, Utc};
use service_runtime::{ids::UserId, words};

use super::{
    ids::{ReminderId, TaskId},
    setting::Setting,
    watched_task::WatchedTask,
};

/// State of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderState {
    Scheduled,
    /// Its time has come; deliveries are under way.
    Firing,
    /// Every delivery is settled and at least one reached the user.
    Sent,
    /// Every delivery is settled and none reached the user for certain.
    Failed,
    /// It will not fire.
    Cancelled,
}

words! {
    ReminderState {
        Scheduled = "scheduled",
        Firing = "firing",
        Sent = "sent",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    pub user_id: UserId,
    pub id: ReminderId,
    pub task_id: TaskId,
    /// Setting that caused it.
    pub setting: Setting,
    pub fire_time: DateTime<Utc>,
    pub state: ReminderState,
    /// 1 when scheduled, one more with every step that an event reports.
    pub version: i64,
    pub title: String,
    pub due_time: Option<DateTime<Utc>>,
    /// The date on which it is due, if at no certain time of that day.
    pub due_date: Option<NaiveDate>,
    /// The task's time zone, or empty.
    pub time_zone: String,
    /// Time of the last step.
    pub update_time: DateTime<Utc>,
}

impl Reminder {
    /// Returns whether it shows the task as it is now.
    pub fn shows(&self, task: &WatchedTask) -> bool {
        self.title == task.title
            && self.due_time == task.due_time
            && self.due_date == task.due_date
            && self.time_zone == task.time_zone
    }

    /// Returns how much later than its fire time the last step was, in milliseconds; 0 if it was not.
    pub fn lateness_ms(&self) -> i64 {
        (self.update_time - self.fire_time)
            .num_milliseconds()
            .max(0)
    }
}
