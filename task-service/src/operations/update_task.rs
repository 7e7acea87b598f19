use super::{
    links,
    transaction::{Target, Write, refuse_deleted},
    write::Operation,
};
use crate::{
    domain::{
        Change, DetailChanges, LinkChanges, Occurrence, RecurrenceRule, Schedule, ScheduleChanges,
        Task, TaskState, TimeZone, Violations,
    },
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
    pub schedule: Result<ScheduleChanges, Violations>,
    /// Changes to what it has to do with other things.
    pub links: Result<LinkChanges, Violations>,
    /// Its new recurrence rule, which is checked also if the rest of the schedule is wrong.
    pub rule: Option<RecurrenceRule>,
}

impl Operation for UpdateTask {
    const NAME: &'static str = "update_task";
    type Answer = Task;

    /// Changes some fields of a task. A task that begins to repeat otherwise becomes the first occurrence of a new series,
    /// and one that ceases to repeat ends its series.
    async fn run(&self, write: &mut Write<'_>) -> Result<Task, Error> {
        let previous = refuse_deleted(write.lock(&self.target).await?)?;
        let planned = match &self.schedule {
            Ok(changes) => plan(write, &previous, changes).await,
            Err(violations) => Err(violations.clone().into()),
        };
        let planned = planned.map_err(|error| write.add_rule_faults(self.rule.as_ref(), error));
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

/// Finds out what becomes of the schedule, and of the task's place in a series.
async fn plan(
    write: &mut Write<'_>,
    previous: &Task,
    changes: &ScheduleChanges,
) -> Result<(Schedule, Option<Occurrence>), Error> {
    let zone = match changes.needs_user_zone(&previous.schedule) {
        true => write.user_zone().await?,
        false => TimeZone::utc(),
    };
    let schedule = changes.apply(&previous.schedule, &zone)?;
    if !schedule.repeats_otherwise_than(&previous.schedule) {
        return Ok((schedule, previous.occurrence));
    }
    // What was done stays in the series that it was done in; the next occurrence may exist already.
    if previous.state != TaskState::Open {
        return Err(Error::TaskCompleted(previous.id));
    }
    let Some(repetition) = schedule.repetition() else {
        return Ok((schedule, None));
    };
    let first = write.first_occurrence(&repetition)?;
    let (schedule, occurrence) = schedule.begin_series(write.new_id(), first);
    Ok((schedule, Some(occurrence)))
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
