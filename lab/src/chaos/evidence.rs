//! Evidence for the checker, from the answered calls, the tables, the topics and the mailbox.

use std::collections::{HashMap, HashSet};

use mail_parser::MessageParser;
use prost::Message as _;
use rdkafka::{Message, message::OwnedMessage};
use service_runtime::{BoxError, kafka::framing::message_in};
use taskmesh::mail_sink::Mailbox;
use taskmesh_proto::{
    notification::v1::{Channel, ReminderEvent, reminder_event},
    task::v1::{TaskEvent, task_event},
    topics::{TASK_EVENTS, TASK_RECURRENCE, TASK_REMINDERS, TASK_UPDATES, Topic},
};
use tokio_postgres::Client;

use super::{
    load::Answered,
    mesh::Mesh,
    topics::{self, header},
};
use crate::{
    checker::{Arrival, Change, Effect, Evidence},
    live_client::Shown,
};

/// Schemas with an inbox, and the topics that their consumers read.
const INBOXES: [(&str, &str); 5] = [
    ("audit", TASK_EVENTS.name),
    ("audit", TASK_REMINDERS.name),
    ("notification", TASK_EVENTS.name),
    ("recurrence", TASK_RECURRENCE.name),
    ("task", TASK_REMINDERS.name),
];

/// Queries of the committed changes: subject and version.
const CHANGES: [(&str, &str); 4] = [
    (TASK_EVENTS.name, TASK_VERSIONS),
    (TASK_UPDATES.name, TASK_VERSIONS),
    (
        TASK_RECURRENCE.name,
        "SELECT series_id::text, extract(epoch FROM recurrence_id)::bigint FROM task.tasks \
         WHERE state = 'completed' AND series_id IS NOT NULL AND recurrence_id IS NOT NULL",
    ),
    // The last versions of a reminder are the results of its deliveries; scheduling and cancelling is no event.
    (
        TASK_REMINDERS.name,
        "SELECT id::text, generate_series(version - results + 1, version) FROM notification.reminders JOIN ( \
             SELECT reminder_id AS id, count(*) AS results FROM notification.deliveries \
             WHERE state IN ('sent', 'failed', 'unknown') GROUP BY 1) settled USING (id)",
    ),
];
const TASK_VERSIONS: &str = "SELECT id::text, generate_series(1, version) FROM task.tasks";

/// Queries of the causes of the effects that must exist.
const DUE: [(&str, &str); 5] = [
    (
        "watched task",
        "SELECT format('%s version %s', id, version) FROM task.tasks",
    ),
    (
        "next occurrence",
        "SELECT id::text FROM task.tasks \
         WHERE state = 'completed' AND series_id IS NOT NULL AND recurrence_id IS NOT NULL",
    ),
    (
        "reminder",
        "SELECT id::text FROM task.tasks \
         WHERE state = 'open' AND delete_time IS NULL AND NOT muted AND EXISTS ( \
             SELECT FROM jsonb_array_elements(reminders) setting \
             WHERE (setting ->> 'at_time')::timestamptz > create_time)",
    ),
    (
        "in-app message",
        "SELECT id::text FROM notification.reminders WHERE state <> 'cancelled'",
    ),
    // A delivery whose answer was lost may have arrived, so that it is not repeated.
    (
        "e-mail",
        "SELECT trim(BOTH '<>' FROM message_id) FROM notification.deliveries \
         WHERE channel = 'email' AND state = 'sent'",
    ),
];

/// Queries of the causes of the effects that exist.
const EFFECTS: [(&str, &str); 5] = [
    (
        "row",
        "SELECT format('%s version %s', id, generate_series(1, version)) FROM task.tasks",
    ),
    (
        "next occurrence",
        "SELECT previous_task_id::text FROM task.tasks WHERE previous_task_id IS NOT NULL",
    ),
    (
        "watched task",
        "SELECT format('%s version %s', task_id, task_version) FROM notification.watched_tasks",
    ),
    (
        "reminder",
        "SELECT task_id::text FROM notification.reminders WHERE state <> 'cancelled'",
    ),
    // Records of neither a reminder nor a task are about auditors.
    (
        "audit record",
        "SELECT id::text FROM audit.records WHERE reminder_id IS NOT NULL OR task_id IS NOT NULL",
    ),
];

