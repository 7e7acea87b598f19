//! Events of others, as entries of the record.

use std::sync::LazyLock;

use prost_types::Timestamp;
use service_runtime::{
    clock::from_timestamp, grpc::Caller, kafka::Received, telemetry::propagation::TraceContext,
};
use taskmesh_proto::{
    common::v1 as common,
    notification::v1::{self as notification, reminder_event},
    task::v1 as task,
};
use uuid::Uuid;

use super::{
    differences::{Compared, MalformedEvent},
    recorder::Recorded,
};
use crate::domain::record::{Actor, Entry, FieldChange};

/// The etag and the time of the update change with every change, and the operation has a place of its own.
static TASK: LazyLock<Compared> = LazyLock::new(|| {
    Compared::new(
        "taskmesh.task.v1.Task",
        &["id", "etag", "update_time", "operation_id"],
    )
});
/// The fields that a reminder copies from its task are recorded with the task.
static REMINDER: LazyLock<Compared> = LazyLock::new(|| {
    Compared::new(
        "taskmesh.notification.v1.Reminder",
        &[
            "id",
            "task_id",
            "task_title",
            "due_time",
            "due_date",
            "deliveries",
        ],
    )
});
static PREFERENCES: LazyLock<Compared> =
    LazyLock::new(|| Compared::new("taskmesh.notification.v1.Preferences", &["etag"]));
static SENT: LazyLock<Compared> =
    LazyLock::new(|| Compared::new("taskmesh.notification.v1.ReminderSent", &[]));
static FAILED: LazyLock<Compared> =
    LazyLock::new(|| Compared::new("taskmesh.notification.v1.ReminderFailed", &[]));

fn malformed(field: &str) -> MalformedEvent {
    MalformedEvent(format!(
        "the field {field} of the event is missing or malformed"
    ))
}

impl Recorded for task::TaskEvent {
    fn entry(event: &Received<Self>) -> Result<Entry, MalformedEvent> {
        let message = &event.message;
        let after = message.task.as_ref().ok_or_else(|| malformed("task"))?;
        Ok(Entry {
            task_id: Some(id(&after.id, "task.id")?),
            version: message.task_version,
            changes: TASK.differences(message.previous.as_ref(), Some(after))?,
            operation_id: after.operation_id.clone(),
            ..entry(event, &message.user_id, message.event_time, &message.actor)?
        })
    }
}

impl Recorded for notification::ReminderEvent {
    fn entry(event: &Received<Self>) -> Result<Entry, MalformedEvent> {
        let message = &event.message;
        if let Some(reminder_event::Change::PreferencesUpdated(updated)) = &message.change {
            let (before, after) = (updated.previous.as_ref(), updated.preferences.as_ref());
            return Ok(Entry {
                version: message.reminder_version,
                changes: PREFERENCES.differences(before, after)?,
                ..entry(event, &message.user_id, message.event_time, &message.actor)?
            });
        }
        let after = message.reminder.as_ref();
        let after = after.ok_or_else(|| malformed("reminder"))?;
        let mut changes = REMINDER.differences(None, Some(after))?;
        changes.extend(step(message.change.as_ref())?);
        Ok(Entry {
            task_id: Some(id(&after.task_id, "reminder.task_id")?),
            reminder_id: Some(id(&after.id, "reminder.id")?),
            version: message.reminder_version,
            changes,
            ..entry(event, &message.user_id, message.event_time, &message.actor)?
        })
    }
}

fn step(change: Option<&reminder_event::Change>) -> Result<Vec<FieldChange>, MalformedEvent> {
    use reminder_event::Change;
    Ok(match change {
        Some(Change::Sent(sent)) => SENT.differences(None, Some(sent))?,
        Some(Change::Failed(failed)) => FAILED.differences(None, Some(failed))?,
        // The other steps add nothing to the reminder, and the event type names an unknown step.
        _ => Vec::new(),
    })
}

/// Returns the entry with the fields that all events have.
fn entry<E>(
    event: &Received<E>,
    user_id: &str,
    event_time: Option<Timestamp>,
    actor: &Option<common::Actor>,
) -> Result<Entry, MalformedEvent> {
    let trace = event.trace_parent.as_deref().and_then(TraceContext::parse);
    Ok(Entry {
        id: event.id,
        user_id: user_id.parse().map_err(|_| malformed("user_id"))?,
        action: action(&event.kind),
        event_type: event.kind.clone(),
        event_time: event_time
            .and_then(from_timestamp)
            .ok_or_else(|| malformed("event_time"))?,
        task_id: None,
        reminder_id: None,
        version: 0,
        actor: actor.clone().map(Actor::from).unwrap_or_default(),
        changes: Vec::new(),
        operation_id: String::new(),
        trace_id: trace.map(TraceContext::trace_id).unwrap_or_default(),
    })
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        common::Actor::from(caller).into()
    }
}

impl From<common::Actor> for Actor {
    fn from(actor: common::Actor) -> Self {
        Self {
            user_id: actor.user_id,
            service: actor.service,
            token_id: actor.token_id,
            client_id: actor.client_id,
            ip_address: actor.ip_address,
            user_agent: actor.user_agent,
        }
    }
}

