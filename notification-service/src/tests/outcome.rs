//! Comparable state after events of tasks.

use std::collections::HashMap;

use diesel::{
    dsl::sql,
    sql_types::{BigInt, Binary, Text},
};
use diesel_async::RunQueryDsl;
use prost::Message as _;
use service_runtime::postgres::DatabaseError;
use taskmesh_proto::notification::v1::ReminderEvent;

use super::Bench;

/// State after a test, without ids and times that differ by run.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub rows: Vec<String>,
    /// Events of each task, in order.
    pub told: HashMap<String, Vec<Told>>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    pub kind: String,
    pub version: i64,
    /// Index of the reminder among the task's, in the order of their first events.
    pub reminder: usize,
    pub title: String,
    pub fire_time: Option<prost_types::Timestamp>,
    pub trace_id: Option<String>,
}

impl Outcome {
    /// Returns the kinds of the events of the only task, such as `ReminderSent`.
    pub fn kinds(&self) -> Vec<&str> {
        let [told] = self.told.values().collect::<Vec<_>>()[..] else {
            panic!("one task has events: {:?}", self.told);
        };
        let kinds = told.iter().map(|told| told.kind.rsplit('.').next());
        kinds.flatten().collect()
    }

    pub async fn of(bench: &Bench) -> Self {
        Self {
            rows: rows(bench).await,
            told: told(bench).await,
        }
    }
}

async fn rows(bench: &Bench) -> Vec<String> {
    let lines: Result<Vec<String>, DatabaseError> = bench
        .app()
        .database
        .transaction("rows", async |tx| {
            let query = "
                SELECT (watched_tasks.*)::text AS line FROM watched_tasks
                UNION ALL
                SELECT (user_id, default_reminder_minutes, version)::text FROM preferences
                UNION ALL
                SELECT (user_id, task_id, setting, fire_time, state, version, title, due_time, due_date, time_zone,
                        (SELECT string_agg(channel || delivery.state, ' ') FROM deliveries AS delivery
                         WHERE delivery.user_id = reminders.user_id AND reminder_id = id))::text
                FROM reminders
                ORDER BY line";
            Ok(sql::<Text>(query).load(tx).await?)
        })
        .await;
    lines.unwrap()
}

async fn told(bench: &Bench) -> HashMap<String, Vec<Told>> {
    type Row = (String, String, String, i64, String, Vec<u8>);
    type Types = (Text, Text, Text, BigInt, Text, Binary);
    let rows: Result<Vec<Row>, DatabaseError> = bench
        .app()
        .database
        .transaction("told", async |tx| {
            let query = "
                SELECT record_key, event_type, coalesce(subject, record_key) AS subject, aggregate_version, coalesce(trace_parent, '') AS trace_parent, payload
                FROM outbox WHERE topic = 'task-reminders' ORDER BY id";
            Ok(sql::<Types>(query).load(tx).await?)
        })
        .await;
    let mut told: HashMap<String, Vec<Told>> = HashMap::new();
    let mut reminders: HashMap<String, Vec<String>> = HashMap::new();
    for (key, kind, subject, version, trace_parent, payload) in rows.unwrap() {
        let known = reminders.entry(key.clone()).or_default();
        let place = known.iter().position(|reminder| *reminder == subject);
        if place.is_none() {
            known.push(subject);
        }
        let event = ReminderEvent::decode(payload.as_slice()).unwrap();
        let reminder = event.reminder.unwrap();
        told.entry(key).or_default().push(Told {
            kind,
            version,
            reminder: place.unwrap_or(known.len() - 1),
            title: reminder.task_title,
            fire_time: reminder.fire_time,
            trace_id: trace_parent.split('-').nth(1).map(ToOwned::to_owned),
        });
    }
    told
}
