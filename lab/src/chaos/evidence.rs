//! What the checker is shown: what the callers were told, what the tables hold, what the topics tell, what was mailed.

use std::collections::HashSet;

use crate::checker::{Arrival, Change, Effect, Evidence};
use mail_parser::MessageParser;
use prost::Message as _;
use rdkafka::{Message, message::OwnedMessage};
use service_runtime::{BoxError, kafka::framing::message_in};
use taskmesh_proto::{
    notification::v1::{Channel, ReminderEvent, reminder_event},
    task::v1::{TaskEvent, task_event},
    topics::{TASK_EVENTS, TASK_RECURRENCE, TASK_REMINDERS, TASK_UPDATES, Topic},
};
use tokio_postgres::Client;

use super::{
    load::Answered,
    mesh::Mesh,
    records::{self, header},
    tables::{INBOXES, Tables},
};
use taskmesh::mail_sink::Mailbox;

/// The channel whose effects lie in the mailbox, as the ledger names it.
const EMAIL: &str = "email";

/// Collects everything as it is now; returns it with the tables.
///
/// In the order in which one thing follows from the other, backwards: what a topic tells is in the tables, what the ledger calls sent is
/// in the mailbox.
pub async fn collect(
    mesh: &Mesh,
    client: &Client,
    answered: &[Answered],
) -> Result<(Evidence, Tables), BoxError> {
    let mut evidence = Evidence::default();
    add_answers(&mut evidence, answered);
    for topic in [TASK_EVENTS, TASK_RECURRENCE, TASK_REMINDERS, TASK_UPDATES] {
        let records = records::of(&mesh.kafka, &topic).await?;
        add_records(&mut evidence, &topic, &records)?;
    }
    let tables = Tables::read(client).await?;
    add_tables(&mut evidence, &tables);
    add_mail(&mut evidence, &mesh.mailbox)?;
    Ok((evidence, tables))
}

fn effect(kind: &'static str, cause: impl Into<String>) -> Effect {
    Effect {
        kind,
        cause: cause.into(),
    }
}

fn change(topic: &Topic, subject: &str, version: i64) -> Change {
    Change {
        topic: topic.name,
        subject: subject.to_owned(),
        version,
    }
}

/// What was answered is there: its row, its event, and what it has written once.
fn add_answers(evidence: &mut Evidence, answered: &[Answered]) {
    for write in answered {
        let Answered {
            task_id,
            version,
            title,
        } = write;
        for topic in [&TASK_EVENTS, &TASK_UPDATES] {
            evidence.changes.push(change(topic, task_id, *version));
        }
        evidence
            .due
            .push(effect("row", format!("{task_id} version {version}")));
        if let Some(title) = title {
            evidence.due.push(effect("call", title));
        }
    }
}

fn add_tables(evidence: &mut Evidence, tables: &Tables) {
    let Evidence {
        changes,
        due,
        effects,
        ..
    } = evidence;
    for task in &tables.tasks {
        for version in 1..=task.version {
            changes.push(change(&TASK_EVENTS, &task.id, version));
            changes.push(change(&TASK_UPDATES, &task.id, version));
            effects.push(effect("row", format!("{} version {version}", task.id)));
        }
        due.push(watched(&task.id, task.version));
        if let Some((series, time)) = &task.occurrence
            && task.is_completed
        {
            changes.push(change(&TASK_RECURRENCE, series, *time));
            due.push(effect("next occurrence", &task.id));
        }
        if let Some(previous) = &task.previous_task_id {
            effects.push(effect("next occurrence", previous));
        }
        if task.is_reminded {
            due.push(effect("reminder", &task.id));
        }
    }
    for (task, version) in &tables.watched {
        effects.push(watched(task, *version));
    }
    for reminder in &tables.reminders {
        for version in 1..=reminder.version {
            changes.push(change(&TASK_REMINDERS, &reminder.id, version));
        }
        if reminder.state != "cancelled" {
            effects.push(effect("reminder", &reminder.task_id));
            due.push(effect("in-app message", &reminder.id));
        }
    }
    for delivery in &tables.deliveries {
        // Of one whose answer was lost nobody can know, so that it is not sent again.
        if delivery.channel == EMAIL && delivery.state == "sent" {
            due.push(effect("e-mail", mail_id(&delivery.message_id)));
        }
    }
    for event in &tables.recorded {
        effects.push(recorded(event));
    }
    for (schema, event) in &tables.inbox {
        effects.push(handled(schema, event));
    }
}

