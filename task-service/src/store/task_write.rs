//! Tasks as they are written.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Jsonb, Text, Uuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{
    schema::tasks,
    task_row::{TaskRow, json},
};
use crate::domain::{OperationId, Task, TaskId};

/// Bounds the memory that a statement needs.
const MOST_ROWS_A_STATEMENT: usize = 2_000;

/// Inserts tasks from the JSON of their rows, so that one prepared statement serves for any number of them.
const INSERT: &str = "INSERT INTO tasks (
        user_id, id, create_time, title, description, priority, state, due_time, due_date, start_time, time_zone, series_id,
        recurrence_id, previous_task_id, reminders, muted, category_id, tag_ids, parent_task_id, depends_on, version,
        operation_id, import_id, update_time, complete_time, delete_time)
    SELECT
        user_id, id, create_time, title, description, priority,
        CASE WHEN complete_time IS NULL THEN 'open' ELSE 'completed' END, due_time, due_date, start_time, time_zone, series_id,
        recurrence_id, previous_task_id, reminders, muted, category_id, tag_ids, parent_task_id, depends_on, version,
        operation_id, import_id, update_time, complete_time, delete_time
    FROM jsonb_populate_recordset(NULL::tasks, $1)";
/// Writes all that can change with the version of a task, which its last reminder does not.
const UPDATE: &str = "UPDATE tasks SET (
        title, description, priority, state, due_time, due_date, start_time, time_zone, series_id, recurrence_id,
        previous_task_id, reminders, muted, category_id, tag_ids, parent_task_id, depends_on, version, operation_id, import_id,
        update_time, complete_time, delete_time) = (
    SELECT
        title, description, priority, CASE WHEN complete_time IS NULL THEN 'open' ELSE 'completed' END, due_time, due_date,
        start_time, time_zone, series_id, recurrence_id, previous_task_id, reminders, muted, category_id, tag_ids,
        parent_task_id, depends_on, version, operation_id, import_id, update_time, complete_time, delete_time
    FROM jsonb_populate_record(NULL::tasks, $3))
    WHERE user_id = $1 AND id = $2";

/// Adds tasks.
#[tracing::instrument(name = "store.task.insert", level = "debug", skip_all)]
pub async fn insert(mut tx: &AsyncPgConnection, new: &[Task]) -> Result<(), DatabaseError> {
    for chunk in new.chunks(MOST_ROWS_A_STATEMENT) {
        let rows: Result<Vec<TaskRow>, _> = chunk.iter().map(TaskRow::of).collect();
        diesel::sql_query(INSERT)
            .bind::<Jsonb, _>(json(&rows?)?)
            .fixed()
            .execute(&mut tx)
            .await?;
    }
    Ok(())
}

/// Writes a task that was locked and changed.
#[tracing::instrument(name = "store.task.update", level = "debug", skip_all)]
pub async fn update(tx: &mut AsyncPgConnection, task: &Task) -> Result<(), DatabaseError> {
    diesel::sql_query(UPDATE)
        .bind::<Text, _>(task.user_id.as_ref())
        .bind::<Uuid, _>(task.id)
        .bind::<Jsonb, _>(json(&TaskRow::of(task)?)?)
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes tasks that were locked, and forgets what they were imported from.
#[tracing::instrument(name = "store.task.take_back", level = "debug", skip_all)]
pub async fn take_back(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: &[TaskId],
    operation_id: OperationId,
    now: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    diesel::update(tasks::table)
        .filter(tasks::user_id.eq(user_id.as_ref()))
        .filter(tasks::id.eq_any(ids))
        .set((
            tasks::delete_time.eq(now),
            tasks::update_time.eq(now),
            tasks::operation_id.eq(operation_id),
            tasks::import_id.eq(None::<&str>),
            tasks::version.eq(tasks::version + 1),
        ))
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}
