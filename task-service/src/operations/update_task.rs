use std::collections::HashSet;

use super::{
    first_occurrences::Preview,
    task_input::{Fields, TaskInput},
    transaction::{Target, Write, refuse_deleted},
    write::Operation,
};
use crate::{
    domain::{Change, DetailChanges, Repetition, Task},
    error::Error,
    store,
};

/// Changes some fields of a task. A task that begins to repeat otherwise becomes the first occurrence of a new series, and one that
/// ceases to repeat ends its series.
#[derive(Debug, Clone)]
pub struct UpdateTask {
    /// Task.
    pub target: Target,
    /// Changes.
    pub changes: TaskInput<DetailChanges>,
}

impl Operation for UpdateTask {
    const NAME: &'static str = "update_task";
    type Answer = Task;

    async fn new_series(&self, preview: &Preview<'_>) -> Result<HashSet<Repetition>, Error> {
        let target = Some(self.target.task_id);
        self.changes.new_series(preview, target).await
    }

    async fn run(&self, write: &mut Write<'_>) -> Result<Task, Error> {
        let previous = refuse_deleted(write.lock(&self.target).await?)?;
        let fields = self.changes.check(write, previous.id, Some(&previous));
        let Fields {
            details,
            schedule,
            occurrence,
            links,
        } = fields.await?;
        let next = Task {
            details: details.apply(&previous.details),
            schedule,
            links,
            occurrence,
            ..previous.clone()
        };
        if next == previous {
            return Ok(previous);
        }
        if next.series_id() != previous.series_id() {
            move_series(write, &previous, &next).await?;
        }
        write.save(Change::Updated, &previous, next).await
    }
}

/// Ends the series that a task leaves and begins the one that it is the first occurrence of.
async fn move_series(write: &mut Write<'_>, previous: &Task, next: &Task) -> Result<(), Error> {
    if let Some(leaving) = &previous.occurrence {
        let now = write.now();
        store::series::update_end(write.tx(), &previous.user_id, leaving, now).await?;
    }
    let now = write.now();
    let begun = Task {
        update_time: now,
        ..next.clone()
    };
    store::series::insert_of_first(write.tx(), &[begun]).await?;
    Ok(())
}
