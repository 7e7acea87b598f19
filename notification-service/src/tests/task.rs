use crate::domain::{ids::TaskId, setting::Setting, watched_task::WatchedTask};
use chrono::{DateTime, TimeDelta, Utc};
use service_runtime::{clock::Clock, ids::Ids};

/// A task of the test, as the service gets to know of it.
#[derive(Clone)]
pub struct TaskBuilder {
    /// The task; fields may be changed freely.
    pub task: WatchedTask,
}

impl TaskBuilder {
    /// Returns a new task of a user that is due in a while and lives by the default reminder.
    pub fn new(user: &str, due_in: TimeDelta) -> Self {
        let now = Clock::system().now();
        Self {
            task: WatchedTask {
                user_id: user.parse().unwrap(),
                task_id: Ids.uuid_v7().into(),
                version: 1,
                title: "Water the plants".to_owned(),
                due_time: Some(now + due_in),
                due_date: None,
                time_zone: "Europe/Berlin".to_owned(),
                open: true,
                deleted: false,
                muted: false,
                settings: Vec::new(),
                update_time: now,
            },
        }
    }

    /// Returns a task made an hour ago that reminds at a moment, which therefore counts even if it has passed.
    pub fn reminding_at(user: &str, moment: DateTime<Utc>) -> Self {
        let mut builder = Self::new(user, TimeDelta::days(1));
        builder.task.update_time -= TimeDelta::hours(1);
        builder.task.settings = vec![Setting::At(moment)];
        builder
    }

    pub fn id(&self) -> TaskId {
        self.task.task_id
    }

    /// Changes the task: one version on, now.
    pub fn change(&mut self, change: impl FnOnce(&mut WatchedTask)) -> &Self {
        change(&mut self.task);
        self.task.version += 1;
        self.task.update_time = Clock::system().now();
        self
    }
}
