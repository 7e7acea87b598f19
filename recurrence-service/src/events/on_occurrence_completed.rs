//! Creation of the next occurrence of a series when one is completed.

use async_trait::async_trait;
use service_runtime::{
    grpc::{ErrorCode, UpstreamError},
    kafka::{EventHandler, HandleError, InboxBatch, Known, Received},
    postgres::Database,
};
use taskmesh_proto::task::v1 as pb;
use tracing::info;

use super::convert::{CompletedOccurrence, completed_occurrence};
use crate::{
    metrics::{Outcome, Outcomes},
    rpc::TaskClient,
};

/// Asks for the next occurrence of a series when one is completed.
pub struct OnOccurrenceCompleted {
    tasks: TaskClient,
    outcomes: Outcomes,
}

impl OnOccurrenceCompleted {
    pub fn new(tasks: TaskClient) -> Self {
        Self {
            tasks,
            outcomes: Outcomes::default(),
        }
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
        self.tasks
            .create_occurrence(
                &user_id,
                series_id,
                task_id,
                next.local,
                series.due_time(next),
            )
            .await
            .map_err(failure)
    }
}

#[async_trait]
impl EventHandler for OnOccurrenceCompleted {
    type Event = pb::TaskEvent;

    // The whole effect is a call that the task-service answers the same way however often it is made.
    #[tracing::instrument(name = "event.occurrence_completed", skip_all, fields(event.id = %event.id))]
    async fn prepare(&self, event: &Received<pb::TaskEvent>) -> Result<(), HandleError> {
        let completed = completed_occurrence(&event.message)
            .map_err(|malformed| HandleError::Reject(malformed.to_string()))?;
        if let Some(completed) = completed {
            let outcome = self.follow_up(completed).await?;
            self.outcomes.set(event.id, outcome);
        }
        Ok(())
    }

    /// Counts the outcomes of new events, so that a redelivered event counts once.
    async fn commit(
        &self,
        database: &Database,
        inbox: InboxBatch,
        events: &[&Received<pb::TaskEvent>],
    ) -> Result<Vec<Known>, HandleError> {
        let known: Result<_, HandleError> = database
            .transaction("consume", async |tx| Ok(inbox.insert(tx).await?))
            .await;
        let known = known?;
        for (event, known) in events.iter().zip(&known) {
            self.outcomes.commit(event.id, *known);
        }
        Ok(known)
    }
}

/// Returns whether the event waits for the task-service, is retried some times, or is a dead letter.
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
        _ => HandleError::Retry(error.into()),
    }
}
