use super::{
    operation::Operation,
    unit_of_work::{Target, UnitOfWork, refuse_deleted},
};
use crate::{
    domain::{Change, Task, TaskId, TaskState},
    error::Error,
    store,
};

/// Maximum number of tasks that an error names.
const MOST_NAMED: i64 = 10;

/// Marks a task as done; a done one stays as it is.
#[derive(Debug, Clone)]
pub struct CompleteTask {
    /// The task.
    pub target: Target,
    /// True if its open subtasks are completed with it.
    pub complete_children: bool,
}

impl Operation for CompleteTask {
    const NAME: &'static str = "complete_task";
    type Answer = Task;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Task, Error> {
        let task = refuse_deleted(work.lock(&self.target).await?)?;
        if task.state != TaskState::Open {
            return Ok(task);
        }
        let parts = open_parts(work, task.id).await?;
        if !self.complete_children && !parts.is_empty() {
            return Err(Error::OpenParts {
                id: task.id,
                count: parts.len(),
                parts: named(work, &parts).await?,
            });
        }
        refuse_blocked(work, &task, &parts).await?;
        // The innermost first: the events of a task follow those of its subtasks.
        for id in parts.iter().rev() {
            let part = work.lock(&Target::any_version(*id)).await?;
            if part.state == TaskState::Open && part.delete_time.is_none() {
                refuse_blocked(work, &part, &parts).await?;
                done(work, part).await?;
            }
        }
        done(work, task).await
    }
}

async fn done(work: &mut UnitOfWork<'_>, task: Task) -> Result<Task, Error> {
    let now = work.now();
    let next = task.clone().completed(now);
    work.save_at(Change::Completed, &task, next, now).await
}

/// Returns the parts of a task that are still to do, the outermost first.
async fn open_parts(work: &mut UnitOfWork<'_>, id: TaskId) -> Result<Vec<TaskId>, Error> {
    let user_id = &work.caller().user_id;
    let parts = store::hierarchy::descendants(work.tx(), user_id, id, false).await?;
    if parts.is_empty() {
        return Ok(parts);
    }
    let open = store::hierarchy::open(work.tx(), user_id, &parts).await?;
    Ok(parts.into_iter().filter(|id| open.contains(id)).collect())
}

async fn refuse_blocked(
    work: &mut UnitOfWork<'_>,
    task: &Task,
    completed_with_it: &[TaskId],
) -> Result<(), Error> {
    let blockers: Vec<TaskId> = task
        .links
        .blocked_by
        .iter()
        .filter(|id| !completed_with_it.contains(id))
        .copied()
        .collect();
    if blockers.is_empty() {
        return Ok(());
    }
    Err(Error::TaskBlocked {
        id: task.id,
        blocked_by: named(work, &blockers).await?,
    })
}

async fn named(work: &mut UnitOfWork<'_>, ids: &[TaskId]) -> Result<Vec<(TaskId, String)>, Error> {
    let user_id = &work.caller().user_id;
    Ok(store::hierarchy::titles(work.tx(), user_id, ids, MOST_NAMED).await?)
}
