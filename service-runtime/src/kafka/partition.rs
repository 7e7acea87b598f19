//! The worker of one partition: one record after the other, each to its end.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::FutureExt;
use rdkafka::{Message, message::OwnedMessage};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, warn};

use super::{
    context::Progress,
    dead_letter::DeadLetters,
    handler::{EventHandler, HandleError, Received},
    headers, inbox,
};
use crate::{backoff::Backoff, postgres::Database, telemetry::propagation};

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(60));
/// A dependency that is down is asked more often: its return should not go unnoticed for a minute.
const OUTAGE_BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
const MOST_TRIES: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// A queue longer than this pauses the partition…
const PAUSE_ABOVE: usize = 200;
/// …until it is as short as this.
const RESUME_BELOW: usize = 50;

/// How full a partition's queue is, as the loop and the worker see it.
#[derive(Default)]
pub(super) struct Load {
    queued: AtomicUsize,
    paused: AtomicBool,
}

impl Load {
    /// Counts a record in; returns true when the partition must pause.
    pub(super) fn add(&self) -> bool {
        self.queued.fetch_add(1, Ordering::AcqRel) >= PAUSE_ABOVE
            && !self.paused.swap(true, Ordering::AcqRel)
    }

    /// Counts a record out; returns true when the partition may go on.
    fn remove(&self) -> bool {
        self.queued.fetch_sub(1, Ordering::AcqRel) <= RESUME_BELOW
            && self.paused.swap(false, Ordering::AcqRel)
    }
}

/// What the workers of one consumer share.
pub(super) struct Shared<H> {
    pub handler: H,
    pub database: Database,
    pub dead_letters: DeadLetters,
    pub progress: Progress,
    pub stopping: CancellationToken,
    /// The topic's name without the cluster's prefix: what the inbox knows it by.
    pub topic: &'static str,
    /// Names partitions that may go on.
    pub drained: UnboundedSender<i32>,
}

pub(super) struct PartitionWorker<H> {
    pub shared: Arc<Shared<H>>,
    pub partition: i32,
    pub load: Arc<Load>,
    pub revoked: CancellationToken,
}

enum Settled {
    /// The record had its effect, or lies in the dead-letter topic.
    Done,
    /// The partition is no longer this worker's.
    Left,
}

impl<H: EventHandler> PartitionWorker<H> {
    /// Handles records until the partition is revoked or the process stops; the record in hand is finished first.
    pub(super) async fn run(self, mut queue: UnboundedReceiver<OwnedMessage>) {
        loop {
            let message = tokio::select! {
                biased;
                () = self.leaving() => return,
                message = queue.recv() => match message {
                    Some(message) => message,
                    None => return,
                },
            };
            let span = tracing::info_span!(
                "consume",
                messaging.destination.name = self.shared.topic,
                messaging.destination.partition.id = message.partition(),
                messaging.kafka.offset = message.offset(),
                event.id = tracing::field::Empty,
            );
            match self.settle(&message).instrument(span).await {
                Settled::Done => {
                    self.shared
                        .progress
                        .done(self.partition, message.offset(), &self.revoked)
                }
                Settled::Left => return,
            }
            if self.load.remove() {
                // The loop that listens outlives its workers, or the process is on its way out.
                let _ = self.shared.drained.send(self.partition);
            }
        }
    }

    async fn leaving(&self) {
        tokio::select! {
            () = self.revoked.cancelled() => {}
            () = self.shared.stopping.cancelled() => {}
        }
    }

    async fn settle(&self, message: &OwnedMessage) -> Settled {
        let received = match decode::<H::Event>(self.shared.topic, message) {
            Ok(received) => received,
            Err(reason) => return self.bury(message, &reason, 1).await,
        };
        tracing::Span::current().record("event.id", tracing::field::display(received.id));
        let trace_parent = headers::trace_parent(message.headers());
        let mut tries = 0;
        let mut outages = 0;
        let mut first_try = None;
        loop {
            let started = Instant::now();
            let attempt =
                propagation::with_traceparent(trace_parent.clone(), self.attempt(&received)).await;
            metrics::histogram!("consumer_handle_duration_seconds", "topic" => self.shared.topic)
                .record(started.elapsed());
            let delay = match attempt {
                Ok(()) => {
                    self.count("handled");
                    return Settled::Done;
                }
                Err(HandleError::Reject(reason)) => {
                    return self.bury(message, &reason, tries + 1).await;
                }
                Err(HandleError::Unavailable(cause)) => {
                    outages += 1;
                    if outages == 1 {
                        warn!(error = %cause, "{} waits for a dependency", self.shared.topic);
                    }
                    OUTAGE_BACKOFF.delay(outages)
                }
                Err(HandleError::Retry(cause)) => {
                    tries += 1;
                    let since = *first_try.get_or_insert(started);
                    if tries >= MOST_TRIES || since.elapsed() > PATIENCE {
                        let reason = format!("gave up after {tries} tries: {cause}");
                        return self.bury(message, &reason, tries).await;
                    }
                    self.count("retried");
                    debug!(error = %cause, tries, "event {} comes back", received.id);
                    BACKOFF.delay(tries)
                }
            };
            tokio::select! {
                () = self.leaving() => return Settled::Left,
                () = tokio::time::sleep(delay) => {}
            }
        }
    }

    async fn attempt(&self, received: &Received<H::Event>) -> Result<(), HandleError> {
        let shared = &self.shared;
        let work = async {
            shared.handler.prepare(received).await?;
            shared
                .database
                .transaction("consume", async |tx| {
                    if inbox::insert(tx, shared.topic, received.id).await? {
                        shared.handler.handle(tx, received).await?;
                    }
                    Ok(())
                })
                .await
        };
        // A panic is a fault of the handler's code: it is tried like any other and ends in the dead-letter topic.
        AssertUnwindSafe(work)
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(HandleError::Retry("the handler panicked".into())))
    }

    async fn bury(&self, message: &OwnedMessage, reason: &str, attempts: u32) -> Settled {
        let sent = self
            .shared
            .dead_letters
            .send(message, reason, attempts, &self.shared.stopping)
            .await;
        if sent {
            self.count("dead_lettered");
            Settled::Done
        } else {
            Settled::Left
        }
    }

    fn count(&self, outcome: &'static str) {
        metrics::counter!("consumer_events_total", "topic" => self.shared.topic, "outcome" => outcome)
            .increment(1);
    }
}

fn decode<E: prost::Message + Default>(
    topic: &'static str,
    message: &OwnedMessage,
) -> Result<Received<E>, String> {
    let id = headers::event_id(message.headers()).map_err(|error| error.to_string())?;
    let kind = headers::event_type(message.headers()).map_err(|error| error.to_string())?;
    let payload = message.payload().filter(|payload| !payload.is_empty());
    let payload = payload.ok_or("the value is empty")?;
    let decoded =
        E::decode(payload).map_err(|error| format!("the value does not decode: {error}"))?;
    Ok(Received {
        id,
        kind,
        message: decoded,
        topic: topic.to_owned(),
        partition: message.partition(),
        offset: message.offset(),
    })
}
