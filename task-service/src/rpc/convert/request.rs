//! Requests. Each message is taken apart field by field, so that a new field breaks the build and not the data.

use std::str::FromStr;

use prost_types::FieldMask;
use taskmesh_proto::task::v1 as pb;

use super::{
    field::{LinkFields, NOT_A_UUID, ScheduleFields, detail_changes, details, instant},
    mask::{TASK_FIELDS, UpdateMask},
};
use crate::{
    domain::{Edit, Etag, Name, RecurrenceRule, ScheduleChanges, TaskId, Violations},
    operations::{
        CompleteTask, CreateOccurrence, CreateTask, DeleteTask, ReopenTask, ScheduleInput, TagTask,
        Target, UndeleteTask, UndoOperation, UpdateTask,
    },
};

impl TryFrom<pb::CreateTaskRequest> for CreateTask {
    type Error = Violations;

    fn try_from(message: pb::CreateTaskRequest) -> Result<Self, Violations> {
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
            due_date,
            due_local_time,
            start_time,
            category,
            tags,
            parent_task_id,
            depends_on,
            request_id,
            validate_only,
        } = message;
        let mask = UpdateMask::of(TASK_FIELDS);
        let rule = RecurrenceRule::new(recurrence_rule.clone());
        let mut violations = Violations::default();
        check_control(&request_id, validate_only, &mut violations);
        let schedule = ScheduleFields {
            due_time,
            due_date,
            due_local_time,
            start_time,
            time_zone,
            recurrence_rule,
            recurrence_anchor,
            reminders,
        };
        let links = LinkFields {
            category,
            tags,
            parent_task_id,
            depends_on,
        };
        let details = details(&title, &description, priority, muted);
        // What is wrong is told together with what the recurrence-service has to say of the rule. A zone that is not given
        // is not emptied on purpose.
        let schedule = schedule.changes(&mask).map(|changes| ScheduleChanges {
            time_zone: match changes.time_zone {
                Edit::Set(None) => Edit::Keep,
                zone => zone,
            },
            ..changes
        });
        if !violations.is_empty() {
            return Err(violations);
        }
        Ok(Self {
            details,
            schedule: ScheduleInput {
                changes: schedule,
                rule,
            },
            links: links.changes(&mask),
        })
    }
}

impl TryFrom<pb::UpdateTaskRequest> for UpdateTask {
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
            due_date,
            due_local_time,
            start_time,
            category,
            tags,
            parent_task_id,
            depends_on,
            request_id,
            validate_only,
        } = message;
        let mut violations = Violations::default();
        check_control(&request_id, validate_only, &mut violations);
        let target = violations.check("task_id", task_id.parse().map_err(|_| NOT_A_UUID));
        let mask = UpdateMask::parse(update_mask, TASK_FIELDS, &mut violations);
        let rule = match mask.has("recurrence_rule") {
            true => RecurrenceRule::new(recurrence_rule.clone()),
            false => None,
        };
        let details = detail_changes(&mask, &title, &description, priority, muted);
        let schedule = ScheduleFields {
            due_time,
            due_date,
            due_local_time,
            start_time,
            time_zone,
            recurrence_rule,
            recurrence_anchor,
            reminders,
        }
        .changes(&mask);
        let links = LinkFields {
            category,
            tags,
            parent_task_id,
            depends_on,
        }
        .changes(&mask);
        match target {
            Some(task_id) if violations.is_empty() => Ok(Self {
                target: Target {
                    task_id,
                    etag: Etag::given(etag),
                },
                details,
                schedule: ScheduleInput {
                    changes: schedule,
                    rule,
                },
                links,
            }),
            _ => {
                violations.extend(details.err().unwrap_or_default());
                violations.extend(schedule.err().unwrap_or_default());
                violations.extend(links.err().unwrap_or_default());
                Err(violations)
            }
        }
    }
}

impl TryFrom<pb::SetRecurrenceRequest> for UpdateTask {
    type Error = Violations;

    fn try_from(message: pb::SetRecurrenceRequest) -> Result<Self, Violations> {
        let pb::SetRecurrenceRequest {
            task_id,
            recurrence_rule,
            recurrence_anchor,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        // An anchor that is not given stays, unless the rule goes.
        let fields: &[&str] = match recurrence_anchor {
            0 => &["recurrence_rule"],
            _ => &["recurrence_rule", "recurrence_anchor"],
        };
        let paths = fields.iter().map(ToString::to_string).collect();
        pb::UpdateTaskRequest {
            task_id,
            update_mask: Some(FieldMask { paths }),
            etag,
            recurrence_rule,
            recurrence_anchor,
            ..pb::UpdateTaskRequest::default()
        }
        .try_into()
    }
}

impl TryFrom<pb::SetRemindersRequest> for UpdateTask {
    type Error = Violations;