fn add_records(
    evidence: &mut Evidence,
    topic: &Topic,
    records: &[OwnedMessage],
) -> Result<(), BoxError> {
    let mut seen = HashSet::new();
    for record in records {
        let event_id = header(record, "ce_id")?;
        let value = message_in(record.payload().unwrap_or_default());
        let told = match topic.name {
            // The occurrences of a series are completed one after the other.
            name if name == TASK_RECURRENCE.name => {
                occurrence(&TaskEvent::decode(value)?).ok_or("an occurrence without a series")?
            }
            _ => change(
                topic,
                header(record, "ce_subject")?,
                header(record, "ce_aggregateversion")?.parse()?,
            ),
        };
        evidence.arrivals.push(Arrival {
            change: told,
            event_id: event_id.parse()?,
        });
        if !seen.insert(event_id) {
            continue;
        }
        for (schema, read) in INBOXES {
            if read == topic.name {
                evidence.due.push(handled(schema, event_id));
            }
        }
        if [TASK_EVENTS.name, TASK_REMINDERS.name].contains(&topic.name) {
            evidence.due.push(recorded(event_id));
        }
        let brought_about = match topic.name {
            name if name == TASK_EVENTS.name => call(TaskEvent::decode(value)?),
            name if name == TASK_REMINDERS.name => {
                let event = ReminderEvent::decode(value)?;
                evidence.changes.extend(notification(&event));
                message(event)
            }
            _ => None,
        };
        evidence.effects.extend(brought_about);
    }
    Ok(())
}

fn add_mail(evidence: &mut Evidence, mailbox: &Mailbox) -> Result<(), BoxError> {
    for id in mailbox.ids()? {
        let mail = mailbox.read(id)?;
        let parsed = MessageParser::default().parse_headers(&mail);
        let message_id = parsed.as_ref().and_then(|mail| mail.message_id());
        let message_id = message_id.ok_or("an e-mail without a Message-ID")?;
        evidence.effects.push(effect("e-mail", mail_id(message_id)));
    }
    Ok(())
}

fn watched(task: &str, version: i64) -> Effect {
    effect("watched task", format!("{task} version {version}"))
}

fn handled(schema: &str, event: &str) -> Effect {
    effect("inbox entry", format!("{event} in {schema}"))
}

fn recorded(event: &str) -> Effect {
    effect("audit record", event)
}

fn mail_id(text: &str) -> &str {
    text.trim_start_matches('<').trim_end_matches('>')
}

/// What the event of a completed occurrence tells of: the series, and the scheduled time of the occurrence.
fn occurrence(event: &TaskEvent) -> Option<Change> {
    let task = event.task.as_ref()?;
    let time = task
        .recurrence_id
        .parse::<chrono::NaiveDateTime>()
        .ok()?
        .and_utc()
        .timestamp();
    Some(change(&TASK_RECURRENCE, &task.series_id, time))
}

/// A title that a call has written: made or changed by a user, for the next occurrence has the title of the one before.
fn call(event: TaskEvent) -> Option<Effect> {
    let is_by_user = event.actor.is_some_and(|actor| actor.service.is_empty());
    let has_written = match event.change? {
        task_event::Change::Created(_) => true,
        task_event::Change::Updated(_) => event.changed_fields.iter().any(|name| name == "title"),
        _ => false,
    };
    (is_by_user && has_written)
        .then(|| event.task.map(|task| effect("call", task.title)))
        .flatten()
}

/// A step of a reminder from the moment when it fires, which open clients are told of as well.
fn notification(event: &ReminderEvent) -> Option<Change> {
    use reminder_event::Change::{Failed, Sent};
    let reminder = event.reminder.as_ref()?;
    matches!(event.change, Some(Sent(_) | Failed(_)))
        .then(|| change(&TASK_UPDATES, &reminder.id, event.reminder_version))
}

fn message(event: ReminderEvent) -> Option<Effect> {
    match event.change? {
        reminder_event::Change::Sent(sent) if sent.channel() == Channel::InApp => {
            Some(effect("in-app message", event.reminder?.id))
        }
        _ => None,
    }
}
