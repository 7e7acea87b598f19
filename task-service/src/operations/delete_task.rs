use service_runtime::grpc::Caller;

use super::change::{Target, change_task};
use crate::{
    App,
    domain::{Change, Task},
    error::Error,
};

/// Deletes a task; a deleted one stays as it is.
#[tracing::instrument(name = "operation.delete_task", skip_all, fields(task.id = %target.task_id))]
pub async fn delete_task(app: &App, caller: &Caller, target: Target) -> Result<Task, Error> {
    change_task(
        app,
        caller,
        &target,
        Change::Deleted,
        "delete_task",
        |task, now| Ok(task.deleted(now)),
    )
    .await
}
