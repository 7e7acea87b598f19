//! Tasks between their rows and the domain.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use service_runtime::{BoxError, postgres::DatabaseError};

use super::schema::task_view;
use crate::domain::{
    CategoryId, Description, Details, Due, DueAfter, LabelRef, Links, Occurrence, OperationId,
    Priority, Recurrence, RecurrenceAnchor, RecurrenceRule, Reminders, Schedule, SeriesId, TagId,
    Task, TaskId, TaskState, TimeZone, Title,
};

/// A task as it is read, and as it is kept to undo a change.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = task_view, check_for_backend(diesel::pg::Pg))]
pub struct TaskRow {
    user_id: String,
    id: TaskId,
    title: String,
    description: String,
    priority: String,
    due_time: Option<DateTime<Utc>>,
    due_date: Option<NaiveDate>,
    start_time: Option<DateTime<Utc>>,
    time_zone: Option<String>,
    series_id: Option<SeriesId>,
    recurrence_id: Option<NaiveDateTime>,
    previous_task_id: Option<TaskId>,
    recurrence_rule: Option<String>,
    recurrence_anchor: Option<String>,
    series_start: Option<serde_json::Value>,
    reminders: serde_json::Value,
    muted: bool,
    category_id: Option<CategoryId>,
    category: Option<String>,
    tag_ids: Vec<TagId>,
    tags: Vec<String>,
    parent_task_id: Option<TaskId>,
    depends_on: Vec<TaskId>,
    blocked_by: Vec<TaskId>,
    version: i64,
    operation_id: Option<OperationId>,
    import_id: Option<String>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
    complete_time: Option<DateTime<Utc>>,
    delete_time: Option<DateTime<Utc>>,
    remind_time: Option<DateTime<Utc>>,
}

/// Start of a series' rule, and the distance to the due times of its occurrences.
#[derive(Serialize, Deserialize)]
struct SeriesStart {
    local: NaiveDateTime,
    due_after_days: Option<i32>,
    due_after_seconds: Option<i32>,
}

impl TaskRow {
    /// Returns the row of a task.
    pub fn of(task: &Task) -> Result<Self, DatabaseError> {
        let recurrence = task.schedule.recurrence();
        let occurrence = task.occurrence;
        let category = task.links.category.as_ref();
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
            series_id: occurrence.map(|occurrence| occurrence.series_id),
            recurrence_id: occurrence.map(|occurrence| occurrence.recurrence_id.naive()),
            previous_task_id: occurrence.and_then(|occurrence| occurrence.previous_task_id),
            recurrence_rule: recurrence.map(|recurrence| recurrence.rule.as_ref().to_owned()),
            recurrence_anchor: recurrence.map(|recurrence| recurrence.anchor.word().to_owned()),
            series_start: occurrence.map(series_start).transpose()?,
            reminders: reminders(task)?,
            muted: task.details.muted,
            category_id: category.map(|category| category.id),
            category: category.map(|category| category.name.clone()),
            tag_ids: task.links.tag_ids(),
            tags: task.links.tags.iter().map(|tag| tag.name.clone()).collect(),
            parent_task_id: task.links.parent_task_id,
            depends_on: task.links.depends_on.clone(),
            blocked_by: task.links.blocked_by.clone(),
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

    /// Puts the task together.
    pub fn into_task(self) -> Result<Task, DatabaseError> {
        self.assemble()
            .map_err(|cause| diesel::result::Error::DeserializationError(cause).into())
    }

    fn assemble(self) -> Result<Task, BoxError> {
        let recurrence = self.recurrence()?;
        let occurrence = self.occurrence()?;
        let due = self.due_time.map(|time| match self.due_date {
            Some(date) => Due::Date { date, begin: time },
            None => Due::Time(time),
        });
        let details = Details {
            title: Title::from_stored(self.title),
            description: Description::from_stored(self.description),
            priority: Priority::from_word(&self.priority)
                .ok_or("unknown priority in table tasks")?,
            muted: self.muted,
        };
        let reminders: Reminders = serde_json::from_value(self.reminders)?;
        let time_zone = self.time_zone.map(TimeZone::from_stored);
        let category = self.category_id.zip(self.category);
        let tags = self.tag_ids.into_iter().zip(self.tags);
        let links = Links {
            category: category.map(|(id, name)| LabelRef { id, name }),
            tags: tags.map(|(id, name)| LabelRef { id, name }).collect(),
            parent_task_id: self.parent_task_id,
            depends_on: self.depends_on,
            blocked_by: self.blocked_by,
        };
        Ok(Task {
            id: self.id,
            user_id: self.user_id.parse()?,
            details,
            schedule: Schedule::from_stored(due, self.start_time, time_zone, recurrence, reminders),
            links,
            occurrence,
            state: self.complete_time.map_or(TaskState::Open, |complete_time| {
                TaskState::Completed { complete_time }
            }),
            version: self.version,
            operation_id: self.operation_id,
            import_id: self.import_id,
            create_time: self.create_time,
            update_time: self.update_time,
            delete_time: self.delete_time,
            remind_time: self.remind_time,
        })
    }

    fn recurrence(&self) -> Result<Option<Recurrence>, BoxError> {
        let (Some(rule), Some(anchor)) = (&self.recurrence_rule, &self.recurrence_anchor) else {
            return Ok(None);
        };
        Ok(Some(Recurrence {
            rule: RecurrenceRule::new(rule.clone()).ok_or("empty rule in table series")?,
            anchor: RecurrenceAnchor::from_word(anchor).ok_or("unknown anchor in table series")?,
        }))
    }

    fn occurrence(&self) -> Result<Option<Occurrence>, BoxError> {
        let (Some(series_id), Some(recurrence_id), Some(start)) =
            (self.series_id, self.recurrence_id, &self.series_start)
        else {
            return Ok(None);
        };
        let start = SeriesStart::deserialize(start)?;
        Ok(Some(Occurrence {
            series_id,
            start_local: start.local.into(),
            due_after: DueAfter {
                days: start.due_after_days,
                seconds: start.due_after_seconds,
            },
            recurrence_id: recurrence_id.into(),
            previous_task_id: self.previous_task_id,
        }))
    }
}

fn series_start(occurrence: Occurrence) -> Result<serde_json::Value, DatabaseError> {
    json(&SeriesStart {
        local: occurrence.start_local.naive(),
        due_after_days: occurrence.due_after.days,
        due_after_seconds: occurrence.due_after.seconds,
    })
}

/// Returns the reminders of a task as they are kept.
pub fn reminders(task: &Task) -> Result<serde_json::Value, DatabaseError> {
    json(task.schedule.reminders())
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, DatabaseError> {
    serde_json::to_value(value)
        .map_err(|cause| diesel::result::Error::SerializationError(cause.into()).into())
}
