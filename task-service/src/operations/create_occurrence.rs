use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use crate::{
    App,
    domain::{
        Change, DueTime, LocalTime, Occurrence, SeriesId, Task, TaskId, TaskState, Violations,
    },
    error::Error,
    events::{self, TaskChange},
    metrics, store,
};

const RECURRENCE_SERVICE: &str = "recurrence-service";

/// The occurrence to create, and the completed one that it follows.
#[derive(Debug, Clone)]
pub struct Input {
    /// The series.
    pub series_id: SeriesId,
    /// The completed occurrence.
    pub previous_task_id: TaskId,
    /// The scheduled local time of the new occurrence.
    pub recurrence_id: LocalTime,
    /// The same moment as an instant.
    pub due_time: DueTime,
}

/// Which occurrence follows.
#[derive(Debug)]
pub struct Output {
    /// The occurrence; none if the series does not go on from the completed one.
    pub task: Option<Task>,
    /// Whether this call created it.
    pub created: bool,
}

impl Output {
    const NONE: Self = Self {
        task: None,
        created: false,
    };
}

/// Lets only the recurrence-service through.
pub fn authorize(caller: &Caller) -> Result<(), Error> {
    if caller.service.as_deref() == Some(RECURRENCE_SERVICE) {
        Ok(())
    } else {
        Err(Error::NotTheRecurrenceService)
    }
}

/// Creates the occurrence that follows a completed one, unless it exists, or the completed one was since reopened or taken
/// out of the series.
#[tracing::instrument(name = "operation.create_occurrence", skip_all, fields(series.id = %input.series_id))]
pub async fn create_occurrence(app: &App, caller: &Caller, input: Input) -> Result<Output, Error> {
    let output = app
        .database
        .transaction("create_occurrence", async |tx: &mut AsyncPgConnection| {
            attempt(app, tx, caller, &input).await
        })
        .await?;
    if output.created {
        metrics::count(Change::Created);
    }
    Ok(output)
}

async fn attempt(
    app: &App,
    tx: &mut AsyncPgConnection,
    caller: &Caller,
    input: &Input,
) -> Result<Output, Error> {
    let Input {
        series_id,
        previous_task_id,
        ..
    } = *input;
    // The task before the series, in the same order as an update locks them.
    let previous = store::task::lock(tx, &caller.user_id, previous_task_id)
        .await?
        .ok_or(Error::TaskNotFound(previous_task_id))?;
    let series = store::series::lock(tx, &caller.user_id, series_id)
        .await?
        .ok_or(Error::SeriesNotFound(series_id))?;
    let Some(place) = previous
        .occurrence
        .filter(|place| place.series_id == series_id)
    else {
        return Ok(Output::NONE);
    };
    if series.end_time.is_some() {
        return Ok(Output::NONE);
    }
    if let Some(task) = store::find_following(tx, &caller.user_id, previous.id, &place).await? {
        return Ok(Output {
            task: Some(task),
            created: false,
        });
    }
    // A completed occurrence that was deleted since is history that was tidied up; the series goes on.
    if previous.state == TaskState::Open {
        return Ok(Output::NONE);
    }
    check_order(input, &place)?;
    let task = following(app, &previous, place, input);
    store::task::insert(tx, &task).await?;
    let event = TaskChange {
        id: app.ids.uuid_v7(),
        change: Change::Created,
        task: &task,
        previous: None,
        caller,
    };
    events::emit(tx, event).await?;
    Ok(Output {
        task: Some(task),
        created: true,
    })
}

/// A series only ever moves forward; that is what makes a second call find what the first one created.
fn check_order(input: &Input, place: &Occurrence) -> Result<(), Violations> {
    let mut violations = Violations::default();
    if input.recurrence_id <= place.recurrence_id {
        let previous = place.recurrence_id;
        violations.push(
            "recurrence_id",
            format!("must be later than {previous}, that of the previous occurrence"),
        );
        return Err(violations);
    }
    Ok(())
}

fn following(app: &App, previous: &Task, place: Occurrence, input: &Input) -> Task {
    Task::new(
        app.ids.uuid_v7().into(),
        previous.user_id.clone(),
        previous.details.clone(),
        previous.schedule.clone().following_at(input.due_time),
        Some(place.followed_by(previous.id, input.recurrence_id)),
        app.clock.now(),
    )
}
