//! Tasks between their rows and the domain.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use service_runtime::{BoxError, postgres::DatabaseError};

use super::schema::{series, tasks};
use crate::domain::{
    CategoryId, Description, Details, Due, DueAfter, LabelRef, Links, Occurrence, OperationId,
    Priority, Recurrence, RecurrenceAnchor, RecurrenceRule, Reminders, Schedule, SeriesId, TagId,
    Task, TaskId, TaskState, TimeZone, Title,
};

/// Row of a task.
#[derive(Debug, Clone, Queryable, Selectable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = tasks, primary_key(user_id, id), treat_none_as_null = true, check_for_backend(diesel::pg::Pg))]
pub struct StoredTask {
    pub(super) user_id: String,
    pub(super) id: TaskId,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) priority: String,
    pub(super) due_time: Option<DateTime<Utc>>,
    pub(super) due_date: Option<NaiveDate>,
    pub(super) start_time: Option<DateTime<Utc>>,
    pub(super) time_zone: Option<String>,
    pub(super) series_id: Option<SeriesId>,
    pub(super) recurrence_id: Option<NaiveDateTime>,
    pub(super) previous_task_id: Option<TaskId>,
    pub(super) reminders: serde_json::Value,
    pub(super) muted: bool,
    pub(super) category_id: Option<CategoryId>,
    pub(super) tag_ids: Vec<TagId>,
    pub(super) parent_task_id: Option<TaskId>,
    pub(super) depends_on: Vec<TaskId>,
    pub(super) version: i64,
    pub(super) operation_id: Option<OperationId>,
    pub(super) import_id: Option<String>,
    #[diesel(skip_update)]
    pub(super) create_time: DateTime<Utc>,
    pub(super) update_time: DateTime<Utc>,
    pub(super) complete_time: Option<DateTime<Utc>>,
    pub(super) delete_time: Option<DateTime<Utc>>,
    #[diesel(skip_update)]
    pub(super) remind_time: Option<DateTime<Utc>>,
}

/// Recurrence of the series of a task.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = series, check_for_backend(diesel::pg::Pg))]
pub struct SeriesRule {
    recurrence_rule: String,
    recurrence_anchor: String,
    start_local: NaiveDateTime,
    due_after_days: Option<i32>,
    due_after_seconds: Option<i32>,
}

/// A task with what other tables say about it; in the undo log, the fields that a change altered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskRow {
    #[serde(flatten)]
    pub(super) stored: StoredTask,
    pub(super) series: Option<SeriesRule>,
    /// Name of the category.
    pub(super) category: Option<String>,
    /// Names of the tags, in the order of `tag_ids`.
    pub(super) tags: Vec<String>,
    /// Dependencies that are open.
    pub(super) blocked_by: Vec<TaskId>,
}

impl StoredTask {
    /// Returns the row of a task.
    pub fn of(task: &Task) -> Result<Self, DatabaseError> {
        let occurrence = task.occurrence;
        let reminders = serde_json::to_value(task.schedule.reminders());
        Ok(Self {
            user_id: task.user_id.to_string(),
            id: task.id,
            title: task.details.title.to_string(),
            description: task.details.description.to_string(),
            priority: task.details.priority.word().to_owned(),
            due_time: task.schedule.due_time(),
            due_date: task.schedule.due().and_then(Due::date),
            start_time: task.schedule.start_time(),
            time_zone: task.schedule.time_zone().map(ToString::to_string),
            series_id: task.series_id(),
            recurrence_id: occurrence.map(|occurrence| occurrence.recurrence_id.naive()),
            previous_task_id: occurrence.and_then(|occurrence| occurrence.previous_task_id),
            reminders: reminders.map_err(DatabaseError::invalid_value)?,
            muted: task.details.muted,
            category_id: task.links.category.as_ref().map(|category| category.id),
            tag_ids: task.links.tag_ids(),
            parent_task_id: task.links.parent_task_id,
            depends_on: task.links.depends_on.clone(),
            version: task.version,
            operation_id: task.operation_id,
            import_id: task.import_id.clone(),
            create_time: task.create_time,
            update_time: task.update_time,
            complete_time: task.state.complete_time(),
            delete_time: task.delete_time,
            remind_time: task.remind_time,
        })
    }
}

