//! The partitions of `records`, one a month.

use chrono::NaiveDate;
use diesel::{
    dsl::sql,
    sql_types::{Bool, Date, Text},
};
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
    let is_there: bool = sql::<Bool>("SELECT to_regclass('records_' || to_char(")
        .bind::<Date, _>(month)
        .sql(", 'YYYY_MM')) IS NOT NULL")
        .fixed()
        .get_result(tx)
        .await?;
    match is_there {
        true => Ok(()),
        false => insert(tx, month).await,
    }
}

/// Drops the partitions before a month; returns their number.
pub async fn delete_before(
    tx: &mut AsyncPgConnection,
    month: NaiveDate,
) -> Result<usize, DatabaseError> {
    lock(tx).await?;
    // The names sort as the months do.
    let old: Vec<String> = sql::<Text>(
        "SELECT child.relname::text AS name
         FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
         WHERE inhparent = 'records'::regclass AND child.relname < 'records_' || to_char(",
    )
    .bind::<Date, _>(month)
    .sql(", 'YYYY_MM') ORDER BY name")
    .load(tx)
    .await?;
    for name in &old {
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
