use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::schema::{series, tasks};
use crate::domain::{Occurrence, Recurrence, SeriesId, Task};

/// A series as it is read.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = series, check_for_backend(diesel::pg::Pg))]
pub struct SeriesRow {
    /// The rule, as the user gave it.
    pub recurrence_rule: String,
    /// The word of what the next occurrence is counted from.
    pub recurrence_anchor: String,
    /// The local time of the first occurrence.
    pub start_local: NaiveDateTime,
    /// When the series ended, if it did.
    pub end_time: Option<DateTime<Utc>>,
}

/// A series as it is written.
#[derive(Insertable)]
#[diesel(table_name = series)]
struct NewSeries<'a> {
    user_id: &'a str,
    series_id: SeriesId,
    recurrence_rule: &'a str,
    recurrence_anchor: &'static str,
    time_zone: &'a str,
    start_local: NaiveDateTime,
    create_time: DateTime<Utc>,
}

/// Reads a series and keeps others from changing it until the transaction ends.
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    series_id: SeriesId,
) -> Result<Option<SeriesRow>, DatabaseError> {
    Ok(series::table
        .find((user_id.as_ref(), series_id))
        .select(SeriesRow::as_select())
        .for_update()
        .first(tx)
        .await
        .optional()?)
}

/// Reads a series.
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    series_id: SeriesId,
) -> Result<Option<SeriesRow>, DatabaseError> {
    Ok(series::table
        .find((user_id.as_ref(), series_id))
        .select(SeriesRow::as_select())
        .first(tx)
        .await
        .optional()?)
}

/// Adds the series that a task is the first occurrence of; does nothing for a task that does not repeat.
pub async fn insert_of_first(tx: &mut AsyncPgConnection, task: &Task) -> Result<(), DatabaseError> {
    let (Some(occurrence), Some(Recurrence { rule, anchor }), Some(time_zone)) = (
        &task.occurrence,
        task.schedule.recurrence(),
        task.schedule.time_zone(),
    ) else {
        return Ok(());
    };
    let new = NewSeries {
        user_id: task.user_id.as_ref(),
        series_id: occurrence.series_id,
        recurrence_rule: rule.as_ref(),
        recurrence_anchor: anchor.word(),
        time_zone: time_zone.as_ref(),
        start_local: occurrence.start_local.naive(),
        create_time: task.update_time,
    };
    diesel::insert_into(series::table)
        .values(new)
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends the series of an occurrence that leaves it, unless the series goes on in a later occurrence.
pub async fn update_end(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    leaving: &Occurrence,
    now: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    let later = tasks::table.filter(
        tasks::user_id
            .eq(user_id.as_ref())
            .and(tasks::series_id.eq(leaving.series_id))
            .and(tasks::recurrence_id.gt(leaving.recurrence_id.naive())),
    );
    diesel::update(series::table.find((user_id.as_ref(), leaving.series_id)))
        .filter(diesel::dsl::not(diesel::dsl::exists(later)))
        .set(series::end_time.eq(now))
        .execute(tx)
        .await?;
    Ok(())
}
