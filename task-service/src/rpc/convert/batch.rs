//! Batches of calls.

use service_runtime::grpc::ApiError;
use taskmesh_proto::task::v1 as pb;

use super::request::id;
use crate::{
    domain::{Task, TaskId, Violations},
    error::Error,
    operations::{Batch, BatchOutcome, CompleteTask, CreateTask, DeleteTask, Target, UpdateTask},
};

macro_rules! of_requests {
    ($($batch:ident => $operation:ident;)*) => {$(
        impl TryFrom<pb::$batch> for Batch<$operation> {
            type Error = Violations;

            fn try_from(message: pb::$batch) -> Result<Self, Violations> {
                let pb::$batch {
                    tasks,
                    partial,
                    request_id: _,
                    validate_only: _,
                } = message;
                Ok(Self {
                    field: "tasks",
                    items: tasks.into_iter().map(TryInto::try_into).collect(),
                    partial,
                })
            }
        }
    )*};
}

of_requests! {
    BatchCreateTasksRequest => CreateTask;
    BatchUpdateTasksRequest => UpdateTask;
}

impl TryFrom<pb::BatchCompleteTasksRequest> for Batch<CompleteTask> {
    type Error = Violations;

    fn try_from(message: pb::BatchCompleteTasksRequest) -> Result<Self, Violations> {
        let pb::BatchCompleteTasksRequest {
            task_ids,
            partial,
            complete_children,
            request_id: _,
            validate_only: _,
        } = message;
        Ok(Self {
            field: "task_ids",
            items: of_ids(&task_ids, |target| CompleteTask {
                target,
                complete_children,
            }),
            partial,
        })
    }
}

impl TryFrom<pb::BatchDeleteTasksRequest> for Batch<DeleteTask> {
    type Error = Violations;

    fn try_from(message: pb::BatchDeleteTasksRequest) -> Result<Self, Violations> {
        let pb::BatchDeleteTasksRequest {
            task_ids,
            partial,
            request_id: _,
            validate_only: _,
        } = message;
        Ok(Self {
            field: "task_ids",
            items: of_ids(&task_ids, |target| DeleteTask { target }),
            partial,
        })
    }
}

fn of_ids<I>(ids: &[String], item: impl Fn(Target) -> I) -> Vec<Result<I, Violations>> {
    ids.iter()
        .map(|text| id::<TaskId>("task_id", text).map(|id| item(Target::any_version(id))))
        .collect()
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
    match result {
        Ok(task) => pb::BatchResult {
            task: Some(task.into()),
            error: None,
        },
        Err(error) => pb::BatchResult {
            task: None,
            error: Some(error.into()),
        },
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
