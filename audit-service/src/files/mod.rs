//! Files of records. Both formats hold all that the hashes cover.

mod line;

use service_runtime::BoxError;

use crate::domain::record::{FieldChange, Record};
use line::Line;
pub use line::MalformedRecord;

/// Writes records as JSON objects, one a line.
pub fn ndjson(records: &[Record]) -> Result<Vec<u8>, BoxError> {
    let mut text = Vec::new();
    for record in records {
        let line = Line::new(record, record.entry.changes.as_slice());
        serde_json::to_writer(&mut text, &line)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Reads a record from its JSON object, as [`ndjson`] writes it.
pub fn from_json(line: &[u8]) -> Result<Record, MalformedRecord> {
    let line: Line<'_, Vec<FieldChange>> = serde_json::from_slice(line)?;
    line.into_record()
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
        writer.serialize(Line::new(record, changes))?;
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
