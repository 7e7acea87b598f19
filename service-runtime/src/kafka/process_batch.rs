use std::{collections::HashMap, panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use tokio::{sync::Mutex, time::timeout};
use tracing::debug;

use super::{
    handler::{EventHandler, HandleError},
    inbox::{Entry, InboxBatch, Known},
    metrics,
    record::Delivery,
    retry_store::{self, ParkedRecord},
    worker_context::WorkerContext,
};
use crate::postgres::DatabaseError;

/// Time limit of an attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// Time limit of taking back a count when the partition is revoked.
const UNDO_TIMEOUT: Duration = Duration::from_millis(500);
/// Number of keys that are prepared concurrently.
const CONCURRENT_KEYS: usize = 8;
/// Number of counted crashes after which a record is a dead letter; the crash before them was not counted.
const MAX_CRASHES: i32 = 2;

/// Allows one counted attempt at a time in this process, so that a crash is counted for one record.
static COUNTED: Mutex<()> = Mutex::const_new(());

/// One attempt to process some records: all of them have their effects, or none.
pub(super) struct Attempt<'a, E> {
    pub deliveries: &'a [Delivery<E>],
    /// Row of the retry queue that holds the only record, whose crashes are counted.
    pub parked: Option<&'a ParkedRecord>,
}

impl<E: prost::Message + Default + 'static> Attempt<'_, E> {
    /// Makes the attempt; returns the indexes of the records whose ids other events have had.
    pub(super) async fn make<H: EventHandler<Event = E>>(
        &self,
        context: &WorkerContext<H>,
    ) -> Result<Vec<usize>, HandleError> {
        let Some(ParkedRecord { id, crashes, .. }) = self.parked else {
            return self.make_safely(context).await;
        };
        if *crashes >= MAX_CRASHES {
            let crashes = crashes + 1;
            return Err(HandleError::Reject(format!(
                "the process crashed {crashes} times while it handled this record"
            )));
        }
        let _turn = COUNTED.lock().await;
        set_crashes(context, *id, crashes + 1).await?;
        let made = self.make_safely(context).await;
        // Other failures reset the count with the next try, and a success deletes the row.
        if matches!(made, Err(HandleError::Unavailable(_))) {
            self.undo_count(context).await;
        }
        made
    }

    /// Takes back that the attempt was counted.
    pub(super) async fn undo_count<H>(&self, context: &WorkerContext<H>) {
        let Some(ParkedRecord { id, crashes, .. }) = self.parked else {
            return;
        };
        let undoing = timeout(UNDO_TIMEOUT, set_crashes(context, *id, *crashes));
        if !matches!(undoing.await, Ok(Ok(()))) {
            debug!("crash count of parked record {id} was not taken back");
        }
    }

    /// A panic or a timeout is a fault of the handler's code: the record is retried like others and becomes a dead letter in the end.
    async fn make_safely<H: EventHandler<Event = E>>(
        &self,
        context: &WorkerContext<H>,
    ) -> Result<Vec<usize>, HandleError> {
        let work = AssertUnwindSafe(self.handle(context)).catch_unwind();
        match timeout(ATTEMPT_TIMEOUT, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(HandleError::Retry("the handler panicked".into())),
            Err(_) => Err(HandleError::Retry("the handler timed out".into())),
        }
    }

    async fn handle<H: EventHandler<Event = E>>(
        &self,
        context: &WorkerContext<H>,
    ) -> Result<Vec<usize>, HandleError> {
        self.prepare(&context.handler).await?;
        let entry = |delivery: &Delivery<E>| Entry {
            event_id: delivery.event.id,
            digest: delivery.digest,
        };
        let inbox = InboxBatch {
            topic: context.topic,
            entries: self.deliveries.iter().map(entry).collect(),
            parked: self.parked.map(|parked| parked.id),
        };
        let events: Vec<_> = self
            .deliveries
            .iter()
            .map(|delivery| &delivery.event)
            .collect();
        let handler = &context.handler;
        let known = handler.commit(&context.database, inbox, &events).await?;
        let mut conflicts = Vec::new();
        for (index, known) in known.into_iter().enumerate() {
            match known {
                Known::New => metrics::event(context.topic, "handled"),
                Known::Handled => metrics::event(context.topic, "duplicate"),
                Known::OtherContent => conflicts.push(index),
            }
        }
        Ok(conflicts)
    }

    /// Prepares events of different keys concurrently, those of one key in order.
    async fn prepare<H: EventHandler<Event = E>>(&self, handler: &H) -> Result<(), HandleError> {
        let mut keys: HashMap<&[u8], Vec<&Delivery<E>>> = HashMap::new();
        for delivery in self.deliveries {
            keys.entry(delivery.key()).or_default().push(delivery);
        }
        stream::iter(keys)
            .map(Ok)
            .try_for_each_concurrent(CONCURRENT_KEYS, |(_, deliveries)| async move {
                for delivery in deliveries {
                    let event = &delivery.event;
                    event.traced(handler.prepare(event)).await?;
                }
                Ok(())
            })
            .await
    }
}

async fn set_crashes<H>(
    context: &WorkerContext<H>,
    id: i64,
    crashes: i32,
) -> Result<(), DatabaseError> {
    let counting = context.database.transaction("count_crash", async |tx| {
        retry_store::set_crashes(tx, id, crashes).await
    });
    counting.await
}
