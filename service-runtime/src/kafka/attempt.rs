use std::{collections::HashMap, panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use tokio::{sync::Mutex, time::timeout};
use tracing::debug;

use super::{
    attempts,
    handler::{EventHandler, HandleError},
    inbox::{Entry, InboxBatch, Known},
    metrics,
    partition::Shared,
    record::Delivery,
};

/// So long an attempt may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many keys are prepared side by side.
const KEYS_AT_ONCE: usize = 8;
/// The process may die so often with a record in hand before that is thought to be the record's fault.
const MOST_DEATHS: i32 = 2;

/// Only one attempt that is counted is made at a time in this process: if it dies, it is known of which.
static COUNTED: Mutex<()> = Mutex::const_new(());

/// One attempt at some records: all of them have their effects, or none.
pub(super) struct Attempt<'a, E> {
    pub deliveries: &'a [Delivery<E>],
    /// The row that the record waits in, if it does.
    pub parked: Option<i64>,
    /// Whether the attempt is counted before it is made.
    pub is_counted: bool,
}

impl<E: prost::Message + Default + 'static> Attempt<'_, E> {
    /// Makes the attempt; returns the places of the records whose ids other events have had.
    pub(super) async fn make<H: EventHandler<Event = E>>(
        &self,
        shared: &Shared<H>,
    ) -> Result<Vec<usize>, HandleError> {
        if self.is_counted {
            self.make_counted(shared).await
        } else {
            self.make_safely(shared).await
        }
    }

    async fn make_counted<H: EventHandler<Event = E>>(
        &self,
        shared: &Shared<H>,
    ) -> Result<Vec<usize>, HandleError> {
        let (topic, partition, offsets) = (shared.topic, self.partition(), self.offsets());
        let _turn = COUNTED.lock().await;
        let attempts = shared
            .database
            .transaction("begin_attempt", async |tx| {
                attempts::begin(tx, topic, partition, &offsets).await
            })
            .await?;
        let made = if attempts <= MOST_DEATHS {
            self.make_safely(shared).await
        } else if self.deliveries.len() == 1 {
            let deaths = attempts - 1;
            Err(HandleError::Reject(format!(
                "the process died {deaths} times while it handled this record"
            )))
        } else {
            // It is one of them, and what is known of it must stay known.
            return Err(HandleError::Retry("one of these killed the process".into()));
        };
        let ended = shared
            .database
            .transaction("end_attempt", async |tx| {
                attempts::end(tx, topic, partition, &offsets).await
            })
            .await;
        if let Err(error) = ended {
            debug!(%error, "an attempt stays counted that has ended");
        }
        made
    }

    /// Takes back that the attempt was counted, after it was cut off; goes on by itself, because whoever cuts it off is in a hurry.
    #[expect(
        clippy::disallowed_methods,
        reason = "the caller is being cancelled and cannot wait"
    )]
    pub(super) fn take_back<H>(&self, shared: &Shared<H>) {
        if !self.is_counted {
            return;
        }
        let (topic, partition, offsets) = (shared.topic, self.partition(), self.offsets());
        let database = shared.database.clone();
        tokio::spawn(async move {
            let taken = database
                .transaction("take_attempt_back", async |tx| {
                    attempts::take_back(tx, topic, partition, &offsets).await
                })
                .await;
            if let Err(error) = taken {
                debug!(%error, "an attempt stays counted that was cut off");
            }
        });
    }

    fn partition(&self) -> i32 {
        let first = self.deliveries.first();
        first.map_or(-1, |delivery| delivery.event.partition)
    }

    fn offsets(&self) -> Vec<i64> {
        let events = self.deliveries.iter().map(|delivery| &delivery.event);
        events.map(|event| event.offset).collect()
    }

    /// A panic, or an attempt that does not end, is a fault of the handler's code: the record is tried again like others and ends
    /// in the dead-letter topic.
    async fn make_safely<H: EventHandler<Event = E>>(
        &self,
        shared: &Shared<H>,
    ) -> Result<Vec<usize>, HandleError> {
        let work = AssertUnwindSafe(self.handle(shared)).catch_unwind();
        match timeout(PATIENCE, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(HandleError::Retry("the handler panicked".into())),
            Err(_) => Err(HandleError::Retry("the handler did not end in time".into())),
        }
    }

    async fn handle<H: EventHandler<Event = E>>(
        &self,
        shared: &Shared<H>,
    ) -> Result<Vec<usize>, HandleError> {
        self.prepare(&shared.handler).await?;
        let entry = |delivery: &Delivery<E>| Entry {
            event_id: delivery.event.id,
            digest: delivery.digest,
        };
        let inbox = InboxBatch {
            topic: shared.topic,
            entries: self.deliveries.iter().map(entry).collect(),
            parked: self.parked,
        };
        let events: Vec<_> = self
            .deliveries
            .iter()
            .map(|delivery| &delivery.event)
            .collect();
        let handler = &shared.handler;
        let known = handler.commit(&shared.database, inbox, &events).await?;
        let mut strangers = Vec::new();
        for (place, known) in known.into_iter().enumerate() {
            match known {
                Known::New => metrics::event(shared.topic, "handled"),
                Known::Handled => metrics::event(shared.topic, "duplicate"),
                Known::OtherContent => strangers.push(place),
            }
        }
        Ok(strangers)
    }

    /// Prepares events of different keys side by side, those of one key in their order.
    async fn prepare<H: EventHandler<Event = E>>(&self, handler: &H) -> Result<(), HandleError> {
        let mut keys: HashMap<&[u8], Vec<&Delivery<E>>> = HashMap::new();
        for delivery in self.deliveries {
            keys.entry(delivery.key()).or_default().push(delivery);
        }
        stream::iter(keys)
            .map(Ok)
            .try_for_each_concurrent(KEYS_AT_ONCE, |(_, deliveries)| async move {
                for delivery in deliveries {
                    let event = &delivery.event;
                    event.traced(handler.prepare(event)).await?;
                }
                Ok(())
            })
            .await
    }
}
