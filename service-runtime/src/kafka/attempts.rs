//! Counts what is in hand, so that a record that kills the process is known by the third death.

use std::sync::LazyLock;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Integer, Text, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rdkafka::{Message, message::OwnedMessage};
use uuid::Uuid;

use crate::postgres::{AsFixed, DatabaseError};

/// What this process is known by.
static PROCESS: LazyLock<Uuid> = LazyLock::new(Uuid::new_v4);

/// Counts an attempt before it is made; returns how many processes have made one, with this one. Those that this process could not
/// cross out, because the database was away, count as one with its next.
///
/// Does not wait for the disk: what the server must survive is the death of this process, not its own.
pub(super) async fn begin(
    connection: &mut AsyncPgConnection,
    topic: &str,
    message: &OwnedMessage,
) -> Result<i32, DatabaseError> {
    #[derive(QueryableByName)]
    struct Attempts {
        #[diesel(sql_type = Integer)]
        attempts: i32,
    }
    let row: Attempts = diesel::sql_query(
        "INSERT INTO record_attempts AS earlier (topic, partition, record_offset, attempts, process) \
         SELECT $1, $2, $3, 1, $4 FROM set_config('synchronous_commit', 'off', true) \
         ON CONFLICT (topic, partition, record_offset) DO UPDATE \
         SET attempts = earlier.attempts + (earlier.process IS DISTINCT FROM excluded.process)::integer, process = excluded.process \
         RETURNING attempts",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(message.partition())
    .bind::<BigInt, _>(message.offset())
    .bind::<UuidType, _>(*PROCESS)
    .fixed()
    .get_result(connection)
    .await?;
    Ok(row.attempts)
}

/// Forgets the attempts once one of them has ended, however it did.
pub(super) async fn end(
    connection: &mut AsyncPgConnection,
    topic: &str,
    message: &OwnedMessage,
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "WITH in_haste AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) \
         DELETE FROM record_attempts USING in_haste WHERE topic = $1 AND partition = $2 AND record_offset = $3",
    )
    .bind::<Text, _>(topic)
    .bind::<Integer, _>(message.partition())
    .bind::<BigInt, _>(message.offset())
    .fixed()
    .execute(connection)
    .await?;
    Ok(())
}
