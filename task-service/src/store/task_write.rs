//! Tasks as they are written.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Text, Timestamp, Timestamptz, Uuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};

use super::{schema::tasks, task_row::StoredTask};
use crate::domain::{OperationId, Task, TaskId};

/// Bounds the memory that a statement needs.
const MOST_ROWS_A_STATEMENT: usize = 2_000;

/// Adds tasks. The columns travel as arrays, so that one prepared statement serves for any number of rows. Arrays of arrays have to be
/// rectangular, so ids within a row travel as the text of an array.
#[tracing::instrument(name = "store.task.insert", level = "debug", skip_all)]
pub async fn insert(mut tx: &AsyncPgConnection, new: &[Task]) -> Result<(), DatabaseError> {
    const STATEMENT: &str = "INSERT INTO tasks (
            user_id, id, create_time, title, description, priority, state, due_time, due_date, start_time, time_zone, series_id,
            recurrence_id, previous_task_id, reminders, muted, category_id, tag_ids, parent_task_id, depends_on, version,
            operation_id, import_id, update_time, complete_time, delete_time)
        SELECT user_id, id, create_time, title, description, priority, state, due_time, due_date, start_time, time_zone, series_id,
            recurrence_id, previous_task_id, reminders, muted, category_id, tag_ids::uuid[], parent_task_id, depends_on::uuid[],
            version, operation_id, import_id, update_time, complete_time, delete_time
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
            $25, $26) new (
            user_id, id, create_time, title, description, priority, state, due_time, due_date, start_time, time_zone, series_id,
            recurrence_id, previous_task_id, reminders, muted, category_id, tag_ids, parent_task_id, depends_on, version,
            operation_id, import_id, update_time, complete_time, delete_time)";
    for chunk in new.chunks(MOST_ROWS_A_STATEMENT) {
        let rows: Vec<StoredTask> = chunk.iter().map(StoredTask::of).collect::<Result<_, _>>()?;
        diesel::sql_query(STATEMENT)
            .into_boxed::<Pg>()
            .bind::<Array<Text>, _>(column(&rows, |row| row.user_id.as_str()))
            .bind::<Array<Uuid>, _>(column(&rows, |row| row.id))
            .bind::<Array<Timestamptz>, _>(column(&rows, |row| row.create_time))
            .bind::<Array<Text>, _>(column(&rows, |row| row.title.as_str()))
            .bind::<Array<Text>, _>(column(&rows, |row| row.description.as_str()))
            .bind::<Array<Text>, _>(column(&rows, |row| row.priority.as_str()))
            .bind::<Array<Text>, _>(column(chunk, |task| task.state.word()))
            .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |row| row.due_time))
            .bind::<Array<Nullable<Date>>, _>(column(&rows, |row| row.due_date))
            .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |row| row.start_time))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.time_zone.as_deref()))
            .bind::<Array<Nullable<Uuid>>, _>(column(&rows, |row| row.series_id))
            .bind::<Array<Nullable<Timestamp>>, _>(column(&rows, |row| row.recurrence_id))
            .bind::<Array<Nullable<Uuid>>, _>(column(&rows, |row| row.previous_task_id))
            .bind::<Array<Jsonb>, _>(column(&rows, |row| &row.reminders))
            .bind::<Array<Bool>, _>(column(&rows, |row| row.muted))
            .bind::<Array<Nullable<Uuid>>, _>(column(&rows, |row| row.category_id))
            .bind::<Array<Text>, _>(column(&rows, |row| array(&row.tag_ids)))
            .bind::<Array<Nullable<Uuid>>, _>(column(&rows, |row| row.parent_task_id))
            .bind::<Array<Text>, _>(column(&rows, |row| array(&row.depends_on)))
            .bind::<Array<BigInt>, _>(column(&rows, |row| row.version))
            .bind::<Array<Nullable<Uuid>>, _>(column(&rows, |row| row.operation_id))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |row| row.import_id.as_deref()))
            .bind::<Array<Timestamptz>, _>(column(&rows, |row| row.update_time))
            .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |row| row.complete_time))
            .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |row| row.delete_time))
            .fixed()
            .execute(&mut tx)
            .await?;
    }
    Ok(())
}

fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// Writes ids as PostgreSQL reads them.
fn array(ids: &[impl fmt::Display]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

/// Writes a task that was locked and changed.
#[tracing::instrument(name = "store.task.update", level = "debug", skip_all)]
pub async fn update(tx: &mut AsyncPgConnection, task: &Task) -> Result<(), DatabaseError> {
    diesel::update(tasks::table.find((task.user_id.as_ref(), task.id)))
        .set((StoredTask::of(task)?, tasks::state.eq(task.state.word())))
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes tasks that were locked, and forgets what they were imported from.
#[tracing::instrument(name = "store.task.revert", level = "debug", skip_all)]
pub async fn revert(
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
