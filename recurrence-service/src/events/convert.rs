//! From the event to what it says about a series.

use chrono::{DateTime, NaiveDateTime, Utc};
use service_runtime::{clock::from_timestamp, ids::UserId};
use taskmesh_proto::task::v1 as pb;

use crate::{
    domain::{Anchor, DueAfter, Series, SeriesId, TaskId, TimeZone, parse_local_time},
    rpc,
};

/// A completed occurrence of a series.
#[derive(Debug)]
pub(super) struct CompletedOccurrence {
    pub user_id: UserId,
    pub task_id: TaskId,
    pub series_id: SeriesId,
    pub series: Series,
    /// The local time it was scheduled for.
    pub scheduled: NaiveDateTime,
    pub complete_time: DateTime<Utc>,
}

/// An event that says less than it must, or something that cannot be; names the field.
#[derive(Debug, thiserror::Error)]
#[error("{field} {problem}")]
pub(super) struct Malformed {
    field: &'static str,
    problem: String,
}

impl Malformed {
    fn new(field: &'static str, problem: impl ToString) -> Self {
        Self {
            field,
            problem: problem.to_string(),
        }
    }

    fn missing(field: &'static str) -> Self {
        Self::new(field, "is missing")
    }
}

/// Reads an event; none if it is not the completion of an occurrence.
pub(super) fn completed_occurrence(
    event: &pb::TaskEvent,
) -> Result<Option<CompletedOccurrence>, Malformed> {
    if !matches!(event.change, Some(pb::task_event::Change::Completed(_))) {
        return Ok(None);
    }
    let task = event.task.as_ref().ok_or(Malformed::missing("task"))?;
    let pb::Series {
        series_id,
        recurrence_rule,
        recurrence_anchor,
        time_zone,
        start_local,
        due_after_days,
        due_after_seconds,
    } = event.series.as_ref().ok_or(Malformed::missing("series"))?;

    let rule = recurrence_rule
        .parse()
        .map_err(|error| Malformed::new("series.recurrence_rule", error))?;
    let zone: TimeZone = time_zone
        .parse()
        .map_err(|error| Malformed::new("series.time_zone", error))?;
    let anchor: Anchor = rpc::anchor(*recurrence_anchor)
        .ok_or_else(|| Malformed::new("series.recurrence_anchor", "is unknown"))?;
    let start = local_time("series.start_local", start_local)?;
    let complete_time = task
        .complete_time
        .ok_or(Malformed::missing("task.complete_time"))?;

    Ok(Some(CompletedOccurrence {
        user_id: event
            .user_id
            .parse()
            .map_err(|error| Malformed::new("user_id", error))?,
        task_id: task
            .id
            .parse()
            .map_err(|error| Malformed::new("task.id", error))?,
        series_id: series_id
            .parse()
            .map_err(|error| Malformed::new("series.series_id", error))?,
        series: Series::new(&rule, zone, start, anchor)
            .map_err(|error| Malformed::new("series", error))?
            .due_after(due_after_days.map(|days| DueAfter {
                days,
                seconds: *due_after_seconds,
            })),
        scheduled: local_time("task.recurrence_id", &task.recurrence_id)?,
        complete_time: from_timestamp(complete_time)
            .ok_or_else(|| Malformed::new("task.complete_time", "is not a moment"))?,
    }))
}

fn local_time(field: &'static str, text: &str) -> Result<NaiveDateTime, Malformed> {
    parse_local_time(text)
        .ok_or_else(|| Malformed::new(field, "is not a local time such as 2026-12-01T09:00:00"))
}
