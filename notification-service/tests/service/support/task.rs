use chrono::{DateTime, TimeDelta, Utc};
use service_runtime::{
    clock::{Clock, timestamp},
    ids::Ids,
};
use taskmesh_proto::task::v1::{self as pb, reminder_setting::When};

/// A task as the events of the task-service report it; fields may be changed freely.
#[derive(Clone)]
pub struct TaskBuilder {
    pub user: &'static str,
    pub version: i64,
    pub due_time: DateTime<Utc>,
    /// The rest of the task.
    pub task: pb::Task,
    update_time: DateTime<Utc>,
}

impl TaskBuilder {
    /// Returns a new task of a user that is due in a while and has the default reminder.
    pub fn new(user: &'static str, due_in: TimeDelta) -> Self {
        let now = Clock::system().now();
        Self {
            user,
            version: 1,
            due_time: now + due_in,
            task: pb::Task {
                id: Ids.uuid_v7().to_string(),
                title: "Water the plants".to_owned(),
                state: pb::TaskState::Open.into(),
                time_zone: "Europe/Berlin".to_owned(),
                ..pb::Task::default()
            },
            update_time: now,
        }
    }

    pub fn remind(mut self, when: When) -> Self {
        self.task.reminders = vec![pb::ReminderSetting { when: Some(when) }];
        self
    }

    /// Changes the task: one version on, now.
    pub fn change(&mut self, change: impl FnOnce(&mut Self)) -> &Self {
        change(self);
        self.version += 1;
        self.update_time = Clock::system().now();
        self
    }

    /// Returns the event that reports the task as it is.
    pub fn event(&self) -> pb::TaskEvent {
        let task = pb::Task {
            due_time: Some(timestamp(self.due_time)),
            ..self.task.clone()
        };
        pb::TaskEvent {
            event_id: Ids.uuid_v7().to_string(),
            event_time: Some(timestamp(self.update_time)),
            user_id: self.user.to_owned(),
            task_version: self.version,
            task: Some(task),
            ..pb::TaskEvent::default()
        }
    }
}
