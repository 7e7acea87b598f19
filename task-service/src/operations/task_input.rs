//! Fields of a task that requests to create and to update it share.

use std::collections::HashSet;

use super::{first_occurrences::Preview, relations, unit_of_work::UnitOfWork};
use crate::{
    domain::{
        Edit, LinkChanges, Links, Occurrence, RecurrenceRule, Repetition, Schedule,
        ScheduleChanges, Task, TaskId, TaskState, TimeZone, Violations,
    },
    error::Error,
};

/// Fields of a request; `D` are details or changes to them. Each part holds the faults of its values instead, so that they are reported
/// together with those that only the database and the recurrence-service find.
#[derive(Debug, Clone)]
pub struct TaskInput<D> {
    /// Title, description, priority and mute switch.
    pub details: Result<D, Violations>,
    /// Due time, recurrence and reminders.
    pub schedule: ScheduleInput,
    /// Category, tags, parent and dependencies.
    pub links: Result<LinkChanges, Violations>,
}

/// Valid fields of a task.
pub struct Fields<D> {
    /// Details or changes to them.
    pub details: D,
    /// Schedule.
    pub schedule: Schedule,
    /// Position in a series.
    pub occurrence: Option<Occurrence>,
    /// Links.
    pub links: Links,
}

/// Schedule fields of a request.
#[derive(Debug, Clone)]
pub struct ScheduleInput {
    /// Changes to the schedule, or the faults of their values.
    pub changes: Result<ScheduleChanges, Violations>,
    /// New recurrence rule, which is checked even if the rest of the schedule is wrong.
    pub rule: Option<RecurrenceRule>,
}

impl<D: Clone + Send + Sync> TaskInput<D> {
    /// Returns the series that the new task `target`, or else the task that is updated, begins.
    pub async fn new_series(
        &self,
        preview: &Preview<'_>,
        target: Option<TaskId>,
    ) -> Result<HashSet<Repetition>, Error> {
        if !self.schedule.may_begin_series() {
            return Ok(HashSet::new());
        }
        let previous = match target {
            Some(id) => preview.task(id).await?,
            None => None,
        };
        let repetition = self.schedule.repetition(preview, previous.as_deref());
        Ok(repetition.await?.into_iter().collect())
    }

    /// Checks the fields of a task against the database; `previous` is the task that is updated.
    pub async fn check(
        &self,
        work: &mut UnitOfWork<'_>,
        id: TaskId,
        previous: Option<&Task>,
    ) -> Result<Fields<D>, Error> {
        let scheduled = self.schedule.apply(work, previous).await;
        let planned = match Error::both(self.details.clone(), scheduled) {
            Ok(planned) => Ok(planned),
            Err(Error::Invalid(violations)) => Err(violations),
            Err(error) => return Err(error),
        };
        let linked = match &self.links {
            Ok(changes) => {
                let mut changes = changes.clone();
                if planned.is_err() {
                    // A refused task creates no tags.
                    changes.tags = Edit::Keep;
                }
                let current = previous.map(|task| task.links.clone());
                let is_new = previous.is_none();
                relations::apply(work, id, is_new, &current.unwrap_or_default(), &changes).await
            }
            Err(violations) => Err(violations.clone().into()),
        };
        let ((details, (schedule, occurrence)), links) = Error::both(planned, linked)?;
        Ok(Fields {
            details,
            schedule,
            occurrence,
            links,
        })
    }
}

impl ScheduleInput {
    /// Returns the repetition to request the first occurrence of; `previous` is the task that is updated.
    async fn repetition(
        &self,
        preview: &Preview<'_>,
        previous: Option<&Task>,
    ) -> Result<Option<Repetition>, Error> {
        let current = previous
            .map(|task| task.schedule.clone())
            .unwrap_or_default();
        let zone = match self.needs_user_zone(&current) {
            true => preview.user_zone().await?,
            false => TimeZone::utc(),
        };
        Ok(match self.schedule(&current, &zone) {
            Ok(schedule) => schedule.new_repetition(&current),
            Err(violations) => self.rule_alone(&violations),
        })
    }

    /// Returns whether a task may begin a series by these changes.
    fn may_begin_series(&self) -> bool {
        let Ok(changes) = &self.changes else {
            return self.rule.is_some();
        };
        self.rule.is_some()
            || changes.recurrence_anchor != Edit::Keep
            || changes.time_zone != Edit::Keep
    }

    /// Returns the schedule of a task and its place in a series. A task that begins to repeat otherwise moves to the first date of
    /// its rule and begins a new series.
    async fn apply(
        &self,
        work: &mut UnitOfWork<'_>,
        previous: Option<&Task>,
    ) -> Result<(Schedule, Option<Occurrence>), Error> {
        let current = previous
            .map(|task| task.schedule.clone())
            .unwrap_or_default();
        let zone = match self.needs_user_zone(&current) {
            true => work.user_zone().await?,
            false => TimeZone::utc(),
        };
        let schedule = match self.schedule(&current, &zone) {
            Ok(schedule) => schedule,
            Err(violations) => return Err(self.with_faults_of_rule(work, violations)),
        };
        if !schedule.repeats_otherwise_than(&current) {
            return Ok((schedule, previous.and_then(|task| task.occurrence)));
        }
        // A completed task stays in the series that it was completed in; the next occurrence may exist already.
        if let Some(task) = previous
            && task.state != TaskState::Open
        {
            return Err(Error::TaskCompleted(task.id));
        }
        let Some(repetition) = schedule.repetition() else {
            return Ok((schedule, None));
        };
        let first = work.first_occurrence(&repetition)?;
        let (schedule, occurrence) = schedule.begin_series(work.new_id(), first);
        Ok((schedule, Some(occurrence)))
    }

    fn needs_user_zone(&self, current: &Schedule) -> bool {
        let changes = self.changes.as_ref();
        changes.is_ok_and(|changes| changes.needs_user_zone(current))
    }

    fn schedule(&self, current: &Schedule, zone: &TimeZone) -> Result<Schedule, Violations> {
        let changes = self.changes.as_ref().map_err(Violations::clone)?;
        changes.apply(current, zone)
    }

    /// Returns a repetition that checks nothing but the rule, unless that is known to be wrong.
    fn rule_alone(&self, violations: &Violations) -> Option<Repetition> {
        let rule = self.rule.clone()?;
        (!violations.has("recurrence_rule")).then(|| Repetition::of_rule(rule))
    }

    /// Adds the faults of the rule to those of the rest of its schedule.
    fn with_faults_of_rule(&self, work: &UnitOfWork<'_>, mut violations: Violations) -> Error {
        let found = self
            .rule_alone(&violations)
            .map(|repetition| work.first_occurrence(&repetition));
        match found {
            Some(Err(Error::Invalid(faults))) => {
                let faults = faults.as_slice().iter();
                let of_rule = faults.filter(|fault| fault.field == "recurrence_rule");
                violations.extend(of_rule.cloned().collect());
                violations.into()
            }
            Some(Err(error)) => error,
            _ => violations.into(),
        }
    }
}
