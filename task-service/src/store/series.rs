use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{
    schema::{series, tasks},
    task_row::SeriesRule,
};
use crate::domain::{Occurrence, SeriesId, Task};

/// Locks a series until the transaction ends, and returns whether it has ended.
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    series_id: SeriesId,
) -> Result<Option<bool>, DatabaseError> {
    Ok(series::table
        .find((user_id.as_ref(), series_id))
        .select(series::end_time.is_not_null())
        .for_update()
        .first(tx)
        .await
        .optional()?)
}

/// Adds the series that tasks are the first occurrences of; a task that does not repeat needs none, and one that follows
/// another one has it already.
pub async fn insert_of_first(
    tx: &mut AsyncPgConnection,
    tasks: &[Task],
) -> Result<(), DatabaseError> {
    let is_first = |occurrence: Occurrence| occurrence.previous_task_id.is_none();
    let first = tasks
        .iter()
        .filter(|task| task.occurrence.is_some_and(is_first));
    let new = first.filter_map(|task| {
        Some((
            series::user_id.eq(task.user_id.as_ref()),
            series::series_id.eq(task.series_id()?),
            series::time_zone.eq(task.schedule.time_zone()?.as_ref()),
            series::create_time.eq(task.update_time),
            SeriesRule::of(task)?,
        ))
    });
    let new: Vec<_> = new.collect();
    if !new.is_empty() {
        diesel::insert_into(series::table)
            .values(new)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Resumes a series that had ended.
pub async fn clear_end(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    series_id: SeriesId,
) -> Result<(), DatabaseError> {
    diesel::update(series::table.find((user_id.as_ref(), series_id)))
        .set(series::end_time.eq(None::<DateTime<Utc>>))
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends the series of an occurrence that leaves it, unless there is a later occurrence.
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
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}
