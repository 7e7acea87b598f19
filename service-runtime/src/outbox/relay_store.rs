//! The relay's statements. `tx` travels as text, because diesel has no type for `xid8`.

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, QueryableByName,
    sql_types::{
        Array, BigInt, Binary, Bool, Double, Interval, Nullable, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::postgres::{AsFixed, DatabaseError};

/// One row of the outbox.
#[derive(Debug, Clone, QueryableByName)]
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
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    low_tx: String,
}

#[derive(QueryableByName)]
struct Age {
    #[diesel(sql_type = Double)]
    seconds: f64,
}

#[derive(QueryableByName)]
struct Truth {
    #[diesel(sql_type = Bool)]
    it_is: bool,
}

/// Takes or renews the lease; returns how far the outbox is acknowledged, or nothing if another process holds the lease.
pub(super) async fn acquire_lease(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
    lease: chrono::TimeDelta,
) -> Result<Option<String>, DatabaseError> {
    let place = diesel::sql_query(
        "UPDATE outbox_relay SET owner = $1, lease_until = clock_timestamp() + $2 \
         WHERE owner = $1 OR lease_until < clock_timestamp() \
         RETURNING low_tx::text AS low_tx",
    )
    .bind::<SqlUuid, _>(owner)
    .bind::<Interval, _>(lease)
    .fixed()
    .get_result::<Place>(connection)
    .await
    .optional()?;
    Ok(place.map(|place| place.low_tx))
}

/// Gives the lease back, so that another process need not wait for its end.
pub(super) async fn release_lease(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "UPDATE outbox_relay SET owner = NULL, lease_until = '-infinity' WHERE owner = $1",
    )
    .bind::<SqlUuid, _>(owner)
    .fixed()
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads the next rows that are not acknowledged, in the order of their ids.
pub(super) async fn list_unacknowledged(
    connection: &mut AsyncPgConnection,
    low_tx: &str,
    acknowledged: &[i64],
    limit: i64,
) -> Result<Vec<OutboxRow>, DatabaseError> {
    Ok(diesel::sql_query(
        "SELECT id, topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, \
                trace_parent, payload \
         FROM outbox WHERE tx >= $1::xid8 AND id <> ALL($2) ORDER BY id LIMIT $3",
    )
    .bind::<Text, _>(low_tx)
    .bind::<Array<BigInt>, _>(acknowledged)
    .bind::<BigInt, _>(limit)
    .fixed()
    .load(connection)
    .await?)
}

/// Moves the mark up to the oldest transaction that may still bring a row, or has one that is not acknowledged.
///
/// Returns nothing if the lease is lost. One statement sees one snapshot, so no row can slip below the mark.
pub(super) async fn advance(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
    acknowledged: &[i64],
    lease: chrono::TimeDelta,
) -> Result<Option<String>, DatabaseError> {
    let place = diesel::sql_query(
        "UPDATE outbox_relay SET lease_until = clock_timestamp() + $3, low_tx = least( \
            pg_snapshot_xmin(pg_current_snapshot()), \
            coalesce((SELECT o.tx FROM outbox o WHERE o.tx >= outbox_relay.low_tx AND o.id <> ALL($2) \
                      ORDER BY o.tx LIMIT 1), pg_snapshot_xmin(pg_current_snapshot()))) \
         WHERE owner = $1 AND lease_until > clock_timestamp() \
         RETURNING low_tx::text AS low_tx",
    )
    .bind::<SqlUuid, _>(owner)
    .bind::<Array<BigInt>, _>(acknowledged)
    .bind::<Interval, _>(lease)
    .fixed()
    .get_result::<Place>(connection)
    .await
    .optional()?;
    Ok(place.map(|place| place.low_tx))
}

/// Returns which of the acknowledged rows lie at or above the mark, and so must still be left out by name.
pub(super) async fn list_above(
    connection: &mut AsyncPgConnection,
    low_tx: &str,
    acknowledged: &[i64],
) -> Result<Vec<i64>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let rows: Vec<Id> =
        diesel::sql_query("SELECT id FROM outbox WHERE tx >= $1::xid8 AND id = ANY($2)")
            .bind::<Text, _>(low_tx)
            .bind::<Array<BigInt>, _>(acknowledged)
            .fixed()
            .load(connection)
            .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Returns the age of the oldest row that is not acknowledged, in seconds; zero if there is none.
pub(super) async fn oldest_age(
    connection: &mut AsyncPgConnection,
    low_tx: &str,
    acknowledged: &[i64],
) -> Result<f64, DatabaseError> {
    let age: Age = diesel::sql_query(
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(create_time)), 0)::float8 AS seconds \
         FROM outbox WHERE tx >= $1::xid8 AND id <> ALL($2)",
    )
    .bind::<Text, _>(low_tx)
    .bind::<Array<BigInt>, _>(acknowledged)
    .fixed()
    .get_result(connection)
    .await?;
    Ok(age.seconds)
}

/// Deletes some of the rows that were acknowledged a while ago; returns whether there may be more.
pub(super) async fn delete_old(
    connection: &mut AsyncPgConnection,
    keep: chrono::TimeDelta,
    limit: i64,
) -> Result<bool, DatabaseError> {
    let truth: Truth = diesel::sql_query(
        "WITH gone AS (DELETE FROM outbox WHERE id IN ( \
            SELECT id FROM outbox WHERE tx < (SELECT low_tx FROM outbox_relay) \
              AND create_time < clock_timestamp() - $1 ORDER BY tx LIMIT $2) RETURNING id) \
         SELECT count(*) = $2 AS it_is FROM gone",
    )
    .bind::<Interval, _>(keep)
    .bind::<BigInt, _>(limit)
    .fixed()
    .get_result(connection)
    .await?;
    Ok(truth.it_is)
}
