use chrono::{DateTime, TimeDelta, Utc};
use notification_service::{
    domain::{ids::TaskId, setting::Setting, watched_task::WatchedTask},
    events::Actor,
    operations::Observation,
};
use service_runtime::{
    clock::{Clock, timestamp},
    ids::Ids,
    telemetry::propagation::TraceContext,
};
use taskmesh_proto::task::v1 as pb;

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

    /// Returns the task's id.
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

    /// Returns the task as it is, as an event tells of it that begins a trace.
    pub fn observation(&self) -> Observation {
        Observation {
            task: self.task.clone(),
            trace: TraceContext::root(),
            actor: Actor::default(),
        }
    }

    /// Returns the event that tells of the task as it is.
    pub fn event(&self) -> pb::TaskEvent {
        let task = &self.task;
        let state = if task.open {
            pb::TaskState::Open
        } else {
            pb::TaskState::Completed
        };
        let update_time = timestamp(task.update_time);
        pb::TaskEvent {
            event_id: Ids.uuid_v7().to_string(),
            event_time: Some(update_time),
            user_id: task.user_id.to_string(),
            task_version: task.version,
            task: Some(pb::Task {
                id: task.task_id.to_string(),
                title: task.title.clone(),
                state: state.into(),
                due_time: task.due_time.map(timestamp),
                due_date: task
                    .due_date
                    .map(|date| date.to_string())
                    .unwrap_or_default(),
                time_zone: task.time_zone.clone(),
                reminders: task.settings.iter().map(setting).collect(),
                muted: task.muted,
                delete_time: task.deleted.then_some(update_time),
                ..pb::Task::default()
            }),
            ..pb::TaskEvent::default()
        }
    }
}

fn setting(setting: &Setting) -> pb::ReminderSetting {
    use pb::reminder_setting::When;
    let when = match setting {
        Setting::Before(minutes) => When::MinutesBeforeDue(*minutes),
        Setting::At(moment) => When::AtTime(timestamp(*moment)),
        Setting::Default => panic!("the default reminder is no setting of a task"),
    };
    pb::ReminderSetting { when: Some(when) }
}
