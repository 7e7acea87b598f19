use chrono::{DateTime, Utc};

use super::{DueAfter, LocalTime, SeriesId, TaskId};

/// The place of a task in its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The series.
    pub series_id: SeriesId,
    /// The local time of the first occurrence, which anchors the rule.
    pub start_local: LocalTime,
    /// The distance from start to due time in every occurrence that is not moved.
    pub due_after: DueAfter,
    /// The scheduled local time of this occurrence, of its start if it has one; stays when the occurrence is moved.
    pub recurrence_id: LocalTime,
    /// The completed occurrence that this one followed; none for the first.
    pub previous_task_id: Option<TaskId>,
}

/// First occurrence of a series: a date of its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstOccurrence {
    /// The local time.
    pub recurrence_id: LocalTime,
    /// The same moment as an instant.
    pub time: DateTime<Utc>,
}

impl Occurrence {
    /// Returns the place of the first occurrence of a new series.
    pub fn first(series_id: SeriesId, first: FirstOccurrence, due_after: DueAfter) -> Self {
        Self {
            series_id,
            start_local: first.recurrence_id,
            due_after,
            recurrence_id: first.recurrence_id,
            previous_task_id: None,
        }
    }

    /// Returns the place of the occurrence that follows this one.
    pub fn followed_by(self, task_id: TaskId, recurrence_id: LocalTime) -> Self {
        Self {
            recurrence_id,
            previous_task_id: Some(task_id),
            ..self
        }
    }
}
