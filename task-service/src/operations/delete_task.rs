use super::{
    transaction::{Target, Write},
    write::Operation,
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

    async fn run(&self, write: &mut Write<'_>) -> Result<Task, Error> {
        let task = write.lock(&self.target).await?;
        if task.delete_time.is_some() {
            return Ok(task);
        }
        // One moment for all: it tells which parts come back with the task.
        let now = write.now();
        let user_id = &write.caller().user_id;
        let parts = store::structure::descendants(write.tx(), user_id, task.id, false).await?;
        for id in parts.into_iter().rev() {
            let part = write.lock(&Target::any_version(id)).await?;
            if part.delete_time.is_none() {
                let next = part.clone().deleted(now);
                write.save_at(Change::Deleted, &part, next, now).await?;
            }
        }
        let next = task.clone().deleted(now);
        write.save_at(Change::Deleted, &task, next, now).await
    }
}
