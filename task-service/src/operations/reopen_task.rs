use super::{
    operation::Operation,
    unit_of_work::{Target, UnitOfWork, refuse_deleted},
};
use crate::{
    domain::{Change, Task},
    error::Error,
};

/// Opens a completed task again; an open one stays as it is.
#[derive(Debug, Clone)]
pub struct ReopenTask {
    /// The task.
    pub target: Target,
}

impl Operation for ReopenTask {
    const NAME: &'static str = "reopen_task";
    type Answer = Task;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Task, Error> {
        let task = work.lock(&self.target).await?;
        let next = refuse_deleted(task.clone())?.reopened();
        if next == task {
            return Ok(task);
        }
        work.save(Change::Reopened, &task, next).await
    }
}
