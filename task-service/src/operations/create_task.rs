use super::{links, transaction::Write, write::Operation};
use crate::{
    domain::{
        Details, Edit, LinkChanges, Links, Occurrence, RecurrenceRule, Schedule, ScheduleChanges,
        Task, TimeZone, Violations,
    },
    error::Error,
};

/// What a new task says, when it is due, and what it has to do with others; or what is wrong with any of that.
#[derive(Debug, Clone)]
pub struct CreateTask {
    /// What it says.
    pub details: Result<Details, Violations>,
    /// When it is due, how it repeats, when to remind of it.
    pub schedule: Result<ScheduleChanges, Violations>,
    /// What it has to do with other things.
    pub links: Result<LinkChanges, Violations>,
    /// Its recurrence rule, which is checked also if the rest of the schedule is wrong.
    pub rule: Option<RecurrenceRule>,
}

impl Operation for CreateTask {
    const NAME: &'static str = "create_task";
    type Answer = Task;

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
        let scheduled = match &self.schedule {
            Ok(changes) => schedule(write, changes).await,
            Err(violations) => Err(violations.clone().into()),
        };
        let scheduled = scheduled.map_err(|error| write.add_rule_faults(self.rule.as_ref(), error));
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

/// Puts a schedule together; one that repeats moves to the first date of its rule and begins a new series.
async fn schedule(
    write: &mut Write<'_>,
    changes: &ScheduleChanges,
) -> Result<(Schedule, Option<Occurrence>), Error> {
    let zone = match changes.needs_user_zone(&Schedule::default()) {
        true => write.user_zone().await?,
        false => TimeZone::utc(),
    };
    let schedule = changes.apply(&Schedule::default(), &zone)?;
    let Some(repetition) = schedule.repetition() else {
        return Ok((schedule, None));
    };
    let first = write.first_occurrence(&repetition)?;
    let (schedule, occurrence) = schedule.begin_series(write.new_id(), first);
    Ok((schedule, Some(occurrence)))
}
