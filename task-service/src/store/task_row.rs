//! Between the columns of a task and the task.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use service_runtime::{BoxError, postgres::DatabaseError};

use super::{
    schema::{series, tasks},
    series::SeriesRow,
};
use crate::domain::{
    Description, Details, Occurrence, Priority, Recurrence, RecurrenceAnchor, RecurrenceRule,
    Reminders, Schedule, SeriesId, Task, TaskId, TaskState, TimeZone, Title,
};

/// A task as it is read.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = tasks, check_for_backend(diesel::pg::Pg))]
pub struct TaskRow {
    user_id: String,
    id: TaskId,
    title: String,
    description: String,
    priority: String,
    due_time: Option<DateTime<Utc>>,
    time_zone: Option<String>,
    /// The series that must be read as well.
    pub series_id: Option<SeriesId>,
    recurrence_id: Option<NaiveDateTime>,
    previous_task_id: Option<TaskId>,
    reminders: serde_json::Value,
    muted: bool,
    version: i64,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
    complete_time: Option<DateTime<Utc>>,
    delete_time: Option<DateTime<Utc>>,
    remind_time: Option<DateTime<Utc>>,
}

/// A new task as it is written.
#[derive(Insertable)]
#[diesel(table_name = tasks)]
pub struct NewTask<'a> {
    user_id: &'a str,
    id: TaskId,
    create_time: DateTime<Utc>,
    #[diesel(embed)]
    values: TaskChanges<'a>,
}

/// What a change of a task writes: all that can change with its version.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = tasks, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct TaskChanges<'a> {
    title: &'a str,
    description: &'a str,
    priority: &'a str,
    state: &'a str,
    due_time: Option<DateTime<Utc>>,
    time_zone: Option<&'a str>,
    series_id: Option<SeriesId>,
    recurrence_id: Option<NaiveDateTime>,
    previous_task_id: Option<TaskId>,
    reminders: serde_json::Value,
    muted: bool,
    version: i64,
    update_time: DateTime<Utc>,
    complete_time: Option<DateTime<Utc>>,
    delete_time: Option<DateTime<Utc>>,
}

/// Which columns a row of tasks with their series has.
pub type TaskWithSeries = (TaskRow, Option<SeriesRow>);

/// Tells which series belongs to a task.
#[diesel::dsl::auto_type]
pub fn series_of_task() -> _ {
    series::user_id
        .eq(tasks::user_id)
        .and(series::series_id.nullable().eq(tasks::series_id))
}

impl TaskRow {
    /// Puts the task together from its row and the row of its series.
    pub fn into_task(self, series: Option<SeriesRow>) -> Result<Task, DatabaseError> {
        self.assemble(series)
            .map_err(|cause| diesel::result::Error::DeserializationError(cause).into())
    }

    fn assemble(self, series: Option<SeriesRow>) -> Result<Task, BoxError> {
        let Self {
            user_id,
            id,
            title,
            description,
            priority,
            due_time,
            time_zone,
            series_id,
            recurrence_id,
            previous_task_id,
            reminders,
            muted,
            version,
            create_time,
            update_time,
            complete_time,
            delete_time,
            remind_time,
        } = self;
        let details = Details {
            title: Title::from_stored(title),
            description: Description::from_stored(description),
            priority: Priority::from_word(&priority).ok_or("unknown priority in table tasks")?,
            muted,
        };
        let (recurrence, occurrence) = match (series, series_id, recurrence_id) {
            (Some(series), Some(series_id), Some(recurrence_id)) => (
                Some(recurrence(&series)?),
                Some(Occurrence {
                    series_id,
                    start_local: series.start_local.into(),
                    recurrence_id: recurrence_id.into(),
                    previous_task_id,
                }),
            ),
            _ => (None, None),
        };
        let time_zone = time_zone.map(TimeZone::from_stored);
        let reminders: Reminders = serde_json::from_value(reminders)?;
        Ok(Task {
            id,
            user_id: user_id.parse()?,
            details,
            schedule: Schedule::from_stored(due_time, time_zone, recurrence, reminders),
            occurrence,
            state: complete_time.map_or(TaskState::Open, |complete_time| TaskState::Completed {
                complete_time,
            }),
            version,
            create_time,
            update_time,
            delete_time,
            remind_time,
        })
    }
}

fn recurrence(series: &SeriesRow) -> Result<Recurrence, BoxError> {
    Ok(Recurrence {
        rule: RecurrenceRule::new(series.recurrence_rule.clone())
            .ok_or("empty rule in table series")?,
        anchor: RecurrenceAnchor::from_word(&series.recurrence_anchor)
            .ok_or("unknown anchor in table series")?,
    })
}

impl<'a> NewTask<'a> {
    /// Returns what is written of a new task.
    pub fn of(task: &'a Task) -> Result<Self, DatabaseError> {
        Ok(Self {
            user_id: task.user_id.as_ref(),
            id: task.id,
            create_time: task.create_time,
            values: TaskChanges::of(task)?,
        })
    }
}

impl<'a> TaskChanges<'a> {
    /// Returns what is written of a changed task.
    pub fn of(task: &'a Task) -> Result<Self, DatabaseError> {
        let reminders = serde_json::to_value(task.schedule.reminders())
            .map_err(|cause| diesel::result::Error::SerializationError(cause.into()))?;
        Ok(Self {
            title: task.details.title.as_ref(),
            description: task.details.description.as_ref(),
            priority: task.details.priority.word(),
            state: task.state.word(),
            due_time: task.schedule.due_time(),
            time_zone: task.schedule.time_zone().map(AsRef::as_ref),
            series_id: task.occurrence.map(|occurrence| occurrence.series_id),
            recurrence_id: task
                .occurrence
                .map(|occurrence| occurrence.recurrence_id.naive()),
            previous_task_id: task
                .occurrence
                .and_then(|occurrence| occurrence.previous_task_id),
            reminders,
            muted: task.details.muted,
            version: task.version,
            update_time: task.update_time,
            complete_time: task.state.complete_time(),
            delete_time: task.delete_time,
        })
    }
}
