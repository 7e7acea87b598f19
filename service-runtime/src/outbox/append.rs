use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    sql_types::{self, Array, BigInt, Bytea, Json, Nullable, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use prost::Message;
use serde_json::Value;
use taskmesh_proto::topics::Topic;
use uuid::Uuid;

use super::copy::TopicCopy;
use crate::{
    postgres::{AsFixed, DatabaseError, mark_appended},
    telemetry::propagation,
};

/// Largest number of rows in one statement, which bounds its memory.
const MAX_STATEMENT_ROWS: usize = 2_000;

/// The columns are passed as arrays, so that one prepared statement inserts any number of rows.
const STATEMENT: &str = "INSERT INTO outbox (
        topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, trace_parent, payload, copies)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// One event, published if the transaction commits.
#[derive(Debug)]
pub struct OutboxEvent<'a, M> {
    /// Topic of the event.
    pub topic: &'static Topic,
    /// Record key, which chooses the partition; events of one key arrive in the order of their commits.
    pub key: String,
    /// Event id, the same in every delivery.
    pub id: Uuid,
    /// Full name of the event type, such as `taskmesh.task.v1.TaskCompleted`.
    pub kind: &'static str,
    /// Id of the aggregate.
    pub subject: String,
    /// Time of the change.
    pub time: DateTime<Utc>,
    /// Version of the aggregate after the change.
    pub aggregate_version: i64,
    /// Protobuf message of the event.
    pub message: &'a M,
}

/// An event with its message encoded, so that events of several types fit into one list.
#[derive(Debug)]
pub struct OutboxRow {
    topic: &'static str,
    record_key: String,
    event_id: Uuid,
    event_type: &'static str,
    subject: String,
    data_schema: &'static str,
    aggregate_version: i64,
    event_time: DateTime<Utc>,
    trace_parent: Option<String>,
    payload: Vec<u8>,
    copies: Vec<TopicCopy>,
}

impl OutboxRow {
    /// Publishes the event on a further topic too, with the same id and headers. The encoding of the topic's message must be the
    /// beginning of the event's, so that the payload is stored once.
    pub fn copied_to<M: Message>(mut self, topic: &Topic, key: String, message: &M) -> Self {
        debug_assert!(self.payload.starts_with(&message.encode_to_vec()));
        self.copies.push(TopicCopy {
            topic: topic.name.to_owned(),
            record_key: key,
            data_schema: topic.message.to_owned(),
            payload_length: message.encoded_len(),
        });
        self
    }

    /// Returns the subject, if it is not the record key.
    fn subject(&self) -> Option<&str> {
        (self.subject != self.record_key).then_some(&self.subject)
    }

    fn copies(&self) -> Option<Value> {
        let copies = (!self.copies.is_empty()).then_some(&self.copies)?;
        Some(serde_json::to_value(copies).expect("texts and lengths fit into JSON"))
    }
}

impl<M: Message> From<OutboxEvent<'_, M>> for OutboxRow {
    fn from(event: OutboxEvent<'_, M>) -> Self {
        Self {
            topic: event.topic.name,
            record_key: event.key,
            event_id: event.id,
            event_type: event.kind,
            subject: event.subject,
            data_schema: event.topic.message,
            aggregate_version: event.aggregate_version,
            event_time: event.time,
            trace_parent: propagation::current_traceparent(),
            payload: event.message.encode_to_vec(),
            copies: Vec::new(),
        }
    }
}

/// Adds an event to the outbox of the schema that the transaction works in.
///
/// Must be called after the aggregate's row has been written or locked in the same transaction: then the ids of the events of one aggregate are in
/// the order of its commits.
pub async fn append<M: Message>(
    tx: &mut AsyncPgConnection,
    event: OutboxEvent<'_, M>,
) -> Result<(), DatabaseError> {
    append_all(tx, &[event.into()]).await
}

/// Adds events in their order, as [`append`] does.
pub async fn append_all(
    mut tx: &AsyncPgConnection,
    events: &[OutboxRow],
) -> Result<(), DatabaseError> {
    for chunk in events.chunks(MAX_STATEMENT_ROWS) {
        diesel::sql_query(STATEMENT)
            .into_boxed::<Pg>()
            .bind::<Array<Text>, _>(column(chunk, |row| row.topic))
            .bind::<Array<Text>, _>(column(chunk, |row| row.record_key.as_str()))
            .bind::<Array<sql_types::Uuid>, _>(column(chunk, |row| row.event_id))
            .bind::<Array<Text>, _>(column(chunk, |row| row.event_type))
            .bind::<Array<Nullable<Text>>, _>(column(chunk, OutboxRow::subject))
            .bind::<Array<Text>, _>(column(chunk, |row| row.data_schema))
            .bind::<Array<BigInt>, _>(column(chunk, |row| row.aggregate_version))
            .bind::<Array<Timestamptz>, _>(column(chunk, |row| row.event_time))
            .bind::<Array<Nullable<Text>>, _>(column(chunk, |row| row.trace_parent.as_deref()))
            .bind::<Array<Bytea>, _>(column(chunk, |row| row.payload.as_slice()))
            .bind::<Array<Nullable<Json>>, _>(column(chunk, OutboxRow::copies))
            .fixed()
            .execute(&mut tx)
            .await?;
    }
    if !events.is_empty() {
        mark_appended();
    }
    Ok(())
}

fn column<'a, T>(rows: &'a [OutboxRow], value: impl Fn(&'a OutboxRow) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
