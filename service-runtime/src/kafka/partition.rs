//! The worker of one partition: batches of records in their order, each record to its end before the partition goes on.
//!
//! What cannot be handled yet is parked in the database, and later records of its key behind it, so that other keys go on. So
//! all that lies before the offset that is committed is handled, parked, or a dead letter.

use std::{
    mem,
    sync::{Arc, LazyLock},
    time::Duration,
};

use rdkafka::{Message, message::OwnedMessage};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use super::{
    attempt::Attempt,
    attempts,
    breaker::Breaker,
    context::Progress,
    dead_letter::DeadLetters,
    handler::{EventHandler, HandleError},
    inbox,
    load::{Load, weight},
    metrics,
    parked::{self, NewParked},
    parking::Parking,
    record::{Delivery, Refused},
    value_format::ValueFormat,
};
use crate::{
    backoff::Backoff,
    postgres::{AsyncPgConnection, Database, DatabaseError, Work},
};

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(60));
const MOST_TRIES: i32 = 10;
const PATIENCE: f64 = 15.0 * 60.0;
/// So many records are counted at once.
const COUNTED_AT_ONCE: usize = 50;
/// A partition with so many parked records takes no new ones.
const MOST_PARKED: usize = 10_000;
/// How long what is in hand may still take when the partition leaves.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);
/// The instant from which the ticks of all partitions are counted.
static FIRST_TICK: LazyLock<Instant> = LazyLock::new(Instant::now);
const STRANGER: &str = "another event with this id was handled before";

/// What the workers of one consumer share.
pub(super) struct Shared<H> {
    pub handler: H,
    pub database: Database,
    pub dead_letters: DeadLetters,
    pub progress: Progress,
    pub breaker: Breaker,
    pub stopping: CancellationToken,
    /// The topic's name without the cluster's prefix: what the database knows it by.
    pub topic: &'static str,
    /// The full name of the message that each value holds.
    pub data_schema: &'static str,
    /// The topic's name on the cluster.
    pub full_topic: String,
    pub format: ValueFormat,
    /// Names partitions that may go on.
    pub drained: UnboundedSender<i32>,
}

pub(super) struct PartitionWorker<H> {
    pub shared: Arc<Shared<H>>,
    pub partition: i32,
    pub load: Arc<Load>,
    pub revoked: CancellationToken,
    parking: Parking,
    /// So many records are yet to be counted before they are handled, because one of them may be what the process died of that had
    /// the partition before: as many as it had in hand at most.
    probation: usize,
}

/// The partition is no longer this worker's.
pub(super) struct Left;

impl<H: EventHandler> PartitionWorker<H> {
    pub(super) fn new(
        shared: Arc<Shared<H>>,
        partition: i32,
        load: Arc<Load>,
        revoked: CancellationToken,
    ) -> Self {
        Self {
            shared,
            partition,
            load,
            revoked,
            parking: Parking::default(),
            probation: H::MOST_AT_ONCE,
        }
    }

    /// Handles records until the partition is revoked or the process stops; those in hand are finished first.
    pub(super) async fn run(mut self, queue: UnboundedReceiver<OwnedMessage>) {
        let Err(Left) = self.work(queue).await;
    }

    async fn work(
        &mut self,
        mut queue: UnboundedReceiver<OwnedMessage>,
    ) -> Result<std::convert::Infallible, Left> {
        let (topic, partition) = (self.shared.topic, self.partition);
        let keys = self
            .insist("list_parked", async |connection| {
                parked::list_keys(connection, topic, partition).await
            })
            .await?;
        self.parking = Parking::of(keys);
        let mut batch = Vec::new();
        let mut next_batch = Instant::now();
        loop {
            metrics::parked(topic, partition, self.parking.count());
            let has_room = self.parking.count() < MOST_PARKED;
            tokio::select! {
                () = self.leaving() => return Err(Left),
                key = self.parking.due() => self.try_parked(&key).await?,
                count = async {
                    tokio::time::sleep_until(next_batch).await;
                    queue.recv_many(&mut batch, H::MOST_AT_ONCE).await
                }, if has_room => {
                    if count == 0 {
                        return Err(Left);
                    }
                    next_batch = next_tick(Instant::now(), H::GATHER);
                    self.settle(mem::take(&mut batch)).await?;
                }
            }
        }
    }

    async fn leaving(&self) {
        tokio::select! {
            () = self.revoked.cancelled() => {}
            () = self.shared.stopping.cancelled() => {}
        }
    }

    fn read(&self, message: OwnedMessage) -> Result<Delivery<H::Event>, Box<Refused>> {
        let shared = &self.shared;
        Delivery::read(shared.topic, shared.data_schema, &shared.format, message)
    }

