use std::collections::HashSet;

use super::{
    first_occurrences::Preview,
    operation::Operation,
    task_input::{Fields, TaskInput},
    unit_of_work::{Target, UnitOfWork, refuse_deleted},
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

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Task, Error> {
        let previous = refuse_deleted(work.lock(&self.target).await?)?;
        let fields = self.changes.check(work, previous.id, Some(&previous));
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
            move_series(work, &previous, &next).await?;
        }
        work.save(Change::Updated, &previous, next).await
    }
}

/// Ends the series that a task leaves and begins the one that it is the first occurrence of.
async fn move_series(work: &mut UnitOfWork<'_>, previous: &Task, next: &Task) -> Result<(), Error> {
    if let Some(leaving) = &previous.occurrence {
        let now = work.now();
        store::series::update_end(work.tx(), &previous.user_id, leaving, now).await?;
    }
    let now = work.now();
    let begun = Task {
        update_time: now,
        ..next.clone()
    };
    store::series::insert_of_first(work.tx(), &[begun]).await?;
    Ok(())
}
