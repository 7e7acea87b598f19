use std::time::Duration;

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use tracing::Instrument;
use uuid::Uuid;

use super::inbox::{InboxBatch, Known};
use crate::{
    BoxError,
    postgres::{Database, DatabaseError, DatabaseFault},
    telemetry::propagation::{self, TraceContext},
};

/// One event, decoded.
#[derive(Debug, Clone)]
pub struct Received<E> {
    /// Identifies the event, however often it is delivered.
    pub id: Uuid,
    /// The full name of what happened, such as `taskmesh.task.v1.TaskCompleted`.
    pub kind: String,
    /// The event itself.
    pub message: E,
    /// The topic it came on.
    pub topic: String,
    /// The partition it came on.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// The trace that it belongs to, as its header names it.
    pub trace_parent: Option<String>,
}

impl<E> Received<E> {
    /// Returns a new span of the event's trace, for a handler that does what several events mean together and writes something for
    /// each of them.
    pub fn trace(&self) -> TraceContext {
        TraceContext::following(self.trace_parent.as_deref())
    }

    /// Runs what is done about this event alone as part of its trace.
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

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// Something that the handler needs is down. The partition waits until it is back; no try is used up.
    #[error("a dependency is unavailable")]
    Unavailable(#[source] BoxError),
    /// The handler failed and may succeed later: it is called again after a back-off, ten times at most.
    #[error("the handler failed")]
    Retry(#[source] BoxError),
    /// The event can never be handled: it goes to the dead-letter topic with this reason, which holds no personal data.
    #[error("the event was rejected: {0}")]
    Reject(String),
}

impl From<DatabaseError> for HandleError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unavailable(_) => Self::Unavailable(error.into()),
            // Another try would fail in the same way.
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

/// What a service does about the events of one topic; the consumer loop does everything else.
///
/// A service writes [`handle`](Self::handle), or [`handle_batch`](Self::handle_batch) if many events cost it little more than one.
#[async_trait]
pub trait EventHandler: Send + Sync + 'static {
    /// The message in the topic's values.
    type Event: prost::Message + Default + 'static;

    /// So many events at most are handled in one transaction. More than the default helps where transactions wait for each other.
    const MOST_AT_ONCE: usize = 100;

    /// Interval between batches of a partition, so that under load there are fewer of them. The first one after a silence does not wait.
    /// The batches of all partitions of the process begin on common ticks, so that handlers that share a writer share its transactions.
    const GATHER: Duration = Duration::ZERO;

    /// Calls other services, before the transaction. It runs again whenever the event is delivered again or the transaction
    /// fails, so what it calls must be idempotent.
    async fn prepare(&self, _event: &Received<Self::Event>) -> Result<(), HandleError> {
        Ok(())
    }

    /// Does what the event means, in the transaction that also records the event in the inbox: once, however often the event
    /// is delivered. The event's trace is the current one.
    async fn handle(
        &self,
        _tx: &mut AsyncPgConnection,
        _event: &Received<Self::Event>,
    ) -> Result<(), HandleError> {
        Ok(())
    }

    /// Does what several events mean, all of them new and in the order of their partition, in one transaction: all or nothing. In the
    /// end the effects must be those of handling one after the other, and so must the order of what is told about each key.
    ///
    /// An error needs no word on whose fault it is: a batch that fails is halved until the event is alone. So there is also no trace
    /// around a batch; what is written for an event goes under [`Received::trace`].
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
    /// Overridden by handlers whose partitions share one writer. Such a writer inserts the inbox entries itself, in the same transaction
    /// as the effects. A batch that was given up may still be committed later: its events are then duplicates to the partition's next
    /// consumer.
    async fn commit(
        &self,
        database: &Database,
        inbox: InboxBatch,
        events: &[&Received<Self::Event>],
    ) -> Result<Vec<Known>, HandleError> {
        database
            .transaction("consume", async |tx| {
                let known = inbox.insert(tx).await?;
                let is_new = events.iter().zip(&known);
                let new: Vec<_> = is_new
                    .filter(|(_, known)| **known == Known::New)
                    .map(|(event, _)| *event)
                    .collect();
                if !new.is_empty() {
                    self.handle_batch(tx, &new).await?;
                }
                Ok::<_, HandleError>(known)
            })
            .await
    }
}
