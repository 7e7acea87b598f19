use chrono::{DateTime, Utc};
use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use super::change::{Target, lock, refuse_deleted, save};
use crate::{
    App,
    domain::{
        Change, DetailChanges, FirstOccurrence, Occurrence, Repetition, Schedule, ScheduleChanges,
        Task, TaskState, Violations,
    },
    error::Error,
    metrics, store,
};

/// How often a task may change under the eyes of the recurrence-service before the update gives up.
const MOST_QUESTIONS: usize = 5;

/// Which fields to change and how, or what is wrong with their values.
#[derive(Debug)]
pub struct Input {
    /// The task.
    pub target: Target,
    /// Changes to what it says.
    pub details: Result<DetailChanges, Violations>,
    /// Changes to when it is due, how it repeats, when to remind of it.
    pub schedule: Result<ScheduleChanges, Violations>,
}

/// A rule that the recurrence-service was asked about, and its answer.
type Answered = Option<(Repetition, Result<FirstOccurrence, Violations>)>;

/// How far one try came.
enum Outcome {
    /// The task is as it should be.
    Done { task: Box<Task>, changed: bool },
    /// A new series would begin; the recurrence-service must be asked about it first, outside the transaction.
    Ask(Repetition),
}

/// What becomes of a schedule.
enum Plan {
    /// It is this, and the task has this place in a series.
    Place(Schedule, Option<Occurrence>),
    /// A new series would begin with it.
    Ask(Repetition),
}

/// Changes some fields of a task. A task that begins to repeat otherwise becomes the first occurrence of a new series, and
/// one that ceases to repeat ends its series.
#[tracing::instrument(name = "operation.update_task", skip_all, fields(task.id = %input.target.task_id))]
pub async fn update_task(app: &App, caller: &Caller, input: Input) -> Result<Task, Error> {
    let mut answered: Answered = None;
    for _ in 0..=MOST_QUESTIONS {
        let outcome = app
            .database
            .transaction("update_task", async |tx: &mut AsyncPgConnection| {
                attempt(app, tx, caller, &input, &answered).await
            })
            .await?;
        match outcome {
            Outcome::Done { task, changed } => {
                if changed {
                    metrics::count(Change::Updated);
                }
                return Ok(*task);
            }
            Outcome::Ask(repetition) => {
                let answer = match app
                    .recurrence
                    .first_occurrence(&caller.user_id, &repetition)
                    .await
                {
                    Ok(first) => Ok(first),
                    Err(Error::Invalid(violations)) => Err(violations),
                    Err(error) => return Err(error),
                };
                answered = Some((repetition, answer));
            }
        }
    }
    Err(Error::TaskBusy(input.target.task_id))
}

async fn attempt(
    app: &App,
    tx: &mut AsyncPgConnection,
    caller: &Caller,
    input: &Input,
    answered: &Answered,
) -> Result<Outcome, Error> {
    let previous = refuse_deleted(lock(tx, caller, &input.target).await?)?;
    let planned = match &input.schedule {
        Ok(changes) => plan(app, &previous, changes, answered),
        Err(violations) => Err(violations.clone().into()),
    };
    let planned = match planned {
        Ok(Plan::Ask(repetition)) => return Ok(Outcome::Ask(repetition)),
        Ok(Plan::Place(schedule, occurrence)) => Ok((schedule, occurrence)),
        Err(error) => Err(error),
    };
    let (details, (schedule, occurrence)) = Error::both(input.details.clone(), planned)?;
    let next = Task {
        details: details.apply(&previous.details),
        schedule,
        occurrence,
        ..previous.clone()
    };
    if next == previous {
        return Ok(Outcome::Done {
            task: Box::new(previous),
            changed: false,
        });
    }
    let now = app.clock.now();
    if next.series_id() != previous.series_id() {
        move_series(tx, &previous, &next, now).await?;
    }
    let task = save(app, tx, caller, Change::Updated, &previous, next, now).await?;
    Ok(Outcome::Done {
        task: Box::new(task),
        changed: true,
    })
}

/// Finds out what becomes of the schedule, and of the task's place in a series.
fn plan(
    app: &App,
    previous: &Task,
    changes: &ScheduleChanges,
    answered: &Answered,
) -> Result<Plan, Error> {
    let schedule = changes.apply(&previous.schedule)?;
    if !schedule.repeats_otherwise_than(&previous.schedule) {
        return Ok(Plan::Place(schedule, previous.occurrence));
    }
    // What was done stays in the series that it was done in; the next occurrence may exist already.
    if previous.state != TaskState::Open {
        return Err(Error::TaskCompleted(previous.id));
    }
    let Some(repetition) = schedule.repetition() else {
        return Ok(Plan::Place(schedule, None));
    };
    match answered {
        Some((asked, answer)) if *asked == repetition => {
            let first = answer.clone()?;
            let occurrence = Occurrence::first(app.ids.uuid_v7().into(), first);
            Ok(Plan::Place(
                schedule.due_at(first.due_time),
                Some(occurrence),
            ))
        }
        _ => Ok(Plan::Ask(repetition)),
    }
}

/// Ends the series that a task leaves and begins the one that it is the first occurrence of.
async fn move_series(
    tx: &mut AsyncPgConnection,
    previous: &Task,
    next: &Task,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if let Some(leaving) = &previous.occurrence {
        store::series::update_end(tx, &previous.user_id, leaving, now).await?;
    }
    store::series::insert_of_first(tx, next).await?;
    Ok(())
}
