use std::collections::HashSet;

use super::{
    first_occurrences::Preview,
    operation::Operation,
    task_input::{Fields, TaskInput},
    unit_of_work::UnitOfWork,
};
use crate::{
    domain::{Details, Repetition, Task},
    error::Error,
};

/// Creates a task; one that repeats becomes the first occurrence of a new series.
#[derive(Debug, Clone)]
pub struct CreateTask(pub TaskInput<Details>);

impl Operation for CreateTask {
    const NAME: &'static str = "create_task";
    type Answer = Task;

    async fn new_series(&self, preview: &Preview<'_>) -> Result<HashSet<Repetition>, Error> {
        self.0.new_series(preview, None).await
    }

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Task, Error> {
        let id = work.new_id();
        let Fields {
            details,
            schedule,
            occurrence,
            links,
        } = self.0.check(work, id, None).await?;
        let (user_id, now) = (work.caller().user_id.clone(), work.now());
        work.create(Task::new(
            id, user_id, details, schedule, links, occurrence, now,
        ))
    }
}
