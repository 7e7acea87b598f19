use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Date, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::schema::saved_filters;

/// How much there is to do.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Counts {
    /// How many tasks are open.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
    /// How many of them are overdue.
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

/// Returns the names of a user's saved filters, in alphabetical order.
pub async fn saved_filter_names(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    limit: i64,
) -> Result<Vec<String>, DatabaseError> {
    Ok(saved_filters::table
        .filter(saved_filters::user_id.eq(user_id.as_ref()))
        .filter(saved_filters::delete_time.is_null())
        .order(saved_filters::name_key)
        .select(saved_filters::display_name)
        .limit(limit)
        .load(tx)
        .await?)
}
