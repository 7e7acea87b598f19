use service_runtime::grpc::Caller;

use super::change::{Target, change_task, refuse_deleted};
use crate::{
    App,
    domain::{Change, Task},
    error::Error,
};

/// Marks a task as done; a done one stays as it is.
#[tracing::instrument(name = "operation.complete_task", skip_all, fields(task.id = %target.task_id))]
pub async fn complete_task(app: &App, caller: &Caller, target: Target) -> Result<Task, Error> {
    change_task(
        app,
        caller,
        &target,
        Change::Completed,
        "complete_task",
        |task, now| refuse_deleted(task).map(|task| task.completed(now)),
    )
    .await
}
