use std::sync::Arc;

use service_runtime::grpc::Caller;

use super::query::Query;
use crate::{
    app::App,
    domain::{Task, TaskId},
    error::Error,
};

/// Returns a task, also a deleted one.
#[derive(Debug, Clone, Copy)]
pub struct GetTask {
    /// Id.
    pub task_id: TaskId,
}

impl Query for GetTask {
    type Answer = Task;

    async fn run(&self, app: &App, caller: &Caller) -> Result<Task, Error> {
        let task = app.tasks.find(&caller.user_id, self.task_id).await?;
        task.map(Arc::unwrap_or_clone)
            .ok_or(Error::TaskNotFound(self.task_id))
    }
}
