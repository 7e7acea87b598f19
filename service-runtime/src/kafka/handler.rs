use std::time::Duration;

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use tracing::Instrument;
use uuid::Uuid;

use super::inbox::{InboxBatch, Known};
use crate::{
    BoxError,
    postgres::{Database, DatabaseError, DatabaseFault},
    telemetry::propagation,
};

/// A decoded event.
#[derive(Debug, Clone)]
pub struct Received<E> {
    /// Event id, the same in every delivery.
    pub id: Uuid,
    /// Full name of the event type, such as `taskmesh.task.v1.TaskCompleted`.
    pub kind: String,
    /// Message of the event.
    pub message: E,
    /// Topic of the record.
    pub topic: String,
    /// Partition of the record.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Trace of the event, from its header.
    pub trace_parent: Option<String>,
}

impl<E> Received<E> {
    /// Runs the work on this event in its trace.
    pub async fn traced<F: Future>(&self, work: F) -> F::Output {
        let span = tracing::info_span!(
            "consume",
            messaging.destination.name = %self.topic,
            messaging.destination.partition.id = self.partition,
            messaging.kafka.offset = self.offset,
            event.id = %self.id,
        );
        propagation::with_traceparent(self.trace_parent.clone(), work.instrument(span)).await
    }
}

/// Reason why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// A dependency of the handler is unavailable. The partition waits until it is available again; no try is used up.
    #[error("a dependency is unavailable")]
    Unavailable(#[source] BoxError),
    /// The handler failed and may succeed later: it is retried with backoff, at most ten times.
    #[error("the handler failed")]
    Retry(#[source] BoxError),
    /// The event can never be handled: it is sent to the dead-letter topic with this reason, which has no personal data.
    #[error("the event was rejected: {0}")]
    Reject(String),
}

impl From<DatabaseError> for HandleError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unavailable(_) => Self::Unavailable(error.into()),
            // A retry would fail in the same way.
            DatabaseError::Query(_) if error.is_unstorable_text() => {
                Self::Reject("a text has the character U+0000".to_owned())
            }
            DatabaseError::Query(_) => Self::Retry(error.into()),
        }
    }
}

impl DatabaseFault for HandleError {
    fn database_error(&self) -> Option<&DatabaseError> {
        match self {
            Self::Unavailable(cause) | Self::Retry(cause) => cause.downcast_ref(),
            Self::Reject(_) => None,
        }
    }
}

/// Handler of the events of one topic in one service.
///
/// A service implements [`handle`](Self::handle), or [`handle_batch`](Self::handle_batch) if a batch costs little more than one event.
#[async_trait]
pub trait EventHandler: Send + Sync + 'static {
    /// Message in the topic's values.
    type Event: prost::Message + Default + 'static;

    /// Largest number of events in one transaction. More than the default helps where transactions wait for each other.
    const MAX_BATCH: usize = 100;

    /// Batching delay of a partition, which makes batches larger under load. The first batch after a pause is not delayed.
    /// The batches of all partitions of the process begin on common ticks, so that handlers that share a writer share its transactions.
    const LINGER: Duration = Duration::ZERO;

    /// Calls other services before the transaction. It is repeated when the event is redelivered or the transaction fails, so these calls must
    /// be idempotent.
    async fn prepare(&self, _event: &Received<Self::Event>) -> Result<(), HandleError> {
        Ok(())
    }

    /// Applies the event in the transaction that inserts it into the inbox: once, however often it is delivered. The event's trace is the current
    /// one.
    async fn handle(
        &self,
        _tx: &mut AsyncPgConnection,
        _event: &Received<Self::Event>,
    ) -> Result<(), HandleError> {
        Ok(())
    }

    /// Applies several new events, in the order of their partition, in one transaction. The effects, and the order of events that are emitted for
    /// each key, must be those of applying one after the other.
    ///
    /// An error need not name the event that failed: a failed batch is halved until that event is alone. A batch has no trace of its own.
    async fn handle_batch(
        &self,
        tx: &mut AsyncPgConnection,
        events: &[&Received<Self::Event>],
    ) -> Result<(), HandleError> {
        for event in events {
            event.traced(self.handle(tx, event)).await?;
        }
        Ok(())
    }

    /// Commits the inbox entries and the effects of a batch in one transaction; returns of each event whether it was new.
    ///
    /// Overridden by handlers whose partitions share one writer, and by those that act on the commit. They insert the inbox entries themselves, in
    /// the same transaction as the effects. A batch whose partition was revoked may still be committed later: its events are then duplicates for the next consumer.
    async fn commit(
        &self,
        database: &Database,
        inbox: InboxBatch,
        events: &[&Received<Self::Event>],
    ) -> Result<Vec<Known>, HandleError> {
        database
            .transaction("consume", async |tx| {
                let (known, new) = inbox.insert_new(tx, events).await?;
                if !new.is_empty() {
                    self.handle_batch(tx, &new).await?;
                }
                Ok::<_, HandleError>(known)
            })
            .await
    }
}
