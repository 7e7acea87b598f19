//! Schedules of tasks that are created or updated.

use super::{first_occurrences::Preview, transaction::Write};
use crate::{
    domain::{
        Edit, Occurrence, RecurrenceRule, Repetition, Schedule, ScheduleChanges, Task, TaskState,
        TimeZone, Violations,
    },
    error::Error,
};

/// Schedule fields of a request.
#[derive(Debug, Clone)]
pub struct ScheduleInput {
    /// Changes to the schedule, or the faults of their values.
    pub changes: Result<ScheduleChanges, Violations>,
    /// New recurrence rule, which is checked even if the rest of the schedule is wrong.
    pub rule: Option<RecurrenceRule>,
}

impl ScheduleInput {
    /// Returns the repetition to request the first occurrence of; `previous` is the task that is updated.
    pub async fn repetition(
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
    pub fn may_begin_series(&self) -> bool {
        let Ok(changes) = &self.changes else {
            return self.rule.is_some();
        };
        self.rule.is_some()
            || changes.recurrence_anchor != Edit::Keep
            || changes.time_zone != Edit::Keep
    }

    /// Returns the schedule of a task and its place in a series. A task that begins to repeat otherwise moves to the first date of
    /// its rule and begins a new series.
    pub async fn apply(
        &self,
        write: &mut Write<'_>,
        previous: Option<&Task>,
    ) -> Result<(Schedule, Option<Occurrence>), Error> {
        let current = previous
            .map(|task| task.schedule.clone())
            .unwrap_or_default();
        let zone = match self.needs_user_zone(&current) {
            true => write.user_zone().await?,
            false => TimeZone::utc(),
        };
        let schedule = match self.schedule(&current, &zone) {
            Ok(schedule) => schedule,
            Err(violations) => return Err(self.with_faults_of_rule(write, violations)),
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
        let first = write.first_occurrence(&repetition)?;
        let (schedule, occurrence) = schedule.begin_series(write.new_id(), first);
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
    fn with_faults_of_rule(&self, write: &Write<'_>, mut violations: Violations) -> Error {
        let found = self
            .rule_alone(&violations)
            .map(|repetition| write.first_occurrence(&repetition));
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