/// Number of unsent events and parked records.
const WAITING: &str = "SELECT (SELECT count(*) FROM notification.parked_records) \
        + (SELECT count(*) FROM recurrence.parked_records) \
        + (SELECT count(*) FROM task.parked_records) \
        + (SELECT count(*) FROM audit.parked_records) \
        + (SELECT count(*) FROM audit.outbox) \
        + (SELECT count(*) FROM notification.outbox) \
        + (SELECT count(*) FROM task.outbox)";

/// Visibly unfinished work: tasks unknown to the notification-service, missing occurrences, pending reminders.
const UNFINISHED: &str = "SELECT \
    (SELECT count(*) FROM task.tasks LEFT JOIN notification.watched_tasks ON task_id = id \
     WHERE task_version IS DISTINCT FROM version), \
    (SELECT count(*) FROM task.tasks completed \
     WHERE state = 'completed' AND series_id IS NOT NULL AND recurrence_id IS NOT NULL \
       AND NOT EXISTS (SELECT FROM task.tasks next WHERE next.previous_task_id = completed.id)), \
    (SELECT count(*) FROM notification.reminders WHERE state IN ('scheduled', 'firing'))";

/// Collects the current evidence, without the live clients.
///
/// Topics are read before the tables and these before the mailbox, so that each contains what the earlier ones follow from.
pub async fn collect(
    mesh: &Mesh,
    client: &Client,
    answered: &[Answered],
) -> Result<Evidence, BoxError> {
    let mut evidence = Evidence::default();
    add_answers(&mut evidence, answered);
    for topic in [TASK_EVENTS, TASK_RECURRENCE, TASK_REMINDERS, TASK_UPDATES] {
        let records = topics::read(&mesh.kafka, &topic).await?;
        add_records(&mut evidence, &topic, &records)?;
    }
    add_tables(&mut evidence, client).await?;
    add_mail(&mut evidence, &mesh.mailbox)?;
    Ok(evidence)
}

/// Returns the final tasks of each user.
pub async fn tasks_by_user(client: &Client) -> Result<HashMap<String, Vec<Shown>>, BoxError> {
    let query = "SELECT user_id, id::text, version, title, delete_time IS NOT NULL FROM task.tasks";
    let mut users: HashMap<String, Vec<Shown>> = HashMap::new();
    for row in client.query(query, &[]).await? {
        users.entry(row.get(0)).or_default().push(Shown {
            id: row.get(1),
            version: row.get(2),
            title: row.get(3),
            is_deleted: row.get(4),
        });
    }
    Ok(users)
}

/// Returns the number of unsent events and parked records.
pub async fn waiting(client: &Client) -> Result<i64, BoxError> {
    Ok(client.query_one(WAITING, &[]).await?.get(0))
}

/// Describes the visibly unfinished work, if there is any; only the topics reveal the rest.
pub async fn unfinished(client: &Client) -> Result<Option<String>, BoxError> {
    let waiting = waiting(client).await?;
    let row = client.query_one(UNFINISHED, &[]).await?;
    let [unwatched, unfollowed, pending]: [i64; 3] = [row.get(0), row.get(1), row.get(2)];
    Ok((waiting + unwatched + unfollowed + pending > 0).then(|| {
        format!(
            "{waiting} events or records wait, {unwatched} task versions have not reached the notification-service, \
             {unfollowed} next occurrences are missing, {pending} reminders are pending"
        )
    }))
}

fn inbox_entry(schema: &str, event: &str) -> Effect {
    Effect::new("inbox entry", format!("{event} in {schema}"))
}

/// Adds what follows from an answer: a row, an event, and exactly one change with its title.
fn add_answers(evidence: &mut Evidence, answered: &[Answered]) {
    for write in answered {
        let (id, version) = (&write.task_id, write.version);
        let changes =
            [TASK_EVENTS.name, TASK_UPDATES.name].map(|topic| Change::new(topic, id, version));
        evidence.changes.extend(changes);
        evidence
            .due
            .push(Effect::new("row", format!("{id} version {version}")));
        let call = write.title.as_ref().map(|title| Effect::new("call", title));
        evidence.due.extend(call);
    }
}

