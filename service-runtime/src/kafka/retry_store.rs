//! Table of the retry queue.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use diesel::{
    OptionalExtension, QueryableByName,
    sql_types::{
        Array, BigInt, Binary, Double, Integer, Interval, Nullable, Text, Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rdkafka::{
    Message, Timestamp,
    message::{Header, Headers, OwnedHeaders, OwnedMessage},
};
use uuid::Uuid;

use crate::postgres::{AsFixed, DatabaseError};

/// A record to put into the retry queue.
pub(super) struct NewParked<'a> {
    pub message: &'a OwnedMessage,
    pub event_id: Uuid,
    /// Number of failed tries.
    pub tries: i32,
    /// Time until the next try.
    pub wait: Duration,
    /// Reason, without personal data.
    pub reason: &'a str,
}

/// A key with records in the retry queue.
#[derive(Debug, QueryableByName)]
pub(super) struct ParkedKey {
    #[diesel(sql_type = Binary)]
    pub record_key: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// Seconds until its first record is retried.
    #[diesel(sql_type = Double)]
    pub wait_seconds: f64,
}

/// A record in the retry queue.
#[derive(Debug, QueryableByName)]
pub(super) struct ParkedRecord {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Integer)]
    pub tries: i32,
    /// Tries that began and did not end, because the process crashed.
    #[diesel(sql_type = Integer)]
    pub crashes: i32,
    /// Seconds since the first try.
    #[diesel(sql_type = Double)]
    pub age_seconds: f64,
    #[diesel(sql_type = BigInt)]
    record_offset: i64,
    #[diesel(sql_type = Array<Text>)]
    header_names: Vec<String>,
    #[diesel(sql_type = Array<Nullable<Binary>>)]
    header_values: Vec<Option<Vec<u8>>>,
    #[diesel(sql_type = Binary)]
    payload: Vec<u8>,
    #[diesel(sql_type = Nullable<BigInt>)]
    record_time_ms: Option<i64>,
}

impl ParkedRecord {
    /// Returns the record as it was received.
    pub(super) fn message(&self, topic: String, partition: i32, key: &[u8]) -> OwnedMessage {
        let pairs = self.header_names.iter().zip(&self.header_values);
        let headers = pairs.fold(OwnedHeaders::new(), |headers, (key, value)| {
            let value = value.as_ref();
            headers.insert(Header { key, value })
        });
        let time = self.record_time_ms.map(Timestamp::CreateTime);
        OwnedMessage::new(
            Some(self.payload.clone()),
            Some(key.to_vec()),
            topic,
            time.unwrap_or(Timestamp::NotAvailable),
            partition,
            self.record_offset,
            Some(headers),
        )
    }
}

/// Parks a record; returns false if it was parked before.
pub(super) async fn insert(
    tx: &mut AsyncPgConnection,
    topic: &str,
    record: &NewParked<'_>,
) -> Result<bool, DatabaseError> {
    let message = record.message;
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for header in message.headers().into_iter().flat_map(Headers::iter) {
        names.push(header.key);
        values.push(header.value);
    }
    let inserted = diesel::sql_query(
        "INSERT INTO parked_records (topic, partition, record_offset, record_key, event_id, header_names, header_values, \
                                     payload, record_time_ms, tries, next_try_time, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + $11, $12) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(message.partition())
    .bind::<BigInt, _>(message.offset())
    .bind::<Binary, _>(message.key().unwrap_or_default())
    .bind::<SqlUuid, _>(record.event_id)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Nullable<Binary>>, _>(values)
    .bind::<Binary, _>(message.payload().unwrap_or_default())
    .bind::<Nullable<BigInt>, _>(message.timestamp().to_millis())
    .bind::<Integer, _>(record.tries)
    .bind::<Interval, _>(interval(record.wait))
    .bind::<Text, _>(record.reason)
    .fixed()
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

/// Returns the keys of a partition that have records in the retry queue.
pub(super) async fn list_keys(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
) -> Result<Vec<ParkedKey>, DatabaseError> {
    Ok(diesel::sql_query(
        "SELECT DISTINCT ON (record_key) record_key, count(*) OVER (PARTITION BY record_key) AS count, \
                extract(epoch FROM next_try_time - clock_timestamp())::float8 AS wait_seconds \
         FROM parked_records WHERE topic = $1 AND partition = $2 ORDER BY record_key, record_offset",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .load(connection)
    .await?)
}

/// Returns offset and event id of each parked record of a partition.
pub(super) async fn list_records(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
) -> Result<HashSet<(i64, Uuid)>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        record_offset: i64,
        #[diesel(sql_type = SqlUuid)]
        event_id: Uuid,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT record_offset, event_id FROM parked_records WHERE topic = $1 AND partition = $2",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .load(connection)
    .await?;
    let records = rows
        .into_iter()
        .map(|row| (row.record_offset, row.event_id));
    Ok(records.collect())
}

/// Returns the first parked record of a key.
pub(super) async fn find_first(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
    key: &[u8],
) -> Result<Option<ParkedRecord>, DatabaseError> {
    Ok(diesel::sql_query(
        "SELECT id, tries, crashes, extract(epoch FROM clock_timestamp() - first_try_time)::float8 AS age_seconds, record_offset, \
                header_names, header_values, payload, record_time_ms \
         FROM parked_records WHERE topic = $1 AND partition = $2 AND record_key = $3 ORDER BY record_offset LIMIT 1",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .bind::<Binary, _>(key)
    .fixed()
    .get_result(connection)
    .await
    .optional()?)
}

/// Stores a failed try and schedules the next one.
pub(super) async fn update(
    tx: &mut AsyncPgConnection,
    id: i64,
    tries: i32,
    wait: Duration,
    reason: &str,
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "UPDATE parked_records SET tries = $2, next_try_time = clock_timestamp() + $3, reason = $4, crashes = 0, \
                first_try_time = CASE tries WHEN 0 THEN clock_timestamp() ELSE first_try_time END WHERE id = $1",
    )
    .bind::<BigInt, _>(id)
    .bind::<Integer, _>(tries)
    .bind::<Interval, _>(interval(wait))
    .bind::<Text, _>(reason)
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores the number of crashes. Does not wait for the disk: the count must survive a crash of this process, not of the server.
pub(super) async fn set_crashes(
    tx: &mut AsyncPgConnection,
    id: i64,
    crashes: i32,
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "WITH setting AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) \
         UPDATE parked_records SET crashes = $2 FROM setting WHERE id = $1",
    )
    .bind::<BigInt, _>(id)
    .bind::<Integer, _>(crashes)
    .fixed()
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes a record from the retry queue.
pub(super) async fn delete(tx: &mut AsyncPgConnection, id: i64) -> Result<(), DatabaseError> {
    diesel::sql_query("DELETE FROM parked_records WHERE id = $1")
        .bind::<BigInt, _>(id)
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

fn interval(wait: Duration) -> TimeDelta {
    TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
}
