use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    define_sql_function,
    prelude::*,
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{related, schema::tasks, task_row::StoredTask};
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
    let row: Option<StoredTask> = tasks::table
        .find((user_id.as_ref(), id))
        .select(StoredTask::as_select())
        .first(tx)
        .await
        .optional()?;
    Ok(related::complete(tx, Vec::from_iter(row)).await?.pop())
}

/// Reads tasks, in the order of the ids; those that do not exist are left out.
#[tracing::instrument(name = "store.task.find_all", level = "debug", skip_all)]
pub async fn find_all(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
) -> Result<Vec<Task>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<StoredTask> = tasks::table
        .filter(tasks::user_id.eq(user_id.as_ref()))
        .filter(tasks::id.eq_any(ids))
        .select(StoredTask::as_select())
        .load(tx)
        .await?;
    let mut tasks = related::complete(tx, rows).await?;
    let places: HashMap<TaskId, usize> = ids.iter().copied().zip(0..).collect();
    tasks.sort_by_key(|task| places.get(&task.id).copied());
    Ok(tasks)
}

/// Reads a task and keeps others from changing it until the transaction ends.
#[tracing::instrument(name = "store.task.lock", level = "debug", skip_all)]
pub async fn lock(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    id: TaskId,
) -> Result<Option<Task>, DatabaseError> {
    let row: Option<StoredTask> = tasks::table
        .find((user_id.as_ref(), id))
        .select(StoredTask::as_select())
        .for_update()
        .first(tx)
        .await
        .optional()?;
    Ok(related::complete(tx, Vec::from_iter(row)).await?.pop())
}

/// Keeps others from changing tasks until the transaction ends. All are locked in one order, so that no two batches wait for
/// each other.
#[tracing::instrument(name = "store.task.lock_all", level = "debug", skip_all)]
pub async fn lock_all(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
) -> Result<(), DatabaseError> {
    if !ids.is_empty() {
        tasks::table
            .filter(tasks::user_id.eq(user_id.as_ref()))
            .filter(tasks::id.eq_any(ids))
            .order(tasks::id)
            .select(tasks::id)
            .for_update()
            .load::<TaskId>(tx)
            .await?;
    }
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
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}
