use std::cell::Cell;

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    sql_types::{self, Array, BigInt, Bytea, Nullable, SmallInt, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use prost::Message;
use taskmesh_proto::topics::Topic;
use uuid::Uuid;

use super::lane;
use crate::{
    postgres::{AsFixed, DatabaseError},
    telemetry::propagation,
};

/// Bounds the memory that a statement needs.
const MOST_ROWS_A_STATEMENT: usize = 2_000;

/// The columns travel as arrays, so that one prepared statement serves for any number of rows.
const STATEMENT: &str = "INSERT INTO outbox (
        lane, topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, trace_parent, payload)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

tokio::task_local! {
    static APPENDED: Cell<bool>;
}

/// One event, to be told to the world if the transaction commits.
#[derive(Debug)]
pub struct OutboxEvent<'a, M> {
    /// Where it goes.
    pub topic: &'static Topic,
    /// Chooses the partition; events of one key arrive in the order of their commits.
    pub key: String,
    /// Identifies the event, however often it is delivered.
    pub id: Uuid,
    /// The full name of what happened, such as `taskmesh.task.v1.TaskCompleted`.
    pub kind: &'static str,
    /// The id of the aggregate that it happened to.
    pub subject: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The aggregate's version after it.
    pub aggregate_version: i64,
    /// The event itself.
    pub message: &'a M,
}

/// An event as it is kept: its message is encoded, so that events of several kinds fit into one list.
#[derive(Debug)]
pub struct OutboxRow {
    lane: i16,
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
}

impl<M: Message> From<OutboxEvent<'_, M>> for OutboxRow {
    fn from(event: OutboxEvent<'_, M>) -> Self {
        Self {
            lane: lane::of(event.topic.name, &event.key),
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
        }
    }
}

/// Adds an event to the outbox of the schema that the transaction works in.
///
/// To be called after the aggregate's row has been written or locked in the same transaction: that makes the order of the
/// rows of one aggregate the order of its commits.
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
    for chunk in events.chunks(MOST_ROWS_A_STATEMENT) {
        diesel::sql_query(STATEMENT)
            .into_boxed::<Pg>()
            .bind::<Array<SmallInt>, _>(column(chunk, |row| row.lane))
            .bind::<Array<Text>, _>(column(chunk, |row| row.topic))
            .bind::<Array<Text>, _>(column(chunk, |row| row.record_key.as_str()))
            .bind::<Array<sql_types::Uuid>, _>(column(chunk, |row| row.event_id))
            .bind::<Array<Text>, _>(column(chunk, |row| row.event_type))
            .bind::<Array<Text>, _>(column(chunk, |row| row.subject.as_str()))
            .bind::<Array<Text>, _>(column(chunk, |row| row.data_schema))
            .bind::<Array<BigInt>, _>(column(chunk, |row| row.aggregate_version))
            .bind::<Array<Timestamptz>, _>(column(chunk, |row| row.event_time))
            .bind::<Array<Nullable<Text>>, _>(column(chunk, |row| row.trace_parent.as_deref()))
            .bind::<Array<Bytea>, _>(column(chunk, |row| row.payload.as_slice()))
            .fixed()
            .execute(&mut tx)
            .await?;
    }
    // Outside a transaction of `Database` nobody watches, and the relay's safety poll finds the rows.
    let _ = APPENDED.try_with(|appended| appended.set(!events.is_empty() || appended.get()));
    Ok(())
}

fn column<'a, T>(rows: &'a [OutboxRow], value: impl Fn(&'a OutboxRow) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// Runs a piece of a transaction and tells whether it appended to the outbox.
pub(crate) async fn watch_appends<T>(work: impl Future<Output = T>) -> (T, bool) {
    APPENDED
        .scope(Cell::new(false), async {
            let value = work.await;
            (value, APPENDED.with(Cell::get))
        })
        .await
}
