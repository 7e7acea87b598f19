use chrono::{DateTime, Utc};
use service_runtime::{
    clock::timestamp,
    grpc::Caller,
    ids::UserId,
    outbox::{OutboxEvent, OutboxRow},
};
use taskmesh_proto::{common::v1::Actor, realtime::v1 as realtime, task::v1 as pb, topics};
use uuid::Uuid;

use crate::domain::{Change, NamedKind, NamedResource, Settings, Task};

/// Returns the event types of names.
macro_rules! event_types {
    ($($name:literal),+) => { [$(concat!("taskmesh.task.v1.", $name)),+] };
}

/// Change of a task, as its events report it.
#[derive(Debug, Clone, Copy)]
pub struct TaskChange<'a> {
    /// Identifies the event, on every topic that it goes to.
    pub id: Uuid,
    /// Kind of change.
    pub change: Change,
    /// The task after the change.
    pub task: &'a Task,
    /// The task before the change; none for a new one.
    pub previous: Option<&'a Task>,
    /// Caller who made the change.
    pub caller: &'a Caller,
}

/// Returns the event of a change of a task, for all its topics.
pub fn of_task(event: TaskChange<'_>) -> OutboxRow {
    let TaskChange { id, task, .. } = event;
    let told = task_event(&event);
    let row = OutboxRow::from(OutboxEvent {
        topic: &topics::TASK_EVENTS,
        key: task.id.to_string(),
        id,
        kind: kind(event.change).0,
        subject: task.id.to_string(),
        time: task.update_time,
        aggregate_version: task.version,
        message: &told,
    });
    let row = match (event.change, &told.series) {
        (Change::Completed, Some(series)) => {
            row.copied_to(&topics::TASK_RECURRENCE, series.series_id.clone(), &told)
        }
        _ => row,
    };
    // Its fields are the first ones of the event and have the same numbers.
    let redraw = realtime::TaskChange {
        event_id: told.event_id,
        event_time: told.event_time,
        user_id: told.user_id,
        task_version: told.task_version,
        task: told.task,
        ..realtime::TaskChange::default()
    };
    row.copied_to(&topics::TASK_UPDATES, redraw.user_id.clone(), &redraw)
}

/// Returns the event of a category, tag or saved filter for live clients.
pub fn of_named(id: Uuid, resource: &NamedResource) -> OutboxRow {
    let mut message = realtime::TaskChange::default();
    let [created, updated, deleted] = match resource.kind {
        NamedKind::Category => {
            message.category = Some(resource.into());
            event_types!("CategoryCreated", "CategoryUpdated", "CategoryDeleted")
        }
        NamedKind::Tag => {
            message.tag = Some(resource.into());
            event_types!("TagCreated", "TagUpdated", "TagDeleted")
        }
        NamedKind::SavedFilter => {
            message.saved_filter = Some(resource.into());
            event_types!(
                "SavedFilterCreated",
                "SavedFilterUpdated",
                "SavedFilterDeleted"
            )
        }
    };
    let kind = match resource {
        resource if resource.delete_time.is_some() => deleted,
        resource if resource.version == 1 => created,
        _ => updated,
    };
    message.task_version = resource.version;
    let subject = resource.id.to_string();
    let (user_id, time) = (&resource.user_id, resource.update_time);
    live(id, kind, subject, user_id, time, message)
}

/// Returns the event of a user's settings for live clients.
pub fn of_settings(id: Uuid, user_id: &UserId, settings: &Settings) -> OutboxRow {
    let message = realtime::TaskChange {
        task_version: settings.version,
        settings: Some(settings.into()),
        ..realtime::TaskChange::default()
    };
    let kind = "taskmesh.task.v1.SettingsUpdated";
    let time = settings.update_time.unwrap_or_default();
    live(id, kind, user_id.to_string(), user_id, time, message)
}

fn live(
    id: Uuid,
    kind: &'static str,
    subject: String,
    user_id: &UserId,
    time: DateTime<Utc>,
    message: realtime::TaskChange,
) -> OutboxRow {
    let message = realtime::TaskChange {
        event_id: id.to_string(),
        event_time: Some(timestamp(time)),
        user_id: user_id.to_string(),
        ..message
    };
    OutboxEvent {
        topic: &topics::TASK_UPDATES,
        key: message.user_id.clone(),
        id,
        kind,
        subject,
        time,
        aggregate_version: message.task_version,
        message: &message,
    }
    .into()
}

fn task_event(event: &TaskChange<'_>) -> pb::TaskEvent {
    let TaskChange {
        id,
        change,
        task,
        previous,
        caller,
    } = event;
    let changed_fields = previous
        .map(|previous| task.changed_fields(previous))
        .unwrap_or_default();
    pb::TaskEvent {
        event_id: id.to_string(),
        event_time: Some(timestamp(task.update_time)),
        user_id: task.user_id.to_string(),
        task_version: task.version,
        task: Some((*task).into()),
        previous: previous.map(Into::into),
        changed_fields: changed_fields.into_iter().map(str::to_owned).collect(),
        actor: Some(Actor::from(*caller)),
        series: series(task),
        change: Some(kind(*change).1),
    }
}

/// Returns the event type of a change, and the change in the event.
fn kind(change: Change) -> (&'static str, pb::task_event::Change) {
    macro_rules! kinds {
        ($($change:ident: $message:ident,)+) => {
            match change {
                $(Change::$change => (
                    concat!("taskmesh.task.v1.", stringify!($message)),
                    pb::task_event::Change::$change(pb::$message {}),
                ),)+
            }
        };
    }
    kinds! {
        Created: TaskCreated,
        Updated: TaskUpdated,
        Completed: TaskCompleted,
        Reopened: TaskReopened,
        Deleted: TaskDeleted,
        Undeleted: TaskUndeleted,
    }
}

/// Returns the definition of the series that a task is an occurrence of.
fn series(task: &Task) -> Option<pb::Series> {
    let occurrence = task.occurrence?;
    let recurrence = task.schedule.recurrence()?;
    Some(pb::Series {
        series_id: occurrence.series_id.to_string(),
        recurrence_rule: recurrence.rule.as_ref().to_owned(),
        recurrence_anchor: pb::RecurrenceAnchor::from(recurrence.anchor).into(),
        time_zone: task.schedule.time_zone()?.to_string(),
        start_local: occurrence.start_local.to_string(),
        due_after_days: occurrence.due_after.days,
        due_after_seconds: occurrence.due_after.seconds,
    })
}
