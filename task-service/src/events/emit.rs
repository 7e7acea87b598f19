use prost::Message;
use service_runtime::{
    grpc::Caller,
    outbox::{self, OutboxEvent},
    postgres::{AsyncPgConnection, DatabaseError},
};
use taskmesh_proto::{
    common::v1::Actor,
    realtime::v1 as realtime,
    task::v1 as pb,
    topics::{self, Topic},
};
use uuid::Uuid;

use crate::{
    domain::{Change, Task},
    rpc::{series, timestamp},
};

/// One change of one task, as it is told.
#[derive(Debug, Clone, Copy)]
pub struct TaskChange<'a> {
    /// Identifies the event, on every topic that it goes to.
    pub id: Uuid,
    /// What happened.
    pub change: Change,
    /// The task after the change.
    pub task: &'a Task,
    /// The task before the change; none for a new one.
    pub previous: Option<&'a Task>,
    /// Who made the change.
    pub caller: &'a Caller,
}

/// Appends the events of a change to the outbox; to be called after the task's row is written.
#[tracing::instrument(name = "event.task_changed", level = "debug", skip_all, fields(event.id = %event.id))]
pub async fn emit(tx: &mut AsyncPgConnection, event: TaskChange<'_>) -> Result<(), DatabaseError> {
    let told = task_event(&event);
    append(
        tx,
        &event,
        &topics::TASK_EVENTS,
        event.task.id.to_string(),
        &told,
    )
    .await?;
    if let (Change::Completed, Some(series)) = (event.change, &told.series) {
        let key = series.series_id.clone();
        append(tx, &event, &topics::TASK_RECURRENCE, key, &told).await?;
    }
    let redraw = realtime::TaskChange {
        event_id: told.event_id,
        event_time: told.event_time,
        user_id: told.user_id,
        task_version: told.task_version,
        task: told.task,
    };
    let key = redraw.user_id.clone();
    append(tx, &event, &topics::TASK_UPDATES, key, &redraw).await
}

async fn append<M: Message>(
    tx: &mut AsyncPgConnection,
    event: &TaskChange<'_>,
    topic: &Topic,
    key: String,
    message: &M,
) -> Result<(), DatabaseError> {
    let task = event.task;
    let event = OutboxEvent {
        topic,
        key,
        id: event.id,
        kind: kind(event.change),
        subject: task.id.to_string(),
        time: task.update_time,
        aggregate_version: task.version,
        message,
    };
    outbox::append(tx, event).await
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
        actor: Some(actor(caller)),
        series: series(task),
        change: Some(what_happened(*change)),
    }
}

fn actor(caller: &Caller) -> Actor {
    let Caller {
        user_id,
        service,
        token_id,
    } = caller;
    Actor {
        user_id: user_id.to_string(),
        service: service.clone().unwrap_or_default(),
        token_id: token_id.clone().unwrap_or_default(),
    }
}

fn kind(change: Change) -> &'static str {
    match change {
        Change::Created => "taskmesh.task.v1.TaskCreated",
        Change::Updated => "taskmesh.task.v1.TaskUpdated",
        Change::Completed => "taskmesh.task.v1.TaskCompleted",
        Change::Reopened => "taskmesh.task.v1.TaskReopened",
        Change::Deleted => "taskmesh.task.v1.TaskDeleted",
        Change::Undeleted => "taskmesh.task.v1.TaskUndeleted",
    }
}

fn what_happened(change: Change) -> pb::task_event::Change {
    use pb::task_event::Change as Told;
    match change {
        Change::Created => Told::Created(pb::TaskCreated {}),
        Change::Updated => Told::Updated(pb::TaskUpdated {}),
        Change::Completed => Told::Completed(pb::TaskCompleted {}),
        Change::Reopened => Told::Reopened(pb::TaskReopened {}),
        Change::Deleted => Told::Deleted(pb::TaskDeleted {}),
        Change::Undeleted => Told::Undeleted(pb::TaskUndeleted {}),
    }
}
