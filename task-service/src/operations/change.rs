//! What all changes of one task have in common: the row is locked, the etag compared, the change written with its event.

use chrono::{DateTime, Utc};
use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use crate::{
    App,
    domain::{Change, Etag, Task, TaskId},
    error::Error,
    events::{self, TaskChange},
    metrics, store,
};

/// The task that a call is about.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which task.
    pub task_id: TaskId,
    /// The etag that it must still have, if the caller cares.
    pub etag: Option<Etag>,
}

/// Changes one task by a rule that returns the task after the change, or the same task if there is nothing to do.
pub async fn change_task(
    app: &App,
    caller: &Caller,
    target: &Target,
    change: Change,
    name: &'static str,
    rule: impl Fn(Task, DateTime<Utc>) -> Result<Task, Error> + Send + Sync,
) -> Result<Task, Error> {
    let (task, changed) = app
        .database
        .transaction(name, async |tx: &mut AsyncPgConnection| {
            let previous = lock(tx, caller, target).await?;
            let now = app.clock.now();
            let next = rule(previous.clone(), now)?;
            if next == previous {
                return Ok::<_, Error>((previous, false));
            }
            let task = save(app, tx, caller, change, &previous, next, now).await?;
            Ok((task, true))
        })
        .await?;
    if changed {
        metrics::count(change);
    }
    Ok(task)
}

/// Locks the task and makes sure that it is the version that the caller means.
pub async fn lock(
    tx: &mut AsyncPgConnection,
    caller: &Caller,
    target: &Target,
) -> Result<Task, Error> {
    let Target { task_id, etag } = target;
    let task = store::task::lock(tx, &caller.user_id, *task_id)
        .await?
        .ok_or(Error::TaskNotFound(*task_id))?;
    if etag.as_ref().is_some_and(|etag| *etag != task.etag()) {
        return Err(Error::StaleEtag {
            task_id: task.id,
            current: task.etag(),
        });
    }
    Ok(task)
}

/// Writes the next version of a locked task, and its event.
pub async fn save(
    app: &App,
    tx: &mut AsyncPgConnection,
    caller: &Caller,
    change: Change,
    previous: &Task,
    next: Task,
    now: DateTime<Utc>,
) -> Result<Task, Error> {
    let task = next.next_version(now);
    store::task::update(tx, &task).await?;
    let event = TaskChange {
        id: app.ids.uuid_v7(),
        change,
        task: &task,
        previous: Some(previous),
        caller,
    };
    events::emit(tx, event).await?;
    Ok(task)
}

/// Refuses a deleted task.
pub fn refuse_deleted(task: Task) -> Result<Task, Error> {
    if task.delete_time.is_some() {
        return Err(Error::TaskDeleted(task.id));
    }
    Ok(task)
}
