use std::collections::HashSet;

use super::{
    first_occurrences::Preview, links, scheduling::ScheduleInput, transaction::Write,
    write::Operation,
};
use crate::{
    domain::{Details, Edit, LinkChanges, Links, Repetition, Task, Violations},
    error::Error,
};

/// What a new task says, when it is due, and what it has to do with others; or what is wrong with any of that.
#[derive(Debug, Clone)]
pub struct CreateTask {
    /// What it says.
    pub details: Result<Details, Violations>,
    /// When it is due, how it repeats, when to remind of it.
    pub schedule: ScheduleInput,
    /// What it has to do with other things.
    pub links: Result<LinkChanges, Violations>,
}

impl Operation for CreateTask {
    const NAME: &'static str = "create_task";
    type Answer = Task;

    async fn new_series(&self, preview: &Preview<'_>) -> Result<HashSet<Repetition>, Error> {
        if !self.schedule.may_begin_series() {
            return Ok(HashSet::new());
        }
        let repetition = self.schedule.repetition(preview, None).await?;
        Ok(repetition.into_iter().collect())
    }

    /// Creates a task; one that repeats becomes the first occurrence of a new series.
    async fn run(&self, write: &mut Write<'_>) -> Result<Task, Error> {
        let task = self.plan(write).await?;
        write.create(task)
    }
}

impl CreateTask {
    /// Returns the task that would be created.
    pub async fn plan(&self, write: &mut Write<'_>) -> Result<Task, Error> {
        let id = write.new_id();
        // Everything is judged even if something is wrong, so that the caller learns all at once.
        let scheduled = self.schedule.apply(write, None).await;
        let (details, scheduled) = match Error::both(self.details.clone(), scheduled) {
            Ok((details, scheduled)) => (Ok(details), Some(scheduled)),
            Err(Error::Invalid(violations)) => (Err(violations), None),
            Err(error) => return Err(error),
        };
        let linked = match &self.links {
            // A wrong task creates no tags.
            Ok(changes) if details.is_err() => {
                let changes = LinkChanges {
                    tags: Edit::Keep,
                    ..changes.clone()
                };
                links::apply(write, id, true, &Links::default(), &changes).await
            }
            Ok(changes) => links::apply(write, id, true, &Links::default(), changes).await,
            Err(violations) => Err(violations.clone().into()),
        };
        let (details, links) = Error::both(details, linked)?;
        let (schedule, occurrence) = scheduled.unwrap_or_default();
        let (user_id, now) = (write.caller().user_id.clone(), write.now());
        Ok(Task::new(
            id, user_id, details, schedule, links, occurrence, now,
        ))
    }
}
