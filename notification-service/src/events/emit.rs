//! The events of reminders, appended to the outbox in the transaction of the step that they tell of.

use service_runtime::{
    ids::Ids,
    outbox::{self, OutboxEvent},
    postgres::{AsyncPgConnection, DatabaseError},
};
use taskmesh_proto::{
    notification::v1::{self as pb, reminder_event::Change},
    topics,
};

use crate::{
    domain::{delivery::Channel, reminder::Reminder},
    rpc::convert::timestamp,
};

/// Tells that a reminder was scheduled or moved.
pub async fn reminder_scheduled(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    reminder: &Reminder,
) -> Result<(), DatabaseError> {
    append(
        tx,
        ids,
        reminder,
        Change::Scheduled(pb::ReminderScheduled {}),
    )
    .await
}

/// Tells that a reminder will not fire.
pub async fn reminder_cancelled(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    reminder: &Reminder,
) -> Result<(), DatabaseError> {
    append(
        tx,
        ids,
        reminder,
        Change::Cancelled(pb::ReminderCancelled {}),
    )
    .await
}

/// Tells that a reminder reached a channel.
pub async fn reminder_sent(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    reminder: &Reminder,
    channel: Channel,
) -> Result<(), DatabaseError> {
    let sent = pb::ReminderSent {
        channel: pb::Channel::from(channel).into(),
        lateness_ms: reminder.lateness_ms(),
    };
    append(tx, ids, reminder, Change::Sent(sent)).await
}

/// Tells that a reminder did not reach a channel for certain.
pub async fn reminder_failed(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    reminder: &Reminder,
    channel: Channel,
    reason: &str,
) -> Result<(), DatabaseError> {
    let failed = pb::ReminderFailed {
        channel: pb::Channel::from(channel).into(),
        reason: reason.to_owned(),
    };
    append(tx, ids, reminder, Change::Failed(failed)).await
}

async fn append(
    tx: &mut AsyncPgConnection,
    ids: &Ids,
    reminder: &Reminder,
    change: Change,
) -> Result<(), DatabaseError> {
    let id = ids.uuid_v7();
    let kind = kind(&change);
    let message = pb::ReminderEvent {
        event_id: id.to_string(),
        event_time: Some(timestamp(reminder.update_time)),
        user_id: reminder.user_id.to_string(),
        reminder_version: reminder.version,
        reminder: Some(reminder.into()),
        change: Some(change),
    };
    outbox::append(
        tx,
        OutboxEvent {
            topic: &topics::TASK_REMINDERS,
            key: reminder.task_id.to_string(),
            id,
            kind,
            subject: reminder.id.to_string(),
            time: reminder.update_time,
            aggregate_version: reminder.version,
            message: &message,
        },
    )
    .await
}

fn kind(change: &Change) -> &'static str {
    match change {
        Change::Scheduled(_) => "taskmesh.notification.v1.ReminderScheduled",
        Change::Sent(_) => "taskmesh.notification.v1.ReminderSent",
        Change::Failed(_) => "taskmesh.notification.v1.ReminderFailed",
        Change::Snoozed(_) => "taskmesh.notification.v1.ReminderSnoozed",
        Change::Cancelled(_) => "taskmesh.notification.v1.ReminderCancelled",
        Change::Acknowledged(_) => "taskmesh.notification.v1.ReminderAcknowledged",
    }
}
