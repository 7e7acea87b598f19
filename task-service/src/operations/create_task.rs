use std::collections::HashSet;

use service_runtime::idempotency::Call;

use super::{
    first_occurrences::Preview,
    operation::Operation,
    task_input::{Fields, TaskInput},
    unit_of_work::UnitOfWork,
};
use crate::{
    app::App,
    domain::{Details, Edit, LinkChanges, Name, Repetition, Task},
    error::Error,
};

/// Creates a task; one that repeats becomes the first occurrence of a new series.
#[derive(Debug, Clone)]
pub struct CreateTask(pub TaskInput<Details>);

impl CreateTask {
    /// Returns the names of the tags of the task.
    pub fn tags(&self) -> &[Name] {
        match &self.0.links {
            Ok(LinkChanges {
                tags: Edit::Set(names),
                ..
            }) => names,
            _ => &[],
        }
    }
}

impl Operation for CreateTask {
    const NAME: &'static str = "create_task";
    type Answer = Task;

    async fn run_shared(&self, app: &App, call: &Call) -> Result<Option<Task>, Error> {
        // A rule needs the recurrence-service, and a call with an id may have to wait for the same call.
        if self.0.schedule.rule.is_some() || !call.is_plain() {
            return Ok(None);
        }
        app.creator.create(app, &call.caller, self).await
    }

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
