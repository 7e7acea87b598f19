//! Tells the story of one task.

use service_runtime::ids::UserId;
use uuid::Uuid;

use crate::{app::App, domain::record::Record, error::Error, store};

/// A part of a task's history.
#[derive(Debug)]
pub struct TaskHistory {
    /// What was done to it, the last first.
    pub records: Vec<Record>,
    /// Whether there is more before.
    pub more: bool,
}

/// Returns up to `size` records of a user's task, the last first, from before a place in the chain.
pub async fn get_task_history(
    app: &App,
    user_id: &UserId,
    task_id: Uuid,
    before: Option<i64>,
    size: i64,
) -> Result<TaskHistory, Error> {
    let before = before.unwrap_or(i64::MAX);
    let mut records = app
        .database
        .read("get_task_history", async |tx| {
            // One more than asked for tells whether there is a next page.
            store::record::list_of_task(tx, user_id, task_id, before, size + 1)
                .await
                .map_err(Error::from)
        })
        .await?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = records.len() > size;
    records.truncate(size);
    Ok(TaskHistory { records, more })
}
