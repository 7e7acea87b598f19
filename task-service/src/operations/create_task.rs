use std::collections::HashSet;

use super::{
    first_occurrences::Preview,
    task_input::{Fields, TaskInput},
    transaction::Write,
    write::Operation,
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

    async fn run(&self, write: &mut Write<'_>) -> Result<Task, Error> {
        let id = write.new_id();
        let Fields {
            details,
            schedule,
            occurrence,
            links,
        } = self.0.check(write, id, None).await?;
        let (user_id, now) = (write.caller().user_id.clone(), write.now());
        write.create(Task::new(
            id, user_id, details, schedule, links, occurrence, now,
        ))
    }
}
