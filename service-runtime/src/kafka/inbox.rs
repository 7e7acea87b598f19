use diesel::{ExpressionMethods, sql_types::Interval};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::postgres::{AsFixed, DatabaseError, schema::inbox};

/// Records an event as handled; returns false if it already was.
pub(super) async fn insert(
    tx: &mut AsyncPgConnection,
    topic: &str,
    event_id: Uuid,
) -> Result<bool, DatabaseError> {
    let inserted = diesel::insert_into(inbox::table)
        .values((inbox::topic.eq(topic), inbox::event_id.eq(event_id)))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}

/// Forgets events that were handled longer ago than any topic keeps its records.
pub(super) async fn delete_old(
    connection: &mut AsyncPgConnection,
    keep: chrono::TimeDelta,
) -> Result<usize, DatabaseError> {
    Ok(
        diesel::sql_query("DELETE FROM inbox WHERE create_time < clock_timestamp() - $1")
            .bind::<Interval, _>(keep)
            .fixed()
            .execute(connection)
            .await?,
    )
}
