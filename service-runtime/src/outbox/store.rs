//! SQL statements of the relay.

use std::{iter, time::Duration};

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{
        Array, BigInt, Binary, Bool, Double, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use super::copy::{Copies, TopicCopy};
use crate::postgres::{AsFixed, DatabaseError};

/// Payload of a page at which it ends, which bounds the memory of a relay with a backlog.
const PAGE_BYTES: u32 = 8 << 20;

/// Deletes the acknowledged events and reads the next ones, in one transaction. Both see the same snapshot, so the read leaves out what
/// is deleted; `id > $3` spares most rows the search in the list.
const DELETE_AND_READ: &str = "
    WITH acknowledged AS (DELETE FROM outbox WHERE id = ANY ($1))
    SELECT id, topic, record_key, event_id, event_type, coalesce(subject, record_key) AS subject, data_schema, aggregate_version, event_time, trace_parent, payload, copies,
           extract(epoch FROM clock_timestamp() - create_time)::float8 AS age_seconds,
           (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS horizon,
           (SELECT CASE WHEN cardinality($1) > 0 THEN pg_current_xact_id()::text::bigint END) AS xid
    FROM (SELECT *, sum(octet_length(payload)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - octet_length(payload) AS bytes_before
          FROM outbox WHERE id > $2 AND (id > $3 OR id <> ALL ($1)) ORDER BY id LIMIT $4) page
    WHERE bytes_before < $5 ORDER BY id";

/// One row of the outbox.
#[derive(Debug, Clone, Default, QueryableByName)]
pub(super) struct OutboxRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub topic: String,
    #[diesel(sql_type = Text)]
    pub record_key: String,
    #[diesel(sql_type = SqlUuid)]
    pub event_id: Uuid,
    #[diesel(sql_type = Text)]
    pub event_type: String,
    #[diesel(sql_type = Text)]
    pub subject: String,
    #[diesel(sql_type = Text)]
    pub data_schema: String,
    #[diesel(sql_type = BigInt)]
    pub aggregate_version: i64,
    #[diesel(sql_type = Timestamptz)]
    pub event_time: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub trace_parent: Option<String>,
    #[diesel(sql_type = Binary)]
    pub payload: Vec<u8>,
    #[diesel(sql_type = Nullable<Json>)]
    pub copies: Option<Copies>,
    /// Seconds since the row was written.
    #[diesel(sql_type = Double)]
    pub age_seconds: f64,
    /// Oldest transaction that was in progress when the row was read.
    #[diesel(sql_type = BigInt)]
    pub horizon: i64,
    /// Transaction of the reading statement, if it deleted events.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub xid: Option<i64>,
}

impl OutboxRow {
    /// Returns the further topics of the event.
    pub(super) fn copies(&self) -> &[TopicCopy] {
        self.copies.as_ref().map_or(&[], |copies| &copies.0)
    }

    /// Returns topic and key of each record of the event, the one that has the whole payload first.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        let copies = self.copies().iter();
        let copies = copies.map(|copy| (copy.topic.as_str(), copy.record_key.as_str()));
        iter::once((self.topic.as_str(), self.record_key.as_str())).chain(copies)
    }
}

/// The first events of the outbox that were not acknowledged, in the order of their ids.
#[derive(Debug)]
pub(super) struct Page {
    pub rows: Vec<OutboxRow>,
    /// Whether there may be more.
    pub is_full: bool,
}

/// Configures the session of a relay. The server ends it if the relay is frozen, even while it has a result to send. If a crash of the server undoes a delete, the events are sent again, so deletes do not wait for the disk.
pub(super) async fn prepare(
    connection: &mut AsyncPgConnection,
    session_timeout: Duration,
) -> Result<(), DatabaseError> {
    let timeout = session_timeout.as_millis();
    let settings = format!(
        "SET synchronous_commit = off; SET enable_bitmapscan = off; \
         SET idle_session_timeout = {timeout}; SET tcp_user_timeout = {timeout}"
    );
    Ok(connection.batch_execute(&settings).await?)
}

/// Tries to take the lock of the schema's outbox for this session, and if so listens for other relays.
pub(super) async fn try_lock(
    connection: &mut AsyncPgConnection,
    schema: &str,
) -> Result<bool, DatabaseError> {
    #[derive(QueryableByName)]
    struct Lock {
        #[diesel(sql_type = Bool)]
        is_held: bool,
    }
    let lock: Lock = diesel::sql_query(
        "SELECT pg_try_advisory_lock(hashtextextended('taskmesh outbox of ' || $1, 0)) AS is_held",
    )
    .bind::<Text, _>(schema)
    .fixed()
    .get_result(connection)
    .await?;
    if lock.is_held {
        let listen = format!("LISTEN taskmesh_outbox_{schema}");
        connection.batch_execute(&listen).await?;
    }
    Ok(lock.is_held)
}

/// Reports to the active relay that events were committed.
pub(super) async fn notify_active(
    connection: &mut AsyncPgConnection,
    schema: &str,
) -> Result<(), DatabaseError> {
    let notify = format!("NOTIFY taskmesh_outbox_{schema}");
    Ok(connection.batch_execute(&notify).await?)
}

/// Runs an empty statement.
pub(super) async fn keep_alive(connection: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    Ok(connection.batch_execute("SELECT").await?)
}

/// Deletes acknowledged events and reads the next ones with ids above `floor`.
pub(super) async fn delete_and_read(
    connection: &mut AsyncPgConnection,
    acknowledged: &[i64],
    floor: i64,
    limit: usize,
) -> Result<Page, DatabaseError> {
    let last = acknowledged.iter().copied().max().unwrap_or(floor);
    let rows: Vec<OutboxRow> = diesel::sql_query(DELETE_AND_READ)
        .bind::<Array<BigInt>, _>(acknowledged)
        .bind::<BigInt, _>(floor)
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind::<BigInt, _>(i64::from(PAGE_BYTES))
        .fixed()
        .load(connection)
        .await?;
    let bytes: usize = rows.iter().map(|row| row.payload.len()).sum();
    let is_full = rows.len() >= limit || bytes >= PAGE_BYTES as usize;
    Ok(Page { rows, is_full })
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::{postgres::Schema, testing::TestDatabase};

    const SCHEMA: Schema = Schema {
        name: "plans",
        migrations: None,
    };
    const ROWS: &str = "
        INSERT INTO outbox (topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, payload)
        SELECT 'topic', 'key', gen_random_uuid(), 'type', 'subject', 'schema', 1, now(), '' FROM generate_series(1, 100000);
        ANALYZE;";

    #[tokio::test]
    async fn relay_reads_and_deletes_by_index() {
        let database = TestDatabase::create(SCHEMA).await;
        let mut seeding = database.connect(SCHEMA.name).await;
        seeding.batch_execute(ROWS).await.unwrap();
        let (mut tx, plans) = database.connect_with_plans(SCHEMA).await;

        let page = delete_and_read(&mut tx, &[], 5, 100).await.unwrap();
        let ids: Vec<i64> = page.rows.iter().map(|row| row.id).collect();
        assert_eq!(ids, (6..=105).collect::<Vec<i64>>());
        assert!(page.is_full);
        let page = delete_and_read(&mut tx, &[6, 8], 5, 2).await.unwrap();
        let ids: Vec<i64> = page.rows.iter().map(|row| row.id).collect();
        assert_eq!(ids, [7, 9]);
        assert!(plans.take_indexes().contains("outbox_pkey"));
    }
    #[tokio::test]
    async fn page_ends_at_limit_of_bytes_but_is_never_empty() {
        const LARGE: &str = "
            INSERT INTO outbox (topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, payload)
            SELECT 'topic', 'key', gen_random_uuid(), 'type', 'subject', 'schema', 1, now(), decode(repeat('00', bytes), 'hex')
            FROM unnest(ARRAY[9, 3, 6, 1]) mebibytes, LATERAL (SELECT mebibytes << 20 AS bytes) size;";
        let database = TestDatabase::create(SCHEMA).await;
        let mut connection = database.connect(SCHEMA.name).await;
        connection.batch_execute(LARGE).await.unwrap();

        for (floor, expected, is_full) in [
            (0, vec![1], true),
            (1, vec![2, 3], true),
            (3, vec![4], false),
        ] {
            let page = delete_and_read(&mut connection, &[], floor, 100)
                .await
                .unwrap();
            let ids: Vec<i64> = page.rows.iter().map(|row| row.id).collect();
            assert_eq!((ids, page.is_full), (expected, is_full));
        }
    }
}
