use service_runtime::grpc::Caller;

use super::change::{Target, change_task};
use crate::{
    App,
    domain::{Change, Task},
    error::Error,
};

/// Restores a deleted task as it was; one that is not deleted stays as it is.
#[tracing::instrument(name = "operation.undelete_task", skip_all, fields(task.id = %target.task_id))]
pub async fn undelete_task(app: &App, caller: &Caller, target: Target) -> Result<Task, Error> {
    change_task(
        app,
        caller,
        &target,
        Change::Undeleted,
        "undelete_task",
        |task, _now| Ok(task.undeleted()),
    )
    .await
}
