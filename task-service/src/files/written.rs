use std::io;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Format, csv};

/// A task as files show it: the gateway's JSON of a task, without the fields that are empty and those that mean nothing outside
/// of the service.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WrittenTask {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `PRIORITY_LOW` to `PRIORITY_URGENT`.
    pub priority: &'static str,
    /// `TASK_STATE_OPEN` or `TASK_STATE_COMPLETED`.
    pub state: &'static str,
    /// The day on which it should be done, if at no certain time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub due_date: String,
    /// When it should be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub due_time: String,
    /// The same on the clocks of its zone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub due_local_time: String,
    /// The zone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// Before when lists leave it out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub start_time: String,
    /// How it repeats.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub recurrence_rule: String,
    /// `RECURRENCE_ANCHOR_SCHEDULE` or `RECURRENCE_ANCHOR_COMPLETION` of a task that repeats.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub recurrence_anchor: &'static str,
    /// The series that it is an occurrence of.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub series_id: String,
    /// Which occurrence it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub recurrence_id: String,
    /// When to remind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reminders: Vec<WrittenReminder>,
    /// No reminders.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
    /// The name of its category.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// The names of its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The task that it is a part of.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub parent_task_id: String,
    /// The tasks that must be done before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// When it was created.
    pub create_time: String,
    /// When it last changed.
    pub update_time: String,
    /// When it was completed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub complete_time: String,
    /// When it was deleted.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub delete_time: String,
}

/// When to remind, as files show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WrittenReminder {
    /// Minutes before it is due.
    MinutesBeforeDue(i32),
    /// A moment of its own.
    AtTime(String),
}

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
    pub fn chunk(&mut self, tasks: &[WrittenTask]) -> io::Result<Vec<u8>> {
        let records = tasks.iter().map(record).collect::<Result<Vec<_>, _>>()?;
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

fn record(task: &WrittenTask) -> Result<Map<String, Value>, serde_json::Error> {
    match serde_json::to_value(task)? {
        Value::Object(record) => Ok(record),
        _ => Ok(Map::new()),
    }
}
