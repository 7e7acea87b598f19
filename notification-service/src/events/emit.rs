//! The events of reminders, for the outbox, to be appended in the transaction of their step.

use chrono::{DateTime, Utc};
use service_runtime::{
    Service,
    clock::timestamp,
    grpc::Caller,
    ids::Ids,
    outbox::{OutboxEvent, OutboxRow},
};
use taskmesh_proto::{
    common::v1::Actor,
    notification::v1::{self as pb, reminder_event::Change},
    realtime::v1::TaskChange,
    topics,
};

use crate::{
    NotificationService,
    domain::{delivery::Channel, preferences::Preferences, reminder::Reminder},
};

/// Returns the event of a reminder that reached a channel.
pub fn reminder_sent(ids: &Ids, reminder: &Reminder, channel: Channel) -> OutboxRow {
    let sent = pb::ReminderSent {
        channel: pb::Channel::from(channel).into(),
        lateness_ms: reminder.lateness_ms(),
    };
    let kind = "taskmesh.notification.v1.ReminderSent";
    event(ids, reminder, kind, Change::Sent(sent))
}

/// Returns the event of a reminder that may not have reached a channel.
pub fn reminder_failed(
    ids: &Ids,
    reminder: &Reminder,
    channel: Channel,
    reason: &str,
) -> OutboxRow {
    let failed = pb::ReminderFailed {
        channel: pb::Channel::from(channel).into(),
        reason: reason.to_owned(),
    };
    let kind = "taskmesh.notification.v1.ReminderFailed";
    event(ids, reminder, kind, Change::Failed(failed))
}

/// Returns the change for the user's live clients: the in-app notification of a fired reminder, or its next step.
pub fn notification_changed(ids: &Ids, reminder: &Reminder) -> OutboxRow {
    let id = ids.uuid_v7();
    let message = TaskChange {
        event_id: id.to_string(),
        event_time: Some(timestamp(reminder.update_time)),
        user_id: reminder.user_id.to_string(),
        task_version: reminder.version,
        reminder: Some(reminder.into()),
        ..TaskChange::default()
    };
    OutboxEvent {
        topic: &topics::TASK_UPDATES,
        key: reminder.user_id.to_string(),
        id,
        kind: "taskmesh.notification.v1.NotificationChanged",
        subject: reminder.id.to_string(),
        time: reminder.update_time,
        aggregate_version: reminder.version,
        message: &message,
    }
    .into()
}

/// Returns the event of changed preferences.
pub fn preferences_updated(
    ids: &Ids,
    caller: &Caller,
    time: DateTime<Utc>,
    previous: Preferences,
    preferences: Preferences,
) -> OutboxRow {
    let user_id = caller.user_id.to_string();
    let message = pb::ReminderEvent {
        event_time: Some(timestamp(time)),
        user_id: user_id.clone(),
        reminder_version: preferences.version,
        actor: Some(caller.into()),
        change: Some(Change::PreferencesUpdated(pb::PreferencesUpdated {
            previous: Some(previous.into()),
            preferences: Some(preferences.into()),
        })),
        ..pb::ReminderEvent::default()
    };
    let kind = "taskmesh.notification.v1.PreferencesUpdated";
    row(ids, kind, [user_id.clone(), user_id], time, message)
}

fn event(ids: &Ids, reminder: &Reminder, kind: &'static str, change: Change) -> OutboxRow {
    let message = pb::ReminderEvent {
        event_time: Some(timestamp(reminder.update_time)),
        user_id: reminder.user_id.to_string(),
        reminder_version: reminder.version,
        reminder: Some(reminder.into()),
        actor: Some(Actor {
            user_id: reminder.user_id.to_string(),
            service: NotificationService::NAME.to_owned(),
            ..Actor::default()
        }),
        change: Some(change),
        ..pb::ReminderEvent::default()
    };
    let key_and_subject = [reminder.task_id.to_string(), reminder.id.to_string()];
    row(ids, kind, key_and_subject, reminder.update_time, message)
}

/// Gives an event its id and makes it a row of the outbox.
fn row(
    ids: &Ids,
    kind: &'static str,
    [key, subject]: [String; 2],
    time: DateTime<Utc>,
    message: pb::ReminderEvent,
) -> OutboxRow {
    let id = ids.uuid_v7();
    let message = pb::ReminderEvent {
        event_id: id.to_string(),
        ..message
    };
    OutboxEvent {
        topic: &topics::TASK_REMINDERS,
        key,
        id,
        kind,
        subject,
        time,
        aggregate_version: message.reminder_version,
        message: &message,
    }
    .into()
}
