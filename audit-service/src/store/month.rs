//! The partitions of `records`, one a month.

use chrono::NaiveDate;
use diesel::sql_types::{Bool, Date, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::postgres::{AsFixed, DatabaseError};

/// Creates the partition of a month if it is missing; concurrent replicas wait for each other.
pub async fn insert(tx: &mut AsyncPgConnection, month: NaiveDate) -> Result<(), DatabaseError> {
    lock(tx).await?;
    diesel::sql_query("SELECT add_month($1)")
        .bind::<Date, _>(month)
        .execute(tx)
        .await?;
    Ok(())
}

/// Creates the partition of a month if it is missing.
pub async fn ensure(tx: &mut AsyncPgConnection, month: NaiveDate) -> Result<(), DatabaseError> {
    #[derive(diesel::QueryableByName)]
    struct Room {
        #[diesel(sql_type = Bool)]
        is_there: bool,
    }

    let room: Room = diesel::sql_query(
        "SELECT to_regclass('records_' || to_char($1, 'YYYY_MM')) IS NOT NULL AS is_there",
    )
    .bind::<Date, _>(month)
    .fixed()
    .get_result(tx)
    .await?;
    match room.is_there {
        true => Ok(()),
        false => insert(tx, month).await,
    }
}

/// Drops the partitions before a month; returns their number.
pub async fn delete_before(
    tx: &mut AsyncPgConnection,
    month: NaiveDate,
) -> Result<usize, DatabaseError> {
    #[derive(diesel::QueryableByName)]
    struct Partition {
        #[diesel(sql_type = Text)]
        name: String,
    }

    lock(tx).await?;
    // The names sort as the months do.
    let old: Vec<Partition> = diesel::sql_query(
        "SELECT child.relname::text AS name
         FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
         WHERE inhparent = 'records'::regclass AND child.relname < 'records_' || to_char($1, 'YYYY_MM')
         ORDER BY name",
    )
    .bind::<Date, _>(month)
    .load(tx)
    .await?;
    for Partition { name } in &old {
        // A name that add_month has made: letters, digits and underscores.
        diesel::sql_query(format!("DROP TABLE \"{name}\""))
            .execute(tx)
            .await?;
    }
    Ok(old.len())
}

async fn lock(tx: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "SELECT pg_advisory_xact_lock(hashtextextended('months of audit records', 0))",
    )
    .execute(tx)
    .await?;
    Ok(())
}
