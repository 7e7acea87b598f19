//! Tasks as they are written.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
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

use super::{schema::tasks, task_row::reminders};
use crate::domain::{CategoryId, Due, OperationId, SeriesId, TagId, Task, TaskId};

/// Bounds the memory that a statement needs.
const MOST_ROWS_A_STATEMENT: usize = 2_000;

/// Columns that a change of a task writes: all that can change with its version.
#[derive(AsChangeset)]
#[diesel(table_name = tasks, treat_none_as_null = true, treat_none_as_default_value = false)]
struct TaskChanges<'a> {
    title: &'a str,
    description: &'a str,
    priority: &'a str,
    state: &'a str,
    due_time: Option<DateTime<Utc>>,
    due_date: Option<NaiveDate>,
    start_time: Option<DateTime<Utc>>,
    time_zone: Option<&'a str>,
    series_id: Option<SeriesId>,
    recurrence_id: Option<NaiveDateTime>,
    previous_task_id: Option<TaskId>,
    reminders: serde_json::Value,
    muted: bool,
    category_id: Option<CategoryId>,
    tag_ids: Vec<TagId>,
    parent_task_id: Option<TaskId>,
    depends_on: &'a [TaskId],
    version: i64,
    operation_id: Option<OperationId>,
    import_id: Option<&'a str>,
    update_time: DateTime<Utc>,
    complete_time: Option<DateTime<Utc>>,
    delete_time: Option<DateTime<Utc>>,
}

impl<'a> TaskChanges<'a> {
    fn of(task: &'a Task) -> Result<Self, DatabaseError> {
        let occurrence = task.occurrence;
        Ok(Self {
            title: task.details.title.as_ref(),
            description: task.details.description.as_ref(),
            priority: task.details.priority.word(),
            state: task.state.word(),
            due_time: task.schedule.due_time(),
            due_date: task.schedule.due().and_then(Due::date),
            start_time: task.schedule.start_time(),
            time_zone: task.schedule.time_zone().map(AsRef::as_ref),
            series_id: occurrence.map(|occurrence| occurrence.series_id),
            recurrence_id: occurrence.map(|occurrence| occurrence.recurrence_id.naive()),
            previous_task_id: occurrence.and_then(|occurrence| occurrence.previous_task_id),
            reminders: reminders(task)?,
            muted: task.details.muted,
            category_id: task.links.category.as_ref().map(|category| category.id),
            tag_ids: task.links.tag_ids(),
            parent_task_id: task.links.parent_task_id,
            depends_on: &task.links.depends_on,
            version: task.version,
            operation_id: task.operation_id,
            import_id: task.import_id.as_deref(),
            update_time: task.update_time,
            complete_time: task.state.complete_time(),
            delete_time: task.delete_time,
        })
    }
}

/// Adds tasks.
#[tracing::instrument(name = "store.task.insert", level = "debug", skip_all)]
pub async fn insert(mut tx: &AsyncPgConnection, new: &[Task]) -> Result<(), DatabaseError> {
    for chunk in new.chunks(MOST_ROWS_A_STATEMENT) {
        let rows: Vec<TaskChanges<'_>> = chunk
            .iter()
            .map(TaskChanges::of)
            .collect::<Result<_, _>>()?;
        insert_rows(&mut tx, chunk, &rows).await?;
    }
    Ok(())
}

/// The columns travel as arrays, so that one prepared statement serves for any number of rows. Arrays of arrays have to be
/// rectangular, so ids within a row travel as the text of an array.
async fn insert_rows(
    tx: &mut &AsyncPgConnection,
    tasks: &[Task],
    rows: &[TaskChanges<'_>],
) -> Result<(), DatabaseError> {
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
    diesel::sql_query(STATEMENT)
        .into_boxed::<Pg>()
        .bind::<Array<Text>, _>(column(tasks, |task| task.user_id.as_ref()))
        .bind::<Array<Uuid>, _>(column(tasks, |task| task.id))
        .bind::<Array<Timestamptz>, _>(column(tasks, |task| task.create_time))
        .bind::<Array<Text>, _>(column(rows, |row| row.title))
        .bind::<Array<Text>, _>(column(rows, |row| row.description))
        .bind::<Array<Text>, _>(column(rows, |row| row.priority))
        .bind::<Array<Text>, _>(column(rows, |row| row.state))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(rows, |row| row.due_time))
        .bind::<Array<Nullable<Date>>, _>(column(rows, |row| row.due_date))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(rows, |row| row.start_time))
        .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.time_zone))
        .bind::<Array<Nullable<Uuid>>, _>(column(rows, |row| row.series_id))
        .bind::<Array<Nullable<Timestamp>>, _>(column(rows, |row| row.recurrence_id))
        .bind::<Array<Nullable<Uuid>>, _>(column(rows, |row| row.previous_task_id))
        .bind::<Array<Jsonb>, _>(column(rows, |row| row.reminders.clone()))
        .bind::<Array<Bool>, _>(column(rows, |row| row.muted))
        .bind::<Array<Nullable<Uuid>>, _>(column(rows, |row| row.category_id))
        .bind::<Array<Text>, _>(column(rows, |row| array(&row.tag_ids)))
        .bind::<Array<Nullable<Uuid>>, _>(column(rows, |row| row.parent_task_id))
        .bind::<Array<Text>, _>(column(rows, |row| array(row.depends_on)))
        .bind::<Array<BigInt>, _>(column(rows, |row| row.version))
        .bind::<Array<Nullable<Uuid>>, _>(column(rows, |row| row.operation_id))
        .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.import_id))
        .bind::<Array<Timestamptz>, _>(column(rows, |row| row.update_time))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(rows, |row| row.complete_time))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(rows, |row| row.delete_time))
        .fixed()
        .execute(tx)
        .await?;
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
        .set(TaskChanges::of(task)?)
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
