//! Tasks as they are written.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{schema::tasks, task_row::reminders};
use crate::domain::{CategoryId, Due, OperationId, SeriesId, TagId, Task, TaskId};

/// A statement has 65 535 parameters at most, and a row has fewer than 32.
const MOST_ROWS_A_STATEMENT: usize = 2_000;

/// A new task.
#[derive(Insertable)]
#[diesel(table_name = tasks)]
struct NewTask<'a> {
    user_id: &'a str,
    id: TaskId,
    create_time: DateTime<Utc>,
    #[diesel(embed)]
    values: TaskChanges<'a>,
}

/// What a change of a task writes: all that can change with its version.
#[derive(Insertable, AsChangeset)]
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

impl<'a> NewTask<'a> {
    fn of(task: &'a Task) -> Result<Self, DatabaseError> {
        Ok(Self {
            user_id: task.user_id.as_ref(),
            id: task.id,
            create_time: task.create_time,
            values: TaskChanges::of(task)?,
        })
    }
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
        match chunk {
            // One row is the same statement every time, which the server prepares once.
            [task] => {
                diesel::insert_into(tasks::table)
                    .values(NewTask::of(task)?)
                    .execute(&mut tx)
                    .await?
            }
            _ => {
                let rows: Vec<_> = chunk.iter().map(NewTask::of).collect::<Result<_, _>>()?;
                diesel::insert_into(tasks::table)
                    .values(rows)
                    .execute(&mut tx)
                    .await?
            }
        };
    }
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
        .execute(tx)
        .await?;
    Ok(())
}
