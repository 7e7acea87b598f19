//! Batches of calls.

use service_runtime::grpc::ApiError;
use taskmesh_proto::task::v1 as pb;

use super::request::id;
use crate::{
    domain::{Task, Violations},
    error::Error,
    operations::{Batch, BatchOutcome, CompleteTask, CreateTask, DeleteTask, Target, UpdateTask},
};

/// Converts batches: the field of their items, other fields that apply to all of them, and how an item becomes an operation.
macro_rules! batches {
    ($($batch:ident { $items:ident $(, $field:ident)* } => $operation:ident: $item:expr;)*) => {$(
        impl TryFrom<pb::$batch> for Batch<$operation> {
            type Error = Violations;

            fn try_from(message: pb::$batch) -> Result<Self, Violations> {
                let pb::$batch {
                    $items,
                    $($field,)*
                    partial,
                    request_id: _,
                    validate_only: _,
                } = message;
                Ok(Self {
                    field: stringify!($items),
                    items: $items.into_iter().map($item).collect(),
                    partial,
                })
            }
        }
    )*};
}

batches! {
    BatchCreateTasksRequest { tasks } => CreateTask: TryInto::try_into;
    BatchUpdateTasksRequest { tasks } => UpdateTask: TryInto::try_into;
    BatchCompleteTasksRequest { task_ids, complete_children } => CompleteTask: |id| {
        let target = target(&id)?;
        Ok(CompleteTask { target, complete_children })
    };
    BatchDeleteTasksRequest { task_ids } => DeleteTask: |id| {
        let target = target(&id)?;
        Ok(DeleteTask { target })
    };
}

fn target(task_id: &str) -> Result<Target, Violations> {
    id("task_id", task_id).map(Target::any_version)
}

impl From<&BatchOutcome> for pb::BatchTasksResponse {
    fn from(outcome: &BatchOutcome) -> Self {
        let BatchOutcome {
            operation_id,
            results,
        } = outcome;
        Self {
            operation_id: operation_id.to_string(),
            results: results.iter().map(result).collect(),
        }
    }
}

fn result(result: &Result<Task, Error>) -> pb::BatchResult {
    let result = result.as_ref();
    pb::BatchResult {
        task: result.ok().map(Into::into),
        error: result.err().map(Into::into),
    }
}

impl From<&Error> for pb::ItemError {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().name().to_owned(),
            reason: error.reason().to_owned(),
            message: error.to_string(),
            fields: error
                .violations()
                .into_iter()
                .map(|violation| pb::FieldError {
                    field: violation.field,
                    description: violation.description,
                })
                .collect(),
        }
    }
}
