use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::loss::Loss;
use crate::domain::{Priority, RecurrenceAnchor, Reminder};

/// The most losses of one task, and the most fields of it that no task keeps.
const MOST_LOSSES: usize = 100;

/// Task as a file describes it, parsed but not validated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileTask {
    /// The line of the file at which it begins, from 1.
    pub line: usize,
    /// Its id or UID in the file; empty if it has none.
    pub source_id: String,
    /// Identity across repeated imports: its id, or a digest of its content.
    pub identity: String,
    /// Title.
    pub title: String,
    /// More about it.
    pub description: String,
    /// Priority, if the file states one.
    pub priority: Option<Priority>,
    /// True if it is completed.
    pub completed: bool,
    /// When it was completed, if the file says so.
    pub complete_time: Option<DateTime<Utc>>,
    /// When it should be done.
    pub due: Option<When>,
    /// The name of the zone in which the due time is meant; empty if the file does not say it.
    pub time_zone: String,
    /// Before when lists leave it out.
    pub start: Option<DateTime<Utc>>,
    /// Recurrence rule of RFC 5545; empty if it does not repeat.
    pub recurrence_rule: String,
    /// Anchor of the next occurrence, if the file states one.
    pub recurrence_anchor: Option<RecurrenceAnchor>,
    /// When to remind; the minutes can be out of bounds.
    pub reminders: Vec<Reminder>,
    /// No reminders, not even the default one.
    pub muted: bool,
    /// The name of its category; empty for none.
    pub category: String,
    /// The names of its tags.
    pub tags: Vec<String>,
    /// Id of its parent in the file; empty for none.
    pub parent: String,
    /// The ids, in the file, of the tasks that must be done before it.
    pub depends_on: Vec<String>,
    /// Fields that could not be read.
    pub losses: Vec<Loss>,
    /// Fields that no task keeps, with the reasons, which are reported once for all tasks.
    pub lost_in_common: Vec<(String, &'static str)>,
}

/// A moment in the ways that people name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A day, at no certain time.
    Date(NaiveDate),
    /// A time on the clocks of the task's zone, or the user's if it has none.
    Local(NaiveDateTime),
    /// A moment that is the same everywhere.
    Instant(DateTime<Utc>),
}

impl FileTask {
    /// Returns a task of which only the place is known.
    pub fn at(line: usize) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }

    /// Notes that a field could not be kept.
    pub fn lose(&mut self, field: &str, reason: impl Into<String>) {
        let loss = match self.losses.len() {
            0..MOST_LOSSES => Loss::new(self.line, &self.source_id, field, reason),
            MOST_LOSSES => {
                let reason = "has more fields that could not be kept";
                Loss::new(self.line, &self.source_id, "*", reason)
            }
            _ => return,
        };
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }

    /// Notes that it has a field that no task keeps.
    pub fn lose_in_common(&mut self, field: &str, reason: &'static str) {
        let is_known = |(known, _): &(String, _)| known == field;
        if self.lost_in_common.len() < MOST_LOSSES && !self.lost_in_common.iter().any(is_known) {
            self.lost_in_common.push((field.to_owned(), reason));
        }
    }
}