async fn add_tables(evidence: &mut Evidence, client: &Client) -> Result<(), BoxError> {
    // One snapshot for all tables; the transaction ends with the connection.
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    for (topic, query) in CHANGES {
        for row in client.query(query, &[]).await? {
            evidence
                .changes
                .push(Change::new(topic, row.get::<_, &str>(0), row.get(1)));
        }
    }
    for (queries, effects) in [(DUE, &mut evidence.due), (EFFECTS, &mut evidence.effects)] {
        for (kind, query) in queries {
            let rows = client.query(query, &[]).await?;
            effects.extend(
                rows.iter()
                    .map(|row| Effect::new(kind, row.get::<_, &str>(0))),
            );
        }
    }
    for (schema, topic) in INBOXES {
        let query = format!("SELECT event_id::text FROM {schema}.inbox WHERE topic = $1");
        let rows = client.query(&query, &[&topic]).await?;
        let entries = rows.iter().map(|row| inbox_entry(schema, row.get(0)));
        evidence.effects.extend(entries);
    }
    client.batch_execute("COMMIT").await?;
    Ok(())
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
        let reported = if topic.name == TASK_RECURRENCE.name {
            // The occurrences of a series are completed in order.
            occurrence(&TaskEvent::decode(value)?).ok_or("an occurrence without a series")?
        } else {
            let version = header(record, "ce_aggregateversion")?.parse()?;
            Change::new(topic.name, header(record, "ce_subject")?, version)
        };
        evidence.arrivals.push(Arrival {
            change: reported,
            event_id: event_id.parse()?,
        });
        if !seen.insert(event_id) {
            continue;
        }
        let readers = INBOXES.iter().filter(|(_, read)| *read == topic.name);
        let entries = readers.map(|(schema, _)| inbox_entry(schema, event_id));
        evidence.due.extend(entries);
        if topic.name == TASK_EVENTS.name {
            evidence.due.push(Effect::new("audit record", event_id));
            evidence
                .effects
                .extend(written_title(TaskEvent::decode(value)?));
        } else if topic.name == TASK_REMINDERS.name {
            evidence.due.push(Effect::new("audit record", event_id));
            add_reminder_event(evidence, &ReminderEvent::decode(value)?);
        }
    }
    Ok(())
}

fn add_mail(evidence: &mut Evidence, mailbox: &Mailbox) -> Result<(), BoxError> {
    for id in mailbox.ids()? {
        let mail = mailbox.read(id)?;
        let parsed = MessageParser::default().parse_headers(&mail);
        let message_id = parsed.as_ref().and_then(|mail| mail.message_id());
        let message_id = message_id.ok_or("an e-mail without a Message-ID")?;
        let message_id = message_id.trim_matches(['<', '>']);
        evidence.effects.push(Effect::new("e-mail", message_id));
    }
    Ok(())
}

/// Returns the change that a completed occurrence is: its series, and its scheduled time as the version.
fn occurrence(event: &TaskEvent) -> Option<Change> {
    let task = event.task.as_ref()?;
    let time: chrono::NaiveDateTime = task.recurrence_id.parse().ok()?;
    let version = time.and_utc().timestamp();
    Some(Change::new(TASK_RECURRENCE.name, &task.series_id, version))
}

/// Returns the title that a user's call has written; a next occurrence repeats the title of the one before.
fn written_title(event: TaskEvent) -> Option<Effect> {
    let is_by_user = event.actor.is_some_and(|actor| actor.service.is_empty());
    let has_written = match event.change? {
        task_event::Change::Created(_) => true,
        task_event::Change::Updated(_) => event.changed_fields.iter().any(|name| name == "title"),
        _ => false,
    };
    let task = event.task.filter(|_| is_by_user && has_written)?;
    Some(Effect::new("call", task.title))
}

/// Adds the update for live clients, and the in-app message, of a reminder that has fired.
fn add_reminder_event(evidence: &mut Evidence, event: &ReminderEvent) {
    use reminder_event::Change::{Failed, Sent};
    let Some(reminder) = &event.reminder else {
        return;
    };
    if let Some(Sent(_) | Failed(_)) = &event.change {
        let update = Change::new(TASK_UPDATES.name, &reminder.id, event.reminder_version);
        evidence.changes.push(update);
    }
    if let Some(Sent(sent)) = &event.change
        && sent.channel() == Channel::InApp
    {
        evidence
            .effects
            .push(Effect::new("in-app message", &reminder.id));
    }
}
