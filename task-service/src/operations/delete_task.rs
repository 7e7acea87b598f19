use super::{
    operation::Operation,
    unit_of_work::{Target, UnitOfWork},
};
use crate::{
    domain::{Change, Task},
    error::Error,
    store,
};

/// Deletes a task and its parts; a deleted one stays as it is.
#[derive(Debug, Clone)]
pub struct DeleteTask {
    /// The task.
    pub target: Target,
}

impl Operation for DeleteTask {
    const NAME: &'static str = "delete_task";
    type Answer = Task;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Task, Error> {
        let task = work.lock(&self.target).await?;
        if task.delete_time.is_some() {
            return Ok(task);
        }
        // One time for all: it identifies the subtasks that are restored with the task.
        let now = work.now();
        let user_id = &work.caller().user_id;
        let parts = store::hierarchy::descendants(work.tx(), user_id, task.id, false).await?;
        for id in parts.into_iter().rev() {
            let part = work.lock(&Target::any_version(id)).await?;
            if part.delete_time.is_none() {
                let next = part.clone().deleted(now);
                work.save_at(Change::Deleted, &part, next, now).await?;
            }
        }
        let next = task.clone().deleted(now);
        work.save_at(Change::Deleted, &task, next, now).await
    }
}