    /// Brings records to their end, and the partition past them.
    async fn settle(&mut self, messages: Vec<OwnedMessage>) -> Result<(), Left> {
        let count = messages.len();
        let bytes = messages.iter().map(weight).sum();
        let last = messages.last().map(Message::offset);
        let mut deliveries = Vec::with_capacity(count);
        for message in messages {
            match self.read(message) {
                Ok(delivery) => deliveries.push(delivery),
                Err(refused) => self.bury(&refused.message, &refused.reason, 1).await?,
            }
        }
        if self.probation == 0 {
            self.settle_parts(vec![deliveries], false).await?;
        } else {
            self.settle_on_probation(deliveries).await?;
        }
        if let Some(offset) = last {
            let progress = &self.shared.progress;
            progress.done(self.partition, offset, &self.revoked);
        }
        if self.load.remove(count, bytes) {
            // The loop that listens outlives its workers, or the process is on its way out.
            let _ = self.shared.drained.send(self.partition);
        }
        Ok(())
    }

    /// Counts what was not handled before and handles it, after what was: alone if a process had it in hand when it ended, the others
    /// some at a time.
    async fn settle_on_probation(
        &mut self,
        deliveries: Vec<Delivery<H::Event>>,
    ) -> Result<(), Left> {
        let (topic, partition) = (self.shared.topic, self.partition);
        let events = || deliveries.iter().map(|delivery| &delivery.event);
        let ids: Vec<_> = events().map(|event| event.id).collect();
        let offsets: Vec<_> = events().map(|event| event.offset).collect();
        let (handled, suspects) = self
            .insist("find_handled", async |connection| {
                let handled = inbox::find(connection, topic, &ids).await?;
                let suspects = attempts::find(connection, topic, partition, &offsets).await?;
                Ok((handled, suspects))
            })
            .await?;
        let (before, new): (Vec<_>, Vec<_>) = deliveries
            .into_iter()
            .partition(|delivery| handled.contains(&delivery.event.id));
        self.settle_parts(vec![before], false).await?;
        self.probation = self.probation.saturating_sub(new.len());
        let is_suspect = |delivery: &Delivery<_>| suspects.contains(&delivery.event.offset);
        let mut parts: Vec<Vec<Delivery<H::Event>>> = Vec::new();
        for delivery in new {
            match parts.last_mut() {
                Some(part)
                    if part.len() < COUNTED_AT_ONCE
                        && !is_suspect(&part[0])
                        && !is_suspect(&delivery) =>
                {
                    part.push(delivery);
                }
                _ => parts.push(vec![delivery]),
            }
        }
        parts.reverse();
        self.settle_parts(parts, true).await
    }

    /// Brings parts of a batch to their end, the last part first. A part that fails is halved until it is known which record it is.
    async fn settle_parts(
        &mut self,
        mut parts: Vec<Vec<Delivery<H::Event>>>,
        is_counted: bool,
    ) -> Result<(), Left> {
        while let Some(part) = parts.pop() {
            let (behind, mut part): (Vec<_>, Vec<_>) = part
                .into_iter()
                .partition(|delivery| self.parking.holds(delivery.key()));
            for delivery in behind {
                self.park(
                    &delivery,
                    0,
                    Duration::ZERO,
                    "waits behind another of its key",
                )
                .await?;
            }
            let Some(first) = part.first() else {
                continue;
            };
            let attempt = Attempt {
                deliveries: &part,
                parked: None,
                is_counted,
            };
            match self.attempt(attempt).await? {
                Ok(strangers) => self.bury_strangers(&part, strangers).await?,
                Err(_) if part.len() > 1 => {
                    let right = part.split_off(part.len() / 2);
                    parts.extend([right, part]);
                }
                Err(HandleError::Reject(reason)) => self.bury(&first.message, &reason, 1).await?,
                Err(HandleError::Retry(cause) | HandleError::Unavailable(cause)) => {
                    debug!(error = %cause, "event {} comes back", first.event.id);
                    metrics::event(self.shared.topic, "parked");
                    let wait = BACKOFF.delay(1);
                    self.park(first, 1, wait, &cause.to_string()).await?;
                }
            }
        }
        Ok(())
    }

    async fn park(
        &mut self,
        delivery: &Delivery<H::Event>,
        tries: i32,
        wait: Duration,
        reason: &str,
    ) -> Result<(), Left> {
        let topic = self.shared.topic;
        let record = NewParked {
            message: &delivery.message,
            event_id: delivery.event.id,
            tries,
            wait,
            reason,
        };
        let is_new = self
            .insist("park", async |tx| parked::insert(tx, topic, &record).await)
            .await?;
        if is_new || !self.parking.holds(delivery.key()) {
            self.parking.add(delivery.key(), wait);
        }
        Ok(())
    }

