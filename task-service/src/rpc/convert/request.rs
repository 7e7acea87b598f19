//! Requests. Each message is taken apart field by field, so that a new field breaks the build and not the data.

use std::str::FromStr;

use taskmesh_proto::task::v1 as pb;

use super::{
    field::{ScheduleFields, detail_changes, details, instant},
    mask::UpdateMask,
};
use crate::{
    domain::{Etag, Schedule, TaskId, Violations},
    operations::{Target, create_occurrence, create_task, update_task},
};

impl From<pb::CreateTaskRequest> for create_task::Input {
    fn from(message: pb::CreateTaskRequest) -> Self {
        let pb::CreateTaskRequest {
            title,
            description,
            priority,
            due_time,
            time_zone,
            recurrence_rule,
            recurrence_anchor,
            reminders,
            muted,
        } = message;
        let schedule = ScheduleFields {
            due_time,
            time_zone,
            recurrence_rule,
            recurrence_anchor,
            reminders,
        };
        Self {
            details: details(&title, &description, priority, muted),
            schedule: schedule
                .changes(&UpdateMask::all())
                .and_then(|changes| changes.apply(&Schedule::default())),
        }
    }
}

impl TryFrom<pb::UpdateTaskRequest> for update_task::Input {
    type Error = Violations;

    fn try_from(message: pb::UpdateTaskRequest) -> Result<Self, Violations> {
        let pb::UpdateTaskRequest {
            task_id,
            update_mask,
            etag,
            title,
            description,
            priority,
            due_time,
            time_zone,
            recurrence_rule,
            recurrence_anchor,
            reminders,
            muted,
        } = message;
        let mut violations = Violations::default();
        let target = violations.check("task_id", task_id.parse().map_err(|_| NOT_A_UUID));
        let mask = UpdateMask::parse(update_mask, &mut violations);
        let details = detail_changes(&mask, &title, &description, priority, muted);
        let schedule = ScheduleFields {
            due_time,
            time_zone,
            recurrence_rule,
            recurrence_anchor,
            reminders,
        }
        .changes(&mask);
        match target {
            Some(task_id) if violations.is_empty() => Ok(Self {
                target: Target {
                    task_id,
                    etag: Etag::given(etag),
                },
                details,
                schedule,
            }),
            _ => {
                violations.extend(details.err().unwrap_or_default());
                violations.extend(schedule.err().unwrap_or_default());
                Err(violations)
            }
        }
    }
}

impl TryFrom<pb::CreateOccurrenceRequest> for create_occurrence::Input {
    type Error = Violations;

    fn try_from(message: pb::CreateOccurrenceRequest) -> Result<Self, Violations> {
        let pb::CreateOccurrenceRequest {
            series_id,
            previous_task_id,
            recurrence_id,
            due_time,
        } = message;
        let mut violations = Violations::default();
        let series_id = violations.check("series_id", series_id.parse().map_err(|_| NOT_A_UUID));
        let previous_task_id = violations.check(
            "previous_task_id",
            previous_task_id.parse().map_err(|_| NOT_A_UUID),
        );
        let recurrence_id = violations.check("recurrence_id", recurrence_id.parse());
        let due_time = due_time
            .and_then(instant)
            .ok_or("must be given, and be a moment");
        let due_time = violations.check("due_time", due_time);
        match (series_id, previous_task_id, recurrence_id, due_time) {
            (Some(series_id), Some(previous_task_id), Some(recurrence_id), Some(due_time)) => {
                Ok(Self {
                    series_id,
                    previous_task_id,
                    recurrence_id,
                    due_time,
                })
            }
            _ => Err(violations),
        }
    }
}

impl TryFrom<pb::CompleteTaskRequest> for Target {
    type Error = Violations;

    fn try_from(message: pb::CompleteTaskRequest) -> Result<Self, Violations> {
        let pb::CompleteTaskRequest { task_id, etag } = message;
        target(&task_id, etag)
    }
}

impl TryFrom<pb::ReopenTaskRequest> for Target {
    type Error = Violations;

    fn try_from(message: pb::ReopenTaskRequest) -> Result<Self, Violations> {
        let pb::ReopenTaskRequest { task_id, etag } = message;
        target(&task_id, etag)
    }
}

impl TryFrom<pb::DeleteTaskRequest> for Target {
    type Error = Violations;

    fn try_from(message: pb::DeleteTaskRequest) -> Result<Self, Violations> {
        let pb::DeleteTaskRequest { task_id, etag } = message;
        target(&task_id, etag)
    }
}

impl TryFrom<pb::UndeleteTaskRequest> for Target {
    type Error = Violations;

    fn try_from(message: pb::UndeleteTaskRequest) -> Result<Self, Violations> {
        let pb::UndeleteTaskRequest { task_id, etag } = message;
        target(&task_id, etag)
    }
}

const NOT_A_UUID: &str = "must be a UUID such as 019ab8c0-6f4e-7cc2-9d5b-0123456789ab";

/// Reads the id of a request that has nothing else.
pub fn task_id(message: pb::GetTaskRequest) -> Result<TaskId, Violations> {
    let pb::GetTaskRequest { task_id } = message;
    target(&task_id, String::new()).map(|target| target.task_id)
}

fn target(task_id: &str, etag: String) -> Result<Target, Violations> {
    let task_id = id("task_id", task_id)?;
    Ok(Target {
        task_id,
        etag: Etag::given(etag),
    })
}

fn id<T: FromStr>(field: &str, text: &str) -> Result<T, Violations> {
    let mut violations = Violations::default();
    violations
        .check(field, text.parse().map_err(|_| NOT_A_UUID))
        .ok_or(violations)
}
