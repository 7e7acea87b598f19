use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use crate::{
    App,
    domain::{Change, Details, Occurrence, Schedule, Task, Violations},
    error::Error,
    events::{self, TaskChange},
    metrics, store,
};

/// What a new task says and when it is due, or what is wrong with either.
#[derive(Debug)]
pub struct Input {
    /// What it says.
    pub details: Result<Details, Violations>,
    /// When it is due, how it repeats, when to remind of it.
    pub schedule: Result<Schedule, Violations>,
}

/// Creates a task; one that repeats becomes the first occurrence of a new series.
#[tracing::instrument(name = "operation.create_task", skip_all)]
pub async fn create_task(app: &App, caller: &Caller, input: Input) -> Result<Task, Error> {
    let planned = match input.schedule {
        Ok(schedule) => plan(app, caller, schedule).await,
        Err(violations) => Err(violations.into()),
    };
    // The rule is judged even if the details are wrong, so that the caller learns everything at once.
    let (details, (schedule, occurrence)) = Error::both(input.details, planned)?;
    let task = app
        .database
        .transaction("create_task", async |tx: &mut AsyncPgConnection| {
            let task = Task::new(
                app.ids.uuid_v7().into(),
                caller.user_id.clone(),
                details.clone(),
                schedule.clone(),
                occurrence,
                app.clock.now(),
            );
            store::series::insert_of_first(tx, &task).await?;
            store::task::insert(tx, &task).await?;
            let event = TaskChange {
                id: app.ids.uuid_v7(),
                change: Change::Created,
                task: &task,
                previous: None,
                caller,
            };
            events::emit(tx, event).await?;
            Ok::<_, Error>(task)
        })
        .await?;
    metrics::count(Change::Created);
    Ok(task)
}

/// Moves a repeating schedule to the first date of its rule, in a new series.
async fn plan(
    app: &App,
    caller: &Caller,
    schedule: Schedule,
) -> Result<(Schedule, Option<Occurrence>), Error> {
    let Some(repetition) = schedule.repetition() else {
        return Ok((schedule, None));
    };
    let first = app
        .recurrence
        .first_occurrence(&caller.user_id, &repetition)
        .await?;
    let occurrence = Occurrence::first(app.ids.uuid_v7().into(), first);
    Ok((schedule.due_at(first.due_time), Some(occurrence)))
}
