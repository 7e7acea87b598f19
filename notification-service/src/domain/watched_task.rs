//! What reminders need to know of a task.

use chrono::{DateTime, Utc};
use service_runtime::ids::UserId;

use super::{ids::TaskId, setting::Setting};

/// A task as its last applied event told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedTask {
    /// Whose task it is.
    pub user_id: UserId,
    /// The task.
    pub task_id: TaskId,
    /// The version of the event.
    pub version: i64,
    /// The title.
    pub title: String,
    /// When it is due.
    pub due_time: Option<DateTime<Utc>>,
    /// The IANA time zone in which the due time is meant; empty if the task has none.
    pub time_zone: String,
    /// Whether it is still to be done.
    pub open: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Whether the user wants no reminders of it, not even the default one.
    pub muted: bool,
    /// When to remind; empty: the user's default reminder.
    pub settings: Vec<Setting>,
    /// When the change was made that the event tells of.
    pub update_time: DateTime<Utc>,
}

impl WatchedTask {
    /// Returns whether anybody should be reminded of it at all.
    pub fn wants_reminders(&self) -> bool {
        self.open && !self.deleted && !self.muted
    }
}