    /// Tries the first record of a key again.
    async fn try_parked(&mut self, key: &[u8]) -> Result<(), Left> {
        let (topic, partition) = (self.shared.topic, self.partition);
        let record = self
            .insist("find_parked", async |connection| {
                parked::find_first(connection, topic, partition, key).await
            })
            .await?;
        let Some(record) = record else {
            self.parking.forget(key);
            return Ok(());
        };
        let message = record.message(self.shared.full_topic.clone(), partition, key);
        let id = record.id;
        let refused = match self.read(message) {
            Err(refused) => Some((refused.message, refused.reason)),
            Ok(delivery) => {
                let attempt = Attempt {
                    deliveries: std::slice::from_ref(&delivery),
                    parked: Some(id),
                    is_counted: true,
                };
                match self.attempt(attempt).await? {
                    Ok(strangers) if strangers.is_empty() => None,
                    Ok(_) => Some((delivery.message, STRANGER.to_owned())),
                    Err(HandleError::Reject(reason)) => Some((delivery.message, reason)),
                    Err(HandleError::Retry(cause) | HandleError::Unavailable(cause)) => {
                        let tries = record.tries + 1;
                        if tries < MOST_TRIES && record.age_seconds < PATIENCE {
                            metrics::event(topic, "retried");
                            let wait = BACKOFF.delay(tries.unsigned_abs());
                            let reason = cause.to_string();
                            self.insist("postpone", async |tx| {
                                parked::update(tx, id, tries, wait, &reason).await
                            })
                            .await?;
                            self.parking.postpone(key, wait);
                            return Ok(());
                        }
                        let reason = format!("gave up after {tries} tries: {cause}");
                        Some((delivery.message, reason))
                    }
                }
            }
        };
        if let Some((message, reason)) = refused {
            let tries = record.tries.unsigned_abs() + 1;
            self.bury(&message, &reason, tries).await?;
            self.insist("unpark", async |tx| parked::delete(tx, id).await)
                .await?;
        }
        self.parking.remove_first(key);
        Ok(())
    }

    /// Makes attempts for as long as a dependency is down.
    async fn attempt(
        &self,
        attempt: Attempt<'_, H::Event>,
    ) -> Result<Result<Vec<usize>, HandleError>, Left> {
        let shared = &self.shared;
        loop {
            tokio::select! {
                () = self.leaving() => return Err(Left),
                () = shared.breaker.pass() => {}
            }
            let began = Instant::now();
            let tried = tokio::select! {
                tried = attempt.make(shared) => tried,
                () = self.patience() => {
                    attempt.take_back(shared);
                    return Err(Left);
                }
            };
            metrics::attempt(shared.topic, attempt.deliveries.len(), began.elapsed());
            match tried {
                Err(HandleError::Unavailable(cause)) => shared.breaker.failed(&cause),
                tried => {
                    shared.breaker.succeeded();
                    return Ok(tried);
                }
            }
        }
    }

    /// Does what must be in the database before the partition goes on, for as long as it takes.
    async fn insist<T, F>(&self, name: &'static str, work: F) -> Result<T, Left>
    where
        F: for<'r> Work<&'r mut AsyncPgConnection, Result<T, DatabaseError>, Fut: Send>
            + Send
            + Sync,
        T: Send,
    {
        let shared = &self.shared;
        loop {
            tokio::select! {
                () = self.leaving() => return Err(Left),
                () = shared.breaker.pass() => {}
            }
            let done = tokio::select! {
                done = shared.database.transaction(name, &work) => done,
                () = self.patience() => return Err(Left),
            };
            match done {
                Ok(value) => {
                    shared.breaker.succeeded();
                    return Ok(value);
                }
                Err(DatabaseError::Unavailable(cause)) => shared.breaker.failed(&cause),
                Err(cause) => {
                    error!(error = %cause, "the consumer of {} cannot go on: {name} failed", shared.topic);
                    shared.breaker.failed(&cause.into());
                }
            }
        }
    }

    /// Waits until the partition leaves, and then for as long as what is in hand may still take.
    async fn patience(&self) {
        self.leaving().await;
        tokio::time::sleep(LEAVE_PATIENCE).await;
    }

    async fn bury_strangers(
        &self,
        deliveries: &[Delivery<H::Event>],
        strangers: Vec<usize>,
    ) -> Result<(), Left> {
        for place in strangers {
            self.bury(&deliveries[place].message, STRANGER, 1).await?;
        }
        Ok(())
    }

    /// Puts a record into the dead-letter topic, for as long as it takes.
    async fn bury(&self, message: &OwnedMessage, reason: &str, attempts: u32) -> Result<(), Left> {
        let shared = &self.shared;
        tokio::select! {
            () = shared.dead_letters.send(message, reason, attempts) => {}
            () = self.patience() => return Err(Left),
        }
        metrics::event(shared.topic, "dead_lettered");
        Ok(())
    }
}

/// Returns the first instant after `now` that is a whole number of intervals after the first tick; `now` if the interval is zero.
fn next_tick(now: Instant, interval: Duration) -> Instant {
    let elapsed = now.saturating_duration_since(*FIRST_TICK).as_nanos();
    match elapsed.checked_rem(interval.as_nanos()) {
        // An interval is shorter than 584 years.
        Some(since_tick) => now + interval - Duration::from_nanos(since_tick as u64),
        None => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn partitions_share_ticks() {
        let interval = Duration::from_millis(50);
        let ticks =
            [0, 1, 49].map(|ms| next_tick(*FIRST_TICK + Duration::from_millis(ms), interval));
        assert_eq!(ticks, [*FIRST_TICK + interval; 3]);
        assert_eq!(next_tick(ticks[0], interval), ticks[0] + interval);
        assert_eq!(next_tick(ticks[0], Duration::ZERO), ticks[0]);
    }
}
