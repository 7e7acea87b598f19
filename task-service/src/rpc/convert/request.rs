//! Requests. Each message is taken apart field by field, so that a new field breaks the build and not the data.

use std::str::FromStr;

use prost_types::FieldMask;
use service_runtime::clock::from_timestamp;
use taskmesh_proto::task::v1 as pb;

use super::{
    field::{NOT_A_UUID, details, in_field, task_input},
    mask::{TASK_FIELDS, UpdateMask},
};
use crate::{
    domain::{Edit, Etag, Name, Violations},
    operations::{
        CompleteTask, CreateOccurrence, CreateTask, DeleteTask, GetTask, ReopenTask, TagTask,
        Target, TaskInput, UndeleteTask, UndoOperation, UpdateTask,
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
        let mut violations = Violations::default();
        check_control(&request_id, validate_only, &mut violations);
        violations.or(())?;
        let details = details(&title, &description, priority, muted);
        let fields = pb::UpdateTaskRequest {
            due_time,
            time_zone,
            recurrence_rule,
            recurrence_anchor,
            reminders,
            due_date,
            due_local_time,
            start_time,
            category,
            tags,
            parent_task_id,
            depends_on,
            ..pb::UpdateTaskRequest::default()
        };
        let TaskInput {
            details: _,
            mut schedule,
            links,
        } = task_input(fields, &UpdateMask::of(TASK_FIELDS));
        // A zone that is not given is not emptied on purpose.
        if let Ok(changes) = &mut schedule.changes
            && changes.time_zone == Edit::Set(None)
        {
            changes.time_zone = Edit::Keep;
        }
        Ok(Self(TaskInput {
            details,
            schedule,
            links,
        }))
    }
}

impl TryFrom<pb::UpdateTaskRequest> for UpdateTask {
    type Error = Violations;

    fn try_from(mut message: pb::UpdateTaskRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        check_control(&message.request_id, message.validate_only, &mut violations);
        let task_id = message.task_id.parse().map_err(|_| NOT_A_UUID);
        let task_id = violations.check("task_id", task_id);
        let mask = UpdateMask::parse(message.update_mask.take(), TASK_FIELDS, &mut violations);
        let etag = Etag::given(std::mem::take(&mut message.etag));
        let changes = task_input(message, &mask);
        match task_id {
            Some(task_id) if violations.is_empty() => Ok(Self {
                target: Target { task_id, etag },
                changes,
            }),
            _ => {
                violations.extend(changes.details.err().unwrap_or_default());
                violations.extend(changes.schedule.changes.err().unwrap_or_default());
                violations.extend(changes.links.err().unwrap_or_default());
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
            .and_then(from_timestamp)
            .ok_or("is missing or is not a valid time");
        let due_time = violations.check("due_time", due_time);
        let tasks = series_id.zip(previous_task_id);
        let fields = tasks.zip(recurrence_id.zip(due_time));
        let ((series_id, previous_task_id), (recurrence_id, due_time)) =
            fields.ok_or(violations)?;
        Ok(Self {
            series_id,
            previous_task_id,
            recurrence_id,
            due_time,
        })
    }
}

/// Converts requests that name a task, with its etag, and the other fields of the operation.
macro_rules! of_target {
    ($($request:ident => $operation:ident { $($field:ident),* };)*) => {$(
        impl TryFrom<pb::$request> for $operation {
            type Error = Violations;

            fn try_from(message: pb::$request) -> Result<Self, Violations> {
                let pb::$request {
                    task_id,
                    etag,
                    $($field,)*
                    request_id: _,
                    validate_only: _,
                } = message;
                let target = target(&task_id, etag)?;
                Ok(Self { target, $($field),* })
            }
        }
    )*};
}

of_target! {
    CompleteTaskRequest => CompleteTask { complete_children };
    ReopenTaskRequest => ReopenTask {};
    DeleteTaskRequest => DeleteTask {};
    UndeleteTaskRequest => UndeleteTask {};
}

/// Converts requests to add or remove a tag.
macro_rules! of_tag {
    ($($request:ident => $tagged:literal;)*) => {$(
        impl TryFrom<pb::$request> for TagTask {
            type Error = Violations;

            fn try_from(message: pb::$request) -> Result<Self, Violations> {
                let pb::$request {
                    task_id,
                    tag,
                    etag,
                    request_id: _,
                    validate_only: _,
                } = message;
                let tag = in_field("tag", Name::parse(&tag));
                let (target, tag) = Violations::both(target(&task_id, etag), tag)?;
                Ok(Self { target, tag, tagged: $tagged })
            }
        }
    )*};
}

of_tag! {
    TagTaskRequest => true;
    UntagTaskRequest => false;
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

impl TryFrom<pb::GetTaskRequest> for GetTask {
    type Error = Violations;

    fn try_from(message: pb::GetTaskRequest) -> Result<Self, Violations> {
        let pb::GetTaskRequest { task_id } = message;
        let task_id = id("task_id", &task_id)?;
        Ok(Self { task_id })
    }
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
    in_field(field, text.parse().map_err(|_| NOT_A_UUID))
}
