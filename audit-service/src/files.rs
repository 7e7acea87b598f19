//! Files of records. Both formats hold all that the hashes cover.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use service_runtime::BoxError;

use crate::domain::record::{FieldChange, Record};

/// A record as a line of a file, in the words of the contract.
#[derive(Serialize)]
struct Line<'a> {
    id: String,
    user_id: &'a str,
    sequence: i64,
    action: &'a str,
    event_time: String,
    record_time: String,
    task_id: String,
    reminder_id: String,
    version: i64,
    actor_user_id: &'a str,
    actor_service: &'a str,
    actor_token_id: &'a str,
    actor_client_id: &'a str,
    actor_ip_address: &'a str,
    actor_user_agent: &'a str,
    changes: Changes<'a>,
    operation_id: &'a str,
    trace_id: &'a str,
    event_type: &'a str,
    previous_hash: String,
    hash: String,
}

/// A list where the format has lists; else its JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Changes<'a> {
    List(&'a [FieldChange]),
    Text(String),
}

impl<'a> Line<'a> {
    fn new(record: &'a Record, changes: Changes<'a>) -> Self {
        let entry = &record.entry;
        let actor = &entry.actor;
        Self {
            id: entry.id.to_string(),
            user_id: entry.user_id.as_ref(),
            sequence: record.sequence,
            action: &entry.action,
            event_time: time(entry.event_time),
            record_time: time(record.record_time),
            task_id: entry.task_id.map(|id| id.to_string()).unwrap_or_default(),
            reminder_id: entry
                .reminder_id
                .map(|id| id.to_string())
                .unwrap_or_default(),
            version: entry.version,
            actor_user_id: &actor.user_id,
            actor_service: &actor.service,
            actor_token_id: &actor.token_id,
            actor_client_id: &actor.client_id,
            actor_ip_address: &actor.ip_address,
            actor_user_agent: &actor.user_agent,
            changes,
            operation_id: &entry.operation_id,
            trace_id: &entry.trace_id,
            event_type: &entry.event_type,
            previous_hash: record.previous_hash.to_string(),
            hash: record.hash.to_string(),
        }
    }
}

/// Writes records as JSON objects, one a line.
pub fn ndjson(records: &[Record]) -> Result<Vec<u8>, BoxError> {
    let mut text = Vec::new();
    for record in records {
        let line = Line::new(record, Changes::List(&record.entry.changes));
        serde_json::to_writer(&mut text, &line)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Writes records as comma-separated values (RFC 4180), the names of the columns first if they are asked for.
pub fn csv(records: &[Record], with_heading: bool) -> Result<Vec<u8>, BoxError> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    if with_heading {
        writer.write_record(COLUMNS)?;
    }
    for record in records {
        let changes = serde_json::to_string(&record.entry.changes)?;
        writer.serialize(Line::new(record, Changes::Text(changes)))?;
    }
    Ok(writer.into_inner()?)
}

const COLUMNS: [&str; 21] = [
    "id",
    "user_id",
    "sequence",
    "action",
    "event_time",
    "record_time",
    "task_id",
    "reminder_id",
    "version",
    "actor_user_id",
    "actor_service",
    "actor_token_id",
    "actor_client_id",
    "actor_ip_address",
    "actor_user_agent",
    "changes",
    "operation_id",
    "trace_id",
    "event_type",
    "previous_hash",
    "hash",
];

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
