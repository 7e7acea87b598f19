use std::collections::HashSet;

use super::{
    first_occurrences::Preview,
    links,
    scheduling::ScheduleInput,
    transaction::{Target, Write, refuse_deleted},
    write::Operation,
};
use crate::{
    domain::{Change, DetailChanges, LinkChanges, Repetition, Task, Violations},
    error::Error,
    store,
};

/// Which fields of a task to change and how, or what is wrong with their values.
#[derive(Debug, Clone)]
pub struct UpdateTask {
    /// The task.
    pub target: Target,
    /// Changes to what it says.
    pub details: Result<DetailChanges, Violations>,
    /// Changes to when it is due, how it repeats, when to remind of it.
    pub schedule: ScheduleInput,
    /// Changes to what it has to do with other things.
    pub links: Result<LinkChanges, Violations>,
}

impl Operation for UpdateTask {
    const NAME: &'static str = "update_task";
    type Answer = Task;

    async fn new_series(&self, preview: &Preview<'_>) -> Result<HashSet<Repetition>, Error> {
        if !self.schedule.may_begin_series() {
            return Ok(HashSet::new());
        }
        let Some(task) = preview.task(self.target.task_id).await? else {
            return Ok(HashSet::new());
        };
        let repetition = self.schedule.repetition(preview, Some(&task)).await?;
        Ok(repetition.into_iter().collect())
    }

    /// Changes some fields of a task. A task that begins to repeat otherwise becomes the first occurrence of a new series,
    /// and one that ceases to repeat ends its series.
    async fn run(&self, write: &mut Write<'_>) -> Result<Task, Error> {
        let previous = refuse_deleted(write.lock(&self.target).await?)?;
        let planned = self.schedule.apply(write, Some(&previous)).await;
        let planned = match Error::both(self.details.clone(), planned) {
            Ok(planned) => Ok(planned),
            Err(Error::Invalid(violations)) => Err(violations),
            Err(error) => return Err(error),
        };
        let linked = match (&self.links, &planned) {
            (Ok(changes), Ok(_)) => {
                links::apply(write, previous.id, false, &previous.links, changes).await
            }
            (Ok(_), Err(_)) => Ok(previous.links.clone()),
            (Err(violations), _) => Err(violations.clone().into()),
        };
        let ((details, (schedule, occurrence)), links) = Error::both(planned, linked)?;
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