impl TaskRow {
    /// Returns the row of a task.
    pub fn of(task: &Task) -> Result<Self, DatabaseError> {
        let links = &task.links;
        Ok(Self {
            stored: StoredTask::of(task)?,
            series: SeriesRule::of(task),
            category: links.category.as_ref().map(|label| label.name.clone()),
            tags: links.tags.iter().map(|tag| tag.name.clone()).collect(),
            blocked_by: links.blocked_by.clone(),
        })
    }

    /// Puts the task together.
    pub fn into_task(self) -> Result<Task, DatabaseError> {
        self.assemble().map_err(DatabaseError::invalid_value)
    }

    fn assemble(self) -> Result<Task, BoxError> {
        let recurrence = self
            .series
            .as_ref()
            .map(SeriesRule::recurrence)
            .transpose()?;
        let Self { stored, series, .. } = self;
        let occurrence = match (series, stored.series_id, stored.recurrence_id) {
            (Some(series), Some(series_id), Some(recurrence_id)) => Some(Occurrence {
                series_id,
                start_local: series.start_local.into(),
                due_after: DueAfter {
                    days: series.due_after_days,
                    seconds: series.due_after_seconds,
                },
                recurrence_id: recurrence_id.into(),
                previous_task_id: stored.previous_task_id,
            }),
            _ => None,
        };
        let due = stored.due_time.map(|time| match stored.due_date {
            Some(date) => Due::Date { date, begin: time },
            None => Due::Time(time),
        });
        let details = Details {
            title: Title::from_stored(stored.title),
            description: Description::from_stored(stored.description),
            priority: Priority::from_word(&stored.priority)
                .ok_or("unknown priority in table tasks")?,
            muted: stored.muted,
        };
        let reminders: Reminders = serde_json::from_value(stored.reminders)?;
        let time_zone = stored.time_zone.map(TimeZone::from_stored);
        let category = stored.category_id.zip(self.category);
        let tags = stored.tag_ids.into_iter().zip(self.tags);
        let links = Links {
            category: category.map(|(id, name)| LabelRef { id, name }),
            tags: tags.map(|(id, name)| LabelRef { id, name }).collect(),
            parent_task_id: stored.parent_task_id,
            depends_on: stored.depends_on,
            blocked_by: self.blocked_by,
        };
        Ok(Task {
            id: stored.id,
            user_id: stored.user_id.parse()?,
            details,
            schedule: Schedule::from_stored(
                due,
                stored.start_time,
                time_zone,
                recurrence,
                reminders,
            ),
            links,
            occurrence,
            state: stored
                .complete_time
                .map_or(TaskState::Open, |complete_time| TaskState::Completed {
                    complete_time,
                }),
            version: stored.version,
            operation_id: stored.operation_id,
            import_id: stored.import_id,
            create_time: stored.create_time,
            update_time: stored.update_time,
            delete_time: stored.delete_time,
            remind_time: stored.remind_time,
        })
    }
}

impl SeriesRule {
    /// Returns the recurrence of the series of a task, if it repeats.
    pub fn of(task: &Task) -> Option<Self> {
        let (recurrence, occurrence) = (task.schedule.recurrence()?, task.occurrence?);
        Some(Self {
            recurrence_rule: recurrence.rule.as_ref().to_owned(),
            recurrence_anchor: recurrence.anchor.word().to_owned(),
            start_local: occurrence.start_local.naive(),
            due_after_days: occurrence.due_after.days,
            due_after_seconds: occurrence.due_after.seconds,
        })
    }

    fn recurrence(&self) -> Result<Recurrence, BoxError> {
        let rule = RecurrenceRule::new(self.recurrence_rule.clone());
        let anchor = RecurrenceAnchor::from_word(&self.recurrence_anchor);
        Ok(Recurrence {
            rule: rule.ok_or("empty rule in table series")?,
            anchor: anchor.ok_or("unknown anchor in table series")?,
        })
    }
}
