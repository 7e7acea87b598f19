//! Counts what is in hand, so that a record that kills the process is known by the third death.

use std::{collections::HashSet, sync::LazyLock};

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Integer, Text, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::postgres::{AsFixed, DatabaseError};

/// What this process is known by.
static PROCESS: LazyLock<Uuid> = LazyLock::new(Uuid::new_v4);

/// Counts an attempt at some records of a partition before it is made; returns how many processes have tried the one that most have
/// tried, with this one. Those that this process could not cross out, because the database was away, count as one with its next.
///
/// Does not wait for the disk: what the server must survive is the death of this process, not its own.
pub(super) async fn begin(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
    offsets: &[i64],
) -> Result<i32, DatabaseError> {
    #[derive(QueryableByName)]
    struct Attempts {
        #[diesel(sql_type = Integer)]
        attempts: i32,
    }
    let rows: Vec<Attempts> = diesel::sql_query(
        "INSERT INTO record_attempts AS earlier (topic, partition, record_offset, attempts, process) \
         SELECT $1, $2, record_offset, 1, $4 \
         FROM unnest($3) AS record_offset CROSS JOIN set_config('synchronous_commit', 'off', true) \
         ON CONFLICT (topic, partition, record_offset) DO UPDATE \
         SET attempts = earlier.attempts + (earlier.process IS DISTINCT FROM excluded.process)::integer, process = excluded.process \
         RETURNING attempts",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .bind::<Array<BigInt>, _>(offsets)
    .bind::<UuidType, _>(*PROCESS)
    .fixed()
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| row.attempts)
        .max()
        .unwrap_or_default())
}

/// Forgets the attempts at some records once one of them has ended, however it did.
pub(super) async fn end(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
    offsets: &[i64],
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "WITH in_haste AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) \
         DELETE FROM record_attempts USING in_haste WHERE topic = $1 AND partition = $2 AND record_offset = ANY ($3)",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .bind::<Array<BigInt>, _>(offsets)
    .fixed()
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes back that this process has made an attempt at some records: it was cut off, and that is no death.
pub(super) async fn take_back(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
    offsets: &[i64],
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "UPDATE record_attempts SET attempts = attempts - 1, process = NULL \
         WHERE topic = $1 AND partition = $2 AND record_offset = ANY ($3) AND process = $4",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .bind::<Array<BigInt>, _>(offsets)
    .bind::<UuidType, _>(*PROCESS)
    .fixed()
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns those of these records that a process had in hand when it ended.
pub(super) async fn find(
    connection: &mut AsyncPgConnection,
    topic: &str,
    partition: i32,
    offsets: &[i64],
) -> Result<HashSet<i64>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Suspect {
        #[diesel(sql_type = BigInt)]
        record_offset: i64,
    }
    let rows: Vec<Suspect> = diesel::sql_query(
        "SELECT record_offset FROM record_attempts \
         WHERE topic = $1 AND partition = $2 AND record_offset = ANY ($3)",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(partition)
    .bind::<Array<BigInt>, _>(offsets)
    .fixed()
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.record_offset).collect())
}
