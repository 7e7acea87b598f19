use chrono::{DateTime, Utc};
use diesel::{
    define_sql_function,
    prelude::*,
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{
    schema::{series, tasks},
    series as series_store,
    series::SeriesRow,
    task_row::{NewTask, TaskChanges, TaskRow, TaskWithSeries, series_of_task},
};
use crate::domain::{Task, TaskId};

define_sql_function! {
    /// The later of two moments, where none counts as the earliest.
    fn greatest(one: Nullable<Timestamptz>, other: Nullable<Timestamptz>) -> Nullable<Timestamptz>;
}

/// Reads a task.
#[tracing::instrument(name = "store.task.find", level = "debug", skip_all)]
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: TaskId,
) -> Result<Option<Task>, DatabaseError> {
    let row: Option<TaskWithSeries> = tasks::table
        .left_join(series::table.on(series_of_task()))
        .filter(tasks::user_id.eq(user_id.as_ref()).and(tasks::id.eq(id)))
        .select((TaskRow::as_select(), Option::<SeriesRow>::as_select()))
        .first(tx)
        .await
        .optional()?;
    row.map(|(task, series)| task.into_task(series)).transpose()
}

/// Reads a task and keeps others from changing it until the transaction ends.
#[tracing::instrument(name = "store.task.lock", level = "debug", skip_all)]
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: TaskId,
) -> Result<Option<Task>, DatabaseError> {
    // The series is read on its own: an outer join cannot be locked.
    let row: Option<TaskRow> = tasks::table
        .find((user_id.as_ref(), id))
        .select(TaskRow::as_select())
        .for_update()
        .first(tx)
        .await
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let series = match row.series_id {
        Some(series_id) => series_store::find(tx, user_id, series_id).await?,
        None => None,
    };
    row.into_task(series).map(Some)
}

/// Adds a task.
#[tracing::instrument(name = "store.task.insert", level = "debug", skip_all)]
pub async fn insert(tx: &mut AsyncPgConnection, task: &Task) -> Result<(), DatabaseError> {
    diesel::insert_into(tasks::table)
        .values(NewTask::of(task)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes a task that was locked and changed.
#[tracing::instrument(name = "store.task.update", level = "debug", skip_all)]
pub async fn update(tx: &mut AsyncPgConnection, task: &Task) -> Result<(), DatabaseError> {
    diesel::update(tasks::table.find((task.user_id.as_ref(), task.id)))
        .set(TaskChanges::of(task)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes that the user was reminded of a task, unless a later reminder is noted already or there is no such task.
#[tracing::instrument(name = "store.task.update_remind_time", level = "debug", skip_all)]
pub async fn update_remind_time(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: TaskId,
    time: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    diesel::update(tasks::table.find((user_id.as_ref(), id)))
        .set(tasks::remind_time.eq(greatest(tasks::remind_time, Some(time))))
        .execute(tx)
        .await?;
    Ok(())
}
