//! Marks of the partitions that are being consumed. A mark that a new owner finds shows that the process before it crashed.
//!
//! Promise: a record that crashes the process is a dead letter after its third crash (`tests/deaths.rs`). The first crash leaves the mark; the
//! records that may have caused it are then handled one by one from the retry queue, which counts crashes.

use std::collections::HashSet;

use diesel::{
    QueryableByName,
    sql_types::{Array, Bool, Integer, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::postgres::{AsFixed, DatabaseError};

/// Marks a partition as consumed by a worker; returns whether the mark of another worker was left.
pub(super) async fn claim(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
    worker: Uuid,
) -> Result<bool, DatabaseError> {
    #[derive(QueryableByName)]
    struct Claim {
        #[diesel(sql_type = Bool)]
        was_left: bool,
    }
    let claim: Claim = diesel::sql_query(
        "WITH claim AS (INSERT INTO partition_owners (topic, partition, worker) VALUES ($1, $2, $3) \
                        ON CONFLICT (topic, partition) DO UPDATE SET worker = excluded.worker) \
         SELECT EXISTS (SELECT FROM partition_owners WHERE topic = $1 AND partition = $2 AND worker <> $3) AS was_left",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .bind::<SqlUuid, _>(worker)
    .fixed()
    .get_result(connection)
    .await?;
    Ok(claim.was_left)
}

/// Returns those of these events that were handled or are in the retry queue.
pub(super) async fn find_known(
    connection: &mut AsyncPgConnection,
    topic: &str,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        event_id: Uuid,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT event_id FROM inbox WHERE topic = $1 AND event_id = ANY ($2) \
         UNION ALL SELECT event_id FROM parked_records WHERE topic = $1 AND event_id = ANY ($2)",
    )
    .bind::<Text, _>(topic)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.event_id).collect())
}

/// Removes a worker's mark.
pub(super) async fn release(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
    worker: Uuid,
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "DELETE FROM partition_owners WHERE topic = $1 AND partition = $2 AND worker = $3",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .bind::<SqlUuid, _>(worker)
    .fixed()
    .execute(connection)
    .await?;
    Ok(())
}
