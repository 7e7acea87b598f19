//! Tasks as files show them: the gateway's JSON of a task, without empty fields and those that mean nothing outside of the service.

use std::io;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{csv, format::Format, ndjson::is_nothing};
use crate::domain::{Details, Due, Links, Priority, RecurrenceAnchor, Task, TaskState};

/// Writes tasks in a format, chunk by chunk.
#[derive(Debug)]
pub struct Writer {
    format: Format,
    began: bool,
}

impl Writer {
    /// Begins a file; iCalendar is written as NDJSON, for it is only read.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            began: false,
        }
    }

    /// Returns the next part of the file; the first one has the header, also if it has no tasks.
    pub fn chunk(&mut self, tasks: &[Task]) -> io::Result<Vec<u8>> {
        let records: Vec<Map<String, Value>> = tasks.iter().map(record).collect();
        let is_first = !std::mem::replace(&mut self.began, true);
        match self.format {
            Format::Csv => csv::write(&records, is_first),
            Format::Ndjson | Format::Calendar => {
                let mut chunk = Vec::new();
                for record in &records {
                    serde_json::to_writer(&mut chunk, record)?;
                    chunk.push(b'\n');
                }
                Ok(chunk)
            }
        }
    }
}

fn record(task: &Task) -> Map<String, Value> {
    let Task {
        id,
        user_id: _,
        details,
        schedule,
        links,
        occurrence,
        state,
        version: _,
        operation_id: _,
        import_id: _,
        create_time,
        update_time,
        delete_time,
        remind_time: _,
    } = task;
    let Details {
        title,
        description,
        priority,
        muted,
    } = details;
    let Links {
        category,
        tags,
        parent_task_id,
        depends_on,
        blocked_by: _,
    } = links;
    let recurrence = schedule.recurrence();
    let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    let ids: Vec<String> = depends_on.iter().map(ToString::to_string).collect();
    let fields = [
        ("id", text(Some(id))),
        ("title", text(Some(title))),
        ("description", text(Some(description))),
        ("priority", json!(priority_name(*priority))),
        ("state", json!(state_name(*state))),
        ("due_date", text(schedule.due().and_then(Due::date))),
        ("due_time", time(schedule.due_time())),
        ("due_local_time", text(schedule.due_local_time())),
        ("time_zone", text(schedule.time_zone())),
        ("start_time", time(schedule.start_time())),
        (
            "recurrence_rule",
            json!(recurrence.map(|recurrence| recurrence.rule.as_ref())),
        ),
        (
            "recurrence_anchor",
            json!(recurrence.map(|recurrence| anchor_name(recurrence.anchor))),
        ),
        ("series_id", text(task.series_id())),
        (
            "recurrence_id",
            text(occurrence.map(|occurrence| occurrence.recurrence_id)),
        ),
        ("reminders", json!(schedule.reminders())),
        ("muted", json!(muted)),
        (
            "category",
            text(category.as_ref().map(|category| &category.name)),
        ),
        ("tags", json!(names)),
        ("parent_task_id", text(*parent_task_id)),
        ("depends_on", json!(ids)),
        ("create_time", time(Some(*create_time))),
        ("update_time", time(Some(*update_time))),
        ("complete_time", time(state.complete_time())),
        ("delete_time", time(*delete_time)),
    ];
    fields
        .into_iter()
        .filter(|(_, value)| !is_nothing(value))
        .map(|(field, value)| (field.to_owned(), value))
        .collect()
}

fn text(value: Option<impl ToString>) -> Value {
    json!(value.map(|value| value.to_string()))
}

fn time(time: Option<DateTime<Utc>>) -> Value {
    text(time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
}

fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "PRIORITY_LOW",
        Priority::Medium => "PRIORITY_MEDIUM",
        Priority::High => "PRIORITY_HIGH",
        Priority::Urgent => "PRIORITY_URGENT",
    }
}

fn state_name(state: TaskState) -> &'static str {
    match state {
        TaskState::Open => "TASK_STATE_OPEN",
        TaskState::Completed { .. } => "TASK_STATE_COMPLETED",
    }
}

fn anchor_name(anchor: RecurrenceAnchor) -> &'static str {
    match anchor {
        RecurrenceAnchor::Schedule => "RECURRENCE_ANCHOR_SCHEDULE",
        RecurrenceAnchor::Completion => "RECURRENCE_ANCHOR_COMPLETION",
    }
}
