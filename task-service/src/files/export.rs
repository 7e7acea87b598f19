//! Tasks as files show them: the gateway's JSON of a task, without empty fields and those that mean nothing outside of the service.

use std::io;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{csv, format::Format, ndjson::is_nothing};
use crate::domain::{Details, Due, Links, Task};

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
        ("priority", enumerated("PRIORITY", priority.word())),
        ("state", enumerated("TASK_STATE", state.word())),
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
            json!(
                recurrence
                    .map(|recurrence| enumerated("RECURRENCE_ANCHOR", recurrence.anchor.word()))
            ),
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

/// Returns the name that an enumeration has for a word.
fn enumerated(prefix: &str, word: &str) -> Value {
    json!(format!("{prefix}_{}", word.to_uppercase()))
}
