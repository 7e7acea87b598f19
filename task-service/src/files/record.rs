use chrono::{NaiveDate, NaiveDateTime, Utc};

use super::{
    loss::Loss,
    record_value::{
        Complaint, anchor, date, flag, instant, is_completed, local_time, priority, reminder,
    },
    task::{FileTask, When},
};

const BEGINS_ANEW: &str = "belongs to the exported task and is set again by the import";
const UNKNOWN: &str = "is not a field of a task";

/// Task in a line of NDJSON or a row of CSV, field by field, under the names of the contract.
pub struct Record {
    task: FileTask,
    due_date: Option<NaiveDate>,
    due_time: Option<chrono::DateTime<Utc>>,
    due_local_time: Option<NaiveDateTime>,
    completed: Option<bool>,
    deleted: bool,
}

/// Kind of content of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// One value.
    Value,
    /// Many.
    List,
    /// Nothing that is kept.
    Nothing,
}

impl Holds {
    /// Returns what the field of a name holds.
    pub fn of(field: &str) -> Self {
        match field {
            "tags" | "depends_on" | "reminders" => Self::List,
            "id" | "title" | "description" | "priority" | "state" | "due" | "due_date"
            | "due_time" | "due_local_time" | "time_zone" | "start_time" | "recurrence_rule"
            | "recurrence_anchor" | "muted" | "category" | "parent_task_id" | "complete_time"
            | "delete_time" => Self::Value,
            _ => Self::Nothing,
        }
    }
}

impl Record {
    /// Begins the record of a line; its id comes first, because losses name it.
    pub fn new(line: usize, source_id: &str) -> Self {
        let mut task = FileTask::at(line);
        source_id.trim().clone_into(&mut task.source_id);
        Self {
            task,
            due_date: None,
            due_time: None,
            due_local_time: None,
            completed: None,
            deleted: false,
        }
    }

    /// Reads a field of one value; an empty one is the same as none.
    pub fn value(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let read = match field {
            "id" => Ok(()),
            "title" => set(&mut self.task.title, Ok(text.to_owned())),
            "description" => set(&mut self.task.description, Ok(text.to_owned())),
            "priority" => set(&mut self.task.priority, priority(text)),
            "state" => set(&mut self.completed, is_completed(text)),
            "due" => self.due(text),
            "due_date" => set(&mut self.due_date, date(text).map(Some)),
            "due_time" => set(&mut self.due_time, instant(text).map(Some)),
            "due_local_time" => set(&mut self.due_local_time, local_time(text).map(Some)),
            "time_zone" => set(&mut self.task.time_zone, Ok(text.trim().to_owned())),
            "start_time" => set(&mut self.task.start, instant(text).map(Some)),
            "recurrence_rule" => set(&mut self.task.recurrence_rule, Ok(text.trim().to_owned())),
            "recurrence_anchor" => set(&mut self.task.recurrence_anchor, anchor(text)),
            "muted" => set(&mut self.task.muted, flag(text)),
            "category" => set(&mut self.task.category, Ok(text.to_owned())),
            "parent_task_id" => set(&mut self.task.parent, Ok(text.trim().to_owned())),
            "complete_time" => set(&mut self.task.complete_time, instant(text).map(Some)),
            "delete_time" => set(&mut self.deleted, Ok(true)),
            _ => {
                self.nothing(field);
                Ok(())
            }
        };
        if let Err(complaint) = read {
            self.task.lose(field, complaint);
        }
    }

    /// Reads a date or a time, as other programs write them in one column.
    fn due(&mut self, text: &str) -> Result<(), Complaint> {
        if let Ok(date) = date(text) {
            self.due_date = Some(date);
        } else if let Ok(time) = instant(text) {
            self.due_time = Some(time);
        } else if let Ok(time) = local_time(text) {
            self.due_local_time = Some(time);
        } else {
            return Err(
                "is neither a date such as 2026-12-01 nor a time such as 2026-12-01T09:00:00",
            );
        }
        Ok(())
    }

    /// Reads a field of many values.
    pub fn list(&mut self, field: &str, items: Vec<String>) {
        match field {
            "tags" => self.task.tags = items,
            "depends_on" => self.task.depends_on = items,
            "reminders" => {
                for item in items {
                    match reminder(&item) {
                        Ok(reminder) => self.task.reminders.push(reminder),
                        Err(complaint) => self.task.lose(field, complaint),
                    }
                }
            }
            _ => self.nothing(field),
        }
    }

    /// Notes a field that nothing is kept of.
    pub fn nothing(&mut self, field: &str) {
        let reason = match field {
            "series_id" | "recurrence_id" | "create_time" | "update_time" | "remind_time"
            | "etag" | "operation_id" | "blocked_by" => BEGINS_ANEW,
            _ => UNKNOWN,
        };
        self.task.lose_in_common(field, reason);
    }

    /// Notes that a field holds something else than it should.
    pub fn lose(&mut self, field: &str, complaint: impl Into<String>) {
        self.task.lose(field, complaint);
    }

    /// Returns the task, or why it is none to import.
    pub fn finish(self) -> Result<FileTask, Loss> {
        let Self {
            mut task,
            due_date,
            due_time,
            due_local_time,
            completed,
            deleted,
        } = self;
        if deleted {
            let reason = "is deleted; restore it before the export, or remove its delete_time";
            return Err(Loss::whole(task.line, &task.source_id, reason));
        }
        // A file of ours has all three of a date: its day, and when that begins.
        task.due = due_date
            .map(When::Date)
            .or(due_time.map(When::Instant))
            .or(due_local_time.map(When::Local));
        task.completed = completed.unwrap_or(task.complete_time.is_some());
        if !task.completed {
            task.complete_time = None;
        }
        Ok(task)
    }
}

fn set<T>(place: &mut T, value: Result<T, Complaint>) -> Result<(), Complaint> {
    value.map(|value| *place = value)
}