    fn try_from(message: pb::SetRemindersRequest) -> Result<Self, Violations> {
        let pb::SetRemindersRequest {
            task_id,
            reminders,
            muted,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        pb::UpdateTaskRequest {
            task_id,
            update_mask: Some(FieldMask {
                paths: vec!["reminders".to_owned(), "muted".to_owned()],
            }),
            etag,
            reminders,
            muted,
            ..pb::UpdateTaskRequest::default()
        }
        .try_into()
    }
}

/// Refuses what belongs to the batch within its items. Of a call of its own it was taken out before.
fn check_control(request_id: &str, validate_only: bool, violations: &mut Violations) {
    const WHERE: &str = "applies to the whole batch; set it there, not on an item";
    if !request_id.is_empty() {
        violations.push("request_id", WHERE);
    }
    if validate_only {
        violations.push("validate_only", WHERE);
    }
}

impl TryFrom<pb::CreateOccurrenceRequest> for CreateOccurrence {
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
            .ok_or("is missing or is not a valid time");
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

impl TryFrom<pb::CompleteTaskRequest> for CompleteTask {
    type Error = Violations;

    fn try_from(message: pb::CompleteTaskRequest) -> Result<Self, Violations> {
        let pb::CompleteTaskRequest {
            task_id,
            etag,
            complete_children,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(&task_id, etag)?;
        Ok(Self {
            target,
            complete_children,
        })
    }
}

impl TryFrom<pb::ReopenTaskRequest> for ReopenTask {
    type Error = Violations;

    fn try_from(message: pb::ReopenTaskRequest) -> Result<Self, Violations> {
        let pb::ReopenTaskRequest {
            task_id,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(&task_id, etag)?;
        Ok(Self { target })
    }
}

impl TryFrom<pb::DeleteTaskRequest> for DeleteTask {
    type Error = Violations;

    fn try_from(message: pb::DeleteTaskRequest) -> Result<Self, Violations> {
        let pb::DeleteTaskRequest {
            task_id,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(&task_id, etag)?;
        Ok(Self { target })
    }
}

impl TryFrom<pb::UndeleteTaskRequest> for UndeleteTask {
    type Error = Violations;

    fn try_from(message: pb::UndeleteTaskRequest) -> Result<Self, Violations> {
        let pb::UndeleteTaskRequest {
            task_id,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(&task_id, etag)?;
        Ok(Self { target })
    }
}

impl TryFrom<pb::TagTaskRequest> for TagTask {
    type Error = Violations;

    fn try_from(message: pb::TagTaskRequest) -> Result<Self, Violations> {
        let pb::TagTaskRequest {
            task_id,
            tag,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        tag_task(&task_id, &tag, etag, true)
    }
}

impl TryFrom<pb::UntagTaskRequest> for TagTask {
    type Error = Violations;

    fn try_from(message: pb::UntagTaskRequest) -> Result<Self, Violations> {
        let pb::UntagTaskRequest {
            task_id,
            tag,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        tag_task(&task_id, &tag, etag, false)
    }
}

fn tag_task(task_id: &str, tag: &str, etag: String, tagged: bool) -> Result<TagTask, Violations> {
    let target = target(task_id, etag);
    let mut violations = Violations::default();
    let tag = violations.check("tag", Name::parse(tag)).ok_or(violations);
    let (target, tag) = Violations::both(target, tag)?;
    Ok(TagTask {
        target,
        tag,
        tagged,
    })
}

impl TryFrom<pb::UndoOperationRequest> for UndoOperation {
    type Error = Violations;

    fn try_from(message: pb::UndoOperationRequest) -> Result<Self, Violations> {
        let pb::UndoOperationRequest {
            operation_id,
            request_id: _,
            validate_only: _,
        } = message;
        Ok(Self {
            operation_id: id("operation_id", &operation_id)?,
        })
    }
}

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

/// Reads an id.
pub fn id<T: FromStr>(field: &str, text: &str) -> Result<T, Violations> {
    let mut violations = Violations::default();
    violations
        .check(field, text.parse().map_err(|_| NOT_A_UUID))
        .ok_or(violations)
}
