//! An occurrence of a series was completed: which date comes next.

use async_trait::async_trait;
use service_runtime::{
    grpc::{ErrorCode, UpstreamError},
    kafka::{EventHandler, HandleError, Received},
};
use taskmesh_proto::task::v1 as pb;
use tracing::info;

use super::convert::{CompletedOccurrence, completed_occurrence};
use crate::{
    metrics::{self, Outcome},
    rpc::{Following, TaskClient},
};

/// Asks for the next occurrence of a series when one is completed.
pub struct OnOccurrenceCompleted {
    tasks: TaskClient,
}

impl OnOccurrenceCompleted {
    /// Returns the handler.
    pub fn new(tasks: TaskClient) -> Self {
        Self { tasks }
    }

    async fn follow_up(&self, completed: CompletedOccurrence) -> Result<Outcome, HandleError> {
        let CompletedOccurrence {
            user_id,
            task_id,
            series_id,
            series,
            scheduled,
            complete_time,
        } = completed;
        let Some(next) = series.next(scheduled, complete_time) else {
            info!(series.id = %series_id, "series {series_id} has no more occurrences");
            return Ok(Outcome::Ended);
        };
        let following = self
            .tasks
            .create_occurrence(
                &user_id,
                series_id,
                task_id,
                next.local,
                series.due_time(next),
            )
            .await
            .map_err(failure)?;
        Ok(match following {
            Following::Created => Outcome::Created,
            Following::Existed => Outcome::Existed,
            Following::None => Outcome::Ended,
        })
    }
}

#[async_trait]
impl EventHandler for OnOccurrenceCompleted {
    type Event = pb::TaskEvent;

    // The whole effect is a call that the task-service answers the same way however often it is made; nothing is left to do
    // in the transaction.
    #[tracing::instrument(name = "event.occurrence_completed", skip_all, fields(event.id = %event.id))]
    async fn prepare(&self, event: &Received<pb::TaskEvent>) -> Result<(), HandleError> {
        let completed = completed_occurrence(&event.message)
            .map_err(|malformed| HandleError::Reject(malformed.to_string()))?;
        if let Some(completed) = completed {
            metrics::count(self.follow_up(completed).await?);
        }
        Ok(())
    }
}

/// Tells what a failed call means for the event: wait for the task-service, try again some times, or give the event up.
fn failure(error: UpstreamError) -> HandleError {
    if error.is_transient() {
        return HandleError::Unavailable(error.into());
    }
    match ErrorCode::of(error.status()) {
        ErrorCode::InvalidArgument
        | ErrorCode::PermissionDenied
        | ErrorCode::NotFound
        | ErrorCode::AlreadyExists
        | ErrorCode::FailedPrecondition
        | ErrorCode::StaleEtag
        | ErrorCode::OutOfRange => HandleError::Reject(error.to_string()),
        ErrorCode::Unauthenticated
        | ErrorCode::Unimplemented
        | ErrorCode::Internal
        | ErrorCode::Aborted
        | ErrorCode::ResourceExhausted
        | ErrorCode::Cancelled
        | ErrorCode::DeadlineExceeded
        | ErrorCode::Unavailable => HandleError::Retry(error.into()),
    }
}
