use super::{
    operation::Operation,
    unit_of_work::{Target, UnitOfWork},
};
use crate::{
    domain::{Change, Task, TaskId},
    error::Error,
    store,
};

/// Restores a deleted task as it was, with the parts that were deleted with it; one that is not deleted stays as it is.
#[derive(Debug, Clone)]
pub struct UndeleteTask {
    /// The task.
    pub target: Target,
}

impl Operation for UndeleteTask {
    const NAME: &'static str = "undelete_task";
    type Answer = Task;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Task, Error> {
        let task = work.lock(&self.target).await?;
        let Some(delete_time) = task.delete_time else {
            return Ok(task);
        };
        refuse_deleted_parent(work, &task).await?;
        let user_id = &work.caller().user_id;
        let parts = store::hierarchy::descendants(work.tx(), user_id, task.id, true).await?;
        let restored = work
            .save(Change::Undeleted, &task, task.clone().undeleted())
            .await?;
        for id in parts {
            let part = work.lock(&Target::any_version(id)).await?;
            if part.delete_time == Some(delete_time) {
                let next = part.clone().undeleted();
                work.save(Change::Undeleted, &part, next).await?;
            }
        }
        Ok(restored)
    }
}

async fn refuse_deleted_parent(work: &mut UnitOfWork<'_>, task: &Task) -> Result<(), Error> {
    let Some(parent) = task.links.parent_task_id else {
        return Ok(());
    };
    let user_id = &work.caller().user_id;
    let existing: Vec<TaskId> = store::hierarchy::existing(work.tx(), user_id, &[parent]).await?;
    if existing.is_empty() {
        return Err(Error::ParentDeleted {
            id: task.id,
            parent,
        });
    }
    Ok(())
}
