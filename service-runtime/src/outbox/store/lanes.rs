use chrono::TimeDelta;
use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Interval, SmallInt, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use crate::postgres::{AsFixed, DatabaseError};

/// What a relay has.
#[derive(Debug, QueryableByName)]
pub(in crate::outbox) struct Share {
    /// Its lanes.
    #[diesel(sql_type = Array<SmallInt>)]
    pub lanes: Vec<i16>,
    /// The epoch of each.
    #[diesel(sql_type = Array<BigInt>)]
    pub epochs: Vec<i64>,
}

/// Renews the lease of a relay, takes lanes that nobody has up to its fair share, and gives back what is more if it may.
pub(in crate::outbox) async fn share(
    connection: &mut AsyncPgConnection,
    relay: Uuid,
    lease: TimeDelta,
    may_give: bool,
) -> Result<Share, DatabaseError> {
    Ok(
        diesel::sql_query("SELECT lanes, epochs FROM outbox_share($1, $2, $3)")
            .bind::<SqlUuid, _>(relay)
            .bind::<Interval, _>(lease)
            .bind::<Bool, _>(may_give)
            .fixed()
            .get_result(connection)
            .await?,
    )
}

/// Gives all lanes of a relay back.
pub(in crate::outbox) async fn leave(
    connection: &mut AsyncPgConnection,
    relay: Uuid,
) -> Result<(), DatabaseError> {
    diesel::sql_query("SELECT outbox_leave($1)")
        .bind::<SqlUuid, _>(relay)
        .execute(connection)
        .await?;
    Ok(())
}

/// Listens for other relays of the same outbox, and has each statement planned once, not for each of its values.
pub(in crate::outbox) async fn listen(
    connection: &mut AsyncPgConnection,
    schema: &str,
) -> Result<(), DatabaseError> {
    let settings =
        format!("SET plan_cache_mode = force_generic_plan; LISTEN taskmesh_outbox_{schema}");
    connection.batch_execute(&settings).await?;
    Ok(())
}

/// Tells the other relays that events were committed here.
pub(in crate::outbox) async fn wake_others(
    connection: &mut AsyncPgConnection,
    relay: Uuid,
) -> Result<(), DatabaseError> {
    diesel::sql_query("SELECT pg_notify('taskmesh_outbox_' || current_schema(), $1)")
        .bind::<Text, _>(relay.to_string())
        .fixed()
        .execute(connection)
        .await?;
    Ok(())
}

/// Truncates the partition whose turn comes next, if everything in it was acknowledged; returns whether it did.
pub(in crate::outbox) async fn empty_oldest(
    connection: &mut AsyncPgConnection,
) -> Result<bool, DatabaseError> {
    #[derive(QueryableByName)]
    struct Done {
        #[diesel(sql_type = Bool)]
        is_done: bool,
    }
    let row: Done = diesel::sql_query("SELECT outbox_empty_oldest() AS is_done")
        .fixed()
        .get_result(connection)
        .await?;
    Ok(row.is_done)
}
