use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{
        Array, BigInt, Binary, Bool, Double, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    outbox::position::UnderWay,
    postgres::{AsFixed, DatabaseError},
};

/// One row of the outbox.
#[derive(Debug, Clone, QueryableByName)]
pub(in crate::outbox) struct OutboxRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = SmallInt)]
    pub lane: i16,
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
    /// How long ago it was written.
    #[diesel(sql_type = Double)]
    pub age_seconds: f64,
    /// Whether there are so many that these may not be the first.
    #[diesel(sql_type = Bool)]
    is_beyond_sorting: bool,
}

/// What was found of a set of events.
pub(in crate::outbox) enum Read {
    /// Its first events in the order of their ids, up to the limit.
    Rows(Vec<OutboxRow>),
    /// It is too large to be sorted.
    TooMany,
}

/// Returns what a statement sees that begins now.
pub(in crate::outbox) async fn current_snapshot(
    connection: &mut AsyncPgConnection,
) -> Result<String, DatabaseError> {
    #[derive(QueryableByName)]
    struct Snapshot {
        #[diesel(sql_type = Text)]
        snapshot: String,
    }
    let row: Snapshot = diesel::sql_query("SELECT pg_current_snapshot()::text AS snapshot")
        .fixed()
        .get_result(connection)
        .await?;
    Ok(row.snapshot)
}

/// Reads events that one snapshot sees and an earlier one does not. Costs as much as there are such events, however many older ones
/// are kept and however long an older transaction stays open.
pub(in crate::outbox) async fn list_new(
    connection: &mut AsyncPgConnection,
    lanes: &[i16],
    seen: &str,
    upto: &str,
    limit: i64,
    most_sorted: i64,
) -> Result<Read, DatabaseError> {
    let rows: Vec<OutboxRow> = diesel::sql_query(
        "WITH bounds AS MATERIALIZED ( \
             SELECT pg_snapshot_xmax($2::pg_snapshot) AS first, $3::pg_snapshot AS upto, \
                    ARRAY(SELECT pg_snapshot_xip($2::pg_snapshot)) AS late), \
         candidates AS MATERIALIZED ( \
             SELECT * FROM ( \
                 SELECT * FROM outbox WHERE tx >= (SELECT first FROM bounds) \
                 UNION ALL \
                 SELECT * FROM outbox WHERE tx = ANY ((SELECT late FROM bounds)::xid8[]) \
             ) appeared \
             WHERE lane = ANY ($1) AND pg_visible_in_snapshot(tx, (SELECT upto FROM bounds)) LIMIT $5 + 1) \
         SELECT id, lane, topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, \
                trace_parent, payload, extract(epoch FROM clock_timestamp() - create_time)::float8 AS age_seconds, \
                (SELECT count(*) FROM candidates) > $5 AS is_beyond_sorting \
         FROM candidates ORDER BY id LIMIT $4",
    )
    .bind::<Array<SmallInt>, _>(lanes)
    .bind::<Text, _>(seen)
    .bind::<Text, _>(upto)
    .bind::<BigInt, _>(limit)
    .bind::<BigInt, _>(most_sorted)
    .fixed()
    .load(connection)
    .await?;
    if rows.iter().any(|row| row.is_beyond_sorting) {
        return Ok(Read::TooMany);
    }
    Ok(Read::Rows(rows))
}

/// Reads the next events of a set that is under way.
pub(in crate::outbox) async fn list_under_way(
    connection: &mut AsyncPgConnection,
    lanes: &[i16],
    seen: &str,
    under_way: &UnderWay,
    limit: i64,
) -> Result<Vec<OutboxRow>, DatabaseError> {
    Ok(diesel::sql_query(
        "SELECT id, lane, topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, \
                trace_parent, payload, extract(epoch FROM clock_timestamp() - create_time)::float8 AS age_seconds, \
                false AS is_beyond_sorting \
         FROM outbox WHERE id > $4 AND lane = ANY ($1) \
           AND NOT pg_visible_in_snapshot(tx, (SELECT $2::pg_snapshot)) \
           AND pg_visible_in_snapshot(tx, (SELECT $3::pg_snapshot)) \
         ORDER BY id LIMIT $5",
    )
    .bind::<Array<SmallInt>, _>(lanes)
    .bind::<Text, _>(seen)
    .bind::<Text, _>(&under_way.upto)
    .bind::<BigInt, _>(under_way.after)
    .bind::<BigInt, _>(limit)
    .fixed()
    .load(connection)
    .await?)
}
