use service_runtime::grpc::Caller;

use super::{
    operation::Operation,
    unit_of_work::{Target, UnitOfWork},
};
use crate::{
    domain::{DueTime, LocalTime, Occurrence, SeriesId, Task, TaskId, TaskState, Violations},
    error::Error,
    store,
};

const RECURRENCE_SERVICE: &str = "recurrence-service";

/// Creates the occurrence that follows a completed one.
#[derive(Debug, Clone)]
pub struct CreateOccurrence {
    /// The series.
    pub series_id: SeriesId,
    /// The completed occurrence.
    pub previous_task_id: TaskId,
    /// The scheduled local time of the new occurrence, of its start if it has one.
    pub recurrence_id: LocalTime,
    /// When it is due.
    pub due_time: DueTime,
}

/// Next occurrence.
#[derive(Debug)]
pub struct Output {
    /// Occurrence; none if the series does not continue from the completed one.
    pub task: Option<Task>,
    /// True if this call created it.
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

impl Operation for CreateOccurrence {
    const NAME: &'static str = "create_occurrence";
    type Answer = Output;

    /// Creates the occurrence, unless it exists, or the completed one was since reopened or taken out of the series.
    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Output, Error> {
        let Self {
            series_id,
            previous_task_id,
            ..
        } = *self;
        let user_id = &work.caller().user_id;
        // The task before the series, in the same order as an update locks them.
        let previous = work.lock(&Target::any_version(previous_task_id)).await?;
        let has_ended = store::series::lock(work.tx(), user_id, series_id)
            .await?
            .ok_or(Error::SeriesNotFound(series_id))?;
        let Some(place) = previous
            .occurrence
            .filter(|place| place.series_id == series_id)
        else {
            return Ok(Output::NONE);
        };
        if has_ended {
            return Ok(Output::NONE);
        }
        if let Some(task) = store::find_following(work.tx(), user_id, previous.id, &place).await? {
            return Ok(Output {
                task: Some(task),
                created: false,
            });
        }
        // The series continues even if the completed occurrence was deleted since.
        if previous.state == TaskState::Open {
            return Ok(Output::NONE);
        }
        check_order(self, &place)?;
        let task = following(work, &previous, place, self);
        Ok(Output {
            task: Some(work.create(task)?),
            created: true,
        })
    }
}

/// A series only ever moves forward; that is what makes a second call find what the first one created.
fn check_order(input: &CreateOccurrence, place: &Occurrence) -> Result<(), Violations> {
    let previous = place.recurrence_id;
    if input.recurrence_id > previous {
        return Ok(());
    }
    let wrong = format!("must be later than {previous}, that of the previous occurrence");
    Err(Violations::of("recurrence_id", wrong))
}

fn following(
    work: &UnitOfWork<'_>,
    previous: &Task,
    place: Occurrence,
    input: &CreateOccurrence,
) -> Task {
    let schedule = previous.schedule.clone();
    Task::new(
        work.new_id(),
        previous.user_id.clone(),
        previous.details.clone(),
        schedule.following_at(input.recurrence_id, input.due_time, place.due_after),
        previous.links.handed_on(),
        Some(place.followed_by(previous.id, input.recurrence_id)),
        work.now(),
    )
}
