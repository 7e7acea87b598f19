use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Date, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

/// Numbers of open tasks.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Counts {
    /// Number of open tasks.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
    /// Number of overdue tasks.
    #[diesel(sql_type = BigInt)]
    pub overdue: i64,
}

/// Counts the open tasks of a user, and those that are overdue at a moment, which is on a certain date where the user lives.
pub async fn counts(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    now: DateTime<Utc>,
    today: NaiveDate,
) -> Result<Counts, DatabaseError> {
    Ok(diesel::sql_query(
        "SELECT count(*) AS open,
                count(*) FILTER (WHERE due_date < $3 OR (due_date IS NULL AND due_time < $2)) AS overdue
         FROM tasks WHERE user_id = $1 AND list_class = 0",
    )
    .bind::<Text, _>(user_id.as_ref())
    .bind::<Timestamptz, _>(now)
    .bind::<Date, _>(today)
    .fixed()
    .get_result(tx)
    .await?)
}
