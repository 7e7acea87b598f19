use std::sync::Arc;

use service_runtime::grpc::Caller;

use crate::{
    App,
    domain::{Task, TaskId},
    error::Error,
};

/// Returns one task, also a deleted one.
#[tracing::instrument(name = "operation.get_task", skip_all, fields(task.id = %task_id))]
pub async fn get_task(app: &App, caller: &Caller, task_id: TaskId) -> Result<Arc<Task>, Error> {
    let task = app.tasks.find(&caller.user_id, task_id).await?;
    task.ok_or(Error::TaskNotFound(task_id))
}
