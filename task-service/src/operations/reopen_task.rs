use service_runtime::grpc::Caller;

use super::change::{Target, change_task, refuse_deleted};
use crate::{
    App,
    domain::{Change, Task},
    error::Error,
};

/// Opens a completed task again; an open one stays as it is.
#[tracing::instrument(name = "operation.reopen_task", skip_all, fields(task.id = %target.task_id))]
pub async fn reopen_task(app: &App, caller: &Caller, target: Target) -> Result<Task, Error> {
    change_task(
        app,
        caller,
        &target,
        Change::Reopened,
        "reopen_task",
        |task, _now| refuse_deleted(task).map(Task::reopened),
    )
    .await
}