/// Makes `task.completed` of `taskmesh.task.v1.TaskCompleted`, also for kinds of events that are still to come.
fn action(kind: &str) -> String {
    let name = kind.rsplit('.').next().unwrap_or(kind);
    let mut words = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(if words.contains('.') { '_' } else { '.' });
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

fn id(text: &str, field: &str) -> Result<Uuid, MalformedEvent> {
    text.parse().map_err(|_| malformed(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received<E>(kind: &str, message: E) -> Received<E> {
        Received {
            id: Uuid::from_u128(1),
            kind: kind.to_owned(),
            message,
            topic: "task-events".to_owned(),
            partition: 0,
            offset: 0,
            trace_parent: Some(
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
            ),
        }
    }

    fn task_event() -> task::TaskEvent {
        task::TaskEvent {
            event_time: Some(Timestamp {
                seconds: 1,
                nanos: 1_999,
            }),
            user_id: "alice".to_owned(),
            task_version: 2,
            task: Some(task::Task {
                id: Uuid::from_u128(2).to_string(),
                title: "Call Bob".to_owned(),
                operation_id: "op".to_owned(),
                etag: "2".to_owned(),
                ..task::Task::default()
            }),
            actor: Some(common::Actor {
                user_id: "alice".to_owned(),
                ip_address: "192.0.2.1".to_owned(),
                ..common::Actor::default()
            }),
            ..task::TaskEvent::default()
        }
    }

    #[test]
    fn task_change_is_recorded_with_actor_and_fields() {
        let entry =
            Recorded::entry(&received("taskmesh.task.v1.TaskUpdated", task_event())).unwrap();
        assert_eq!(entry.action, "task.updated");
        assert_eq!(entry.task_id, Some(Uuid::from_u128(2)));
        assert_eq!(entry.event_time.timestamp_subsec_nanos(), 1_000);
        assert_eq!(entry.actor.ip_address, "192.0.2.1");
        assert_eq!(entry.trace_id, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!((&*entry.operation_id, entry.version), ("op", 2));
        let fields: Vec<_> = entry.changes.iter().map(|change| &*change.field).collect();
        assert_eq!(fields, ["title"]);
    }

    #[test]
    fn reminder_step_is_recorded_with_details() {
        let message = notification::ReminderEvent {
            event_time: Some(Timestamp::default()),
            user_id: "alice".to_owned(),
            reminder: Some(notification::Reminder {
                id: Uuid::from_u128(3).to_string(),
                task_id: Uuid::from_u128(2).to_string(),
                task_title: "Call Bob".to_owned(),
                state: notification::ReminderState::Failed.into(),
                ..notification::Reminder::default()
            }),
            change: Some(reminder_event::Change::Failed(
                notification::ReminderFailed {
                    channel: notification::Channel::Email.into(),
                    reason: "no such mailbox".to_owned(),
                },
            )),
            ..notification::ReminderEvent::default()
        };
        let kind = "taskmesh.notification.v1.ReminderFailed";
        let entry = Recorded::entry(&received(kind, message)).unwrap();
        assert_eq!(entry.action, "reminder.failed");
        assert_eq!(entry.reminder_id, Some(Uuid::from_u128(3)));
        let fields: Vec<_> = entry.changes.iter().map(|change| &*change.field).collect();
        assert_eq!(fields, ["state", "channel", "reason"]);
    }

    #[test]
    fn change_of_preferences_is_recorded_with_both_values() {
        let preferences = |minutes| {
            Some(notification::Preferences {
                default_reminder_minutes: minutes,
                etag: minutes.to_string(),
                ..notification::Preferences::default()
            })
        };
        let message = notification::ReminderEvent {
            event_time: Some(Timestamp::default()),
            user_id: "alice".to_owned(),
            change: Some(reminder_event::Change::PreferencesUpdated(
                notification::PreferencesUpdated {
                    previous: preferences(60),
                    preferences: preferences(15),
                },
            )),
            ..notification::ReminderEvent::default()
        };
        let kind = "taskmesh.notification.v1.PreferencesUpdated";
        let entry = Recorded::entry(&received(kind, message)).unwrap();
        assert_eq!(
            (&*entry.action, entry.task_id),
            ("preferences.updated", None)
        );
        let [change] = &entry.changes[..] else {
            panic!("{:?}", entry.changes);
        };
        assert_eq!(
            (&*change.field, &*change.before, &*change.after),
            ("default_reminder_minutes", "60", "15")
        );
    }

    #[test]
    fn unknown_event_type_has_an_action() {
        assert_eq!(
            action("taskmesh.task.v1.TaskHandedOver"),
            "task.handed_over"
        );
        assert_eq!(action(""), "");
    }

    #[test]
    fn malformed_event_is_rejected_with_field() {
        let mut no_task = task_event();
        no_task.task = None;
        let mut no_user = task_event();
        no_user.user_id.clear();
        let mut no_time = task_event();
        no_time.event_time = None;
        let mut no_id = task_event();
        no_id.task.as_mut().unwrap().id = "7".to_owned();
        for (event, field) in [
            (no_task, "task"),
            (no_user, "user_id"),
            (no_time, "event_time"),
            (no_id, "task.id"),
        ] {
            let refused =
                Recorded::entry(&received("taskmesh.task.v1.TaskUpdated", event)).unwrap_err();
            let words = refused.to_string();
            assert!(words.contains(&format!(" {field} ")), "{words}");
        }
    }
}
