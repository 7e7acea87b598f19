//! What is in the tables in the end.

use std::collections::{HashMap, HashSet};

use service_runtime::BoxError;
use tokio_postgres::Client;

/// The services that keep an inbox, as their schemas are named, each with the topic that it reads.
pub const INBOXES: [(&str, &str); 5] = [
    ("audit", "task-events"),
    ("audit", "task-reminders"),
    ("notification", "task-events"),
    ("recurrence", "task-recurrence"),
    ("task", "task-reminders"),
];

/// A task.
#[derive(Debug)]
pub struct TaskRow {
    pub id: String,
    pub user_id: String,
    pub version: i64,
    pub title: String,
    pub is_deleted: bool,
    pub is_completed: bool,
    /// The series, and the scheduled time of this occurrence in seconds.
    pub occurrence: Option<(String, i64)>,
    pub previous_task_id: Option<String>,
    /// Whether it asks for a reminder that nothing has called off.
    pub is_reminded: bool,
}

/// A reminder.
#[derive(Debug)]
pub struct ReminderRow {
    pub id: String,
    pub task_id: String,
    pub version: i64,
    pub state: String,
}

/// An entry of the ledger of deliveries.
#[derive(Debug)]
pub struct DeliveryRow {
    pub channel: String,
    pub state: String,
    pub message_id: String,
}

/// All that counts.
#[derive(Debug)]
pub struct Tables {
    pub tasks: Vec<TaskRow>,
    /// The version of each task that the notification-service has applied last.
    pub watched: HashMap<String, i64>,
    pub reminders: Vec<ReminderRow>,
    pub deliveries: Vec<DeliveryRow>,
    /// The events of which there is a record of who did what.
    pub recorded: Vec<String>,
    /// Schema and event id.
    pub inbox: Vec<(&'static str, String)>,
    /// Events that were not sent, and records that wait for another try.
    pub waiting: i64,
}

impl Tables {
    /// Reads them.
    pub async fn read(client: &Client) -> Result<Self, BoxError> {
        Ok(Self {
            tasks: tasks(client).await?,
            watched: watched(client).await?,
            reminders: reminders(client).await?,
            deliveries: deliveries(client).await?,
            recorded: recorded(client).await?,
            inbox: inbox(client).await?,
            waiting: waiting(client).await?,
        })
    }

    /// Tells what is visibly still to come, if anything is; what else is missing, only the topics can tell.
    pub fn unfinished(&self) -> Option<String> {
        let followed: HashSet<&str> = self
            .tasks
            .iter()
            .filter_map(|task| task.previous_task_id.as_deref())
            .collect();
        let is_followed = |task: &TaskRow| {
            !task.is_completed || task.occurrence.is_none() || followed.contains(task.id.as_str())
        };
        let is_watched = |task: &TaskRow| self.watched.get(&task.id) == Some(&task.version);
        let unwatched = self.tasks.iter().filter(|task| !is_watched(task)).count();
        let unfollowed = self.tasks.iter().filter(|task| !is_followed(task)).count();
        let is_pending = |state: &str| ["scheduled", "firing"].contains(&state);
        let reminders = self.reminders.iter();
        let pending = reminders
            .filter(|reminder| is_pending(&reminder.state))
            .count();
        (self.waiting > 0 || unwatched + unfollowed + pending > 0).then(|| {
            format!(
                "{} events or records wait, {unwatched} tasks have changes that the notification-service does not know, {unfollowed} \
                 occurrences have none after them, {pending} reminders are to be sent",
                self.waiting
            )
        })
    }
}

async fn tasks(client: &Client) -> Result<Vec<TaskRow>, BoxError> {
    let rows = client
        .query(
            "SELECT id::text, version, state = 'completed', series_id::text, \
                    extract(epoch FROM recurrence_id)::bigint, previous_task_id::text, \
                    state = 'open' AND delete_time IS NULL AND NOT muted AND EXISTS ( \
                        SELECT FROM jsonb_array_elements(reminders) setting \
                        WHERE (setting ->> 'at_time')::timestamptz > create_time), \
                    user_id, title, delete_time IS NOT NULL \
             FROM task.tasks",
            &[],
        )
        .await?;
    let task = |row: &tokio_postgres::Row| TaskRow {
        id: row.get(0),
        version: row.get(1),
        is_completed: row.get(2),
        occurrence: Option::zip(row.get(3), row.get(4)),
        previous_task_id: row.get(5),
        is_reminded: row.get(6),
        user_id: row.get(7),
        title: row.get(8),
        is_deleted: row.get(9),
    };
    Ok(rows.iter().map(task).collect())
}

async fn watched(client: &Client) -> Result<HashMap<String, i64>, BoxError> {
    let query = "SELECT task_id::text, task_version FROM notification.watched_tasks";
    let rows = client.query(query, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn reminders(client: &Client) -> Result<Vec<ReminderRow>, BoxError> {
    let query = "SELECT id::text, task_id::text, version, state FROM notification.reminders";
    let rows = client.query(query, &[]).await?;
    let reminder = |row: &tokio_postgres::Row| ReminderRow {
        id: row.get(0),
        task_id: row.get(1),
        version: row.get(2),
        state: row.get(3),
    };
    Ok(rows.iter().map(reminder).collect())
}

async fn deliveries(client: &Client) -> Result<Vec<DeliveryRow>, BoxError> {
    let query = "SELECT channel, state, message_id FROM notification.deliveries";
    let rows = client.query(query, &[]).await?;
    let delivery = |row: &tokio_postgres::Row| DeliveryRow {
        channel: row.get(0),
        state: row.get(1),
        message_id: row.get(2),
    };
    Ok(rows.iter().map(delivery).collect())
}

async fn recorded(client: &Client) -> Result<Vec<String>, BoxError> {
    // Others tell of auditors.
    let query =
        "SELECT id::text FROM audit.records WHERE reminder_id IS NOT NULL OR task_id IS NOT NULL";
    let rows = client.query(query, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn inbox(client: &Client) -> Result<Vec<(&'static str, String)>, BoxError> {
    let mut entries = Vec::new();
    for (schema, topic) in INBOXES {
        let query = format!("SELECT event_id::text FROM {schema}.inbox WHERE topic = $1");
        let rows = client.query(&query, &[&topic]).await?;
        entries.extend(rows.iter().map(|row| (schema, row.get(0))));
    }
    Ok(entries)
}

async fn waiting(client: &Client) -> Result<i64, BoxError> {
    let row = client
        .query_one(
            "SELECT (SELECT count(*) FROM notification.parked_records) \
                  + (SELECT count(*) FROM recurrence.parked_records) \
                  + (SELECT count(*) FROM task.parked_records) \
                  + (SELECT count(*) FROM audit.parked_records) \
                  + (SELECT count(*) FROM audit.outbox) \
                  + (SELECT count(*) FROM notification.outbox) \
                  + (SELECT count(*) FROM task.outbox)",
            &[],
        )
        .await?;
    Ok(row.get(0))
}
