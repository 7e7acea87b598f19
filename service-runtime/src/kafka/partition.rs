//! Worker of one partition: processes batches of records in order.
//!
//! A record that cannot be handled yet is parked in the retry queue, and later records of its key behind it, while other keys continue. So every
//! record before the committed offset is handled, parked, or a dead letter.

use std::{
    collections::HashSet,
    mem,
    sync::{Arc, LazyLock},
    time::Duration,
};

use rdkafka::{Message, message::OwnedMessage};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};
use uuid::Uuid;

use super::{
    backpressure::{Load, weight},
    handler::{EventHandler, HandleError},
    metrics, partition_owner,
    process_batch::Attempt,
    record::{Delivery, Refused},
    retry_queue::RetryQueue,
    retry_store::{self, NewParked},
    worker_context::WorkerContext,
};
use crate::{
    backoff::Backoff,
    ids::Ids,
    postgres::{AsyncPgConnection, DatabaseError, Work},
};

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(60));
const MAX_TRIES: i32 = 10;
const MAX_AGE_SECONDS: f64 = 15.0 * 60.0;
/// Number of parked records at which a partition takes no new ones.
const MAX_PARKED: usize = 10_000;
/// Time that records in flight may still take when the partition is revoked.
const REVOKE_GRACE: Duration = Duration::from_secs(2);
/// Time limit of removing the partition's mark.
const RELEASE_TIMEOUT: Duration = Duration::from_millis(500);
/// Start of the ticks that all partitions share.
static FIRST_TICK: LazyLock<Instant> = LazyLock::new(Instant::now);
const ID_CONFLICT: &str = "another event with this id was handled before";

pub(super) struct PartitionWorker<H> {
    pub shared: Arc<WorkerContext<H>>,
    pub partition: i32,
    pub load: Arc<Load>,
    pub revoked: CancellationToken,
    retries: RetryQueue,
    /// Offset and event id of the records that were parked when this worker began. If they are delivered again, the retry queue has
    /// them or has sent them to the dead-letter topic (`dead_letter_of_retry_queue_is_not_handled_when_redelivered` in
    /// `tests/consumer.rs`).
    parked_before: HashSet<(i64, Uuid)>,
    /// Identifies this worker in the mark of its partition.
    worker: Uuid,
    /// Number of new records that may still have crashed the process before: at most one batch.
    suspects: usize,
}

/// The partition was revoked, or the process stops.
pub(super) struct PartitionRevoked;

impl<H: EventHandler> PartitionWorker<H> {
    pub(super) fn new(
        shared: Arc<WorkerContext<H>>,
        partition: i32,
        load: Arc<Load>,
        revoked: CancellationToken,
    ) -> Self {
        Self {
            shared,
            partition,
            load,
            revoked,
            retries: RetryQueue::default(),
            parked_before: HashSet::new(),
            worker: Ids.uuid_v7(),
            suspects: 0,
        }
    }

    /// Handles records until the partition is revoked or the process stops; those in flight are finished first.
    pub(super) async fn run(mut self, queue: UnboundedReceiver<OwnedMessage>) {
        let Err(PartitionRevoked) = self.work(queue).await;
        let (topic, partition, worker) = (self.shared.topic, self.partition, self.worker);
        let releasing = self
            .shared
            .database
            .transaction("release_partition", async |tx| {
                partition_owner::release(tx, topic, partition, worker).await
            });
        if !matches!(timeout(RELEASE_TIMEOUT, releasing).await, Ok(Ok(()))) {
            debug!(
                "mark of partition {partition} of {topic} was not removed, its next records are crash suspects"
            );
        }
    }

    async fn work(
        &mut self,
        mut queue: UnboundedReceiver<OwnedMessage>,
    ) -> Result<std::convert::Infallible, PartitionRevoked> {
        let (topic, partition) = (self.shared.topic, self.partition);
        let worker = self.worker;
        let (has_crashed, keys, records) = self
            .retry_until_revoked("claim_partition", async |tx| {
                Ok((
                    partition_owner::claim(tx, topic, partition, worker).await?,
                    retry_store::list_keys(tx, topic, partition).await?,
                    retry_store::list_records(tx, topic, partition).await?,
                ))
            })
            .await?;
        self.parked_before = records;
        if has_crashed {
            self.suspects = H::MAX_BATCH;
        }
        self.retries = RetryQueue::of(keys);
        let mut batch = Vec::new();
        let mut next_batch = Instant::now();
        loop {
            metrics::parked(topic, partition, self.retries.count());
            let has_room = self.retries.count() < MAX_PARKED;
            tokio::select! {
                () = self.revoked_or_stopping() => return Err(PartitionRevoked),
                key = self.retries.due() => self.try_parked(&key).await?,
                count = async {
                    tokio::time::sleep_until(next_batch).await;
                    queue.recv_many(&mut batch, H::MAX_BATCH).await
                }, if has_room => {
                    if count == 0 {
                        return Err(PartitionRevoked);
                    }
                    next_batch = next_tick(Instant::now(), H::LINGER);
                    self.settle(mem::take(&mut batch)).await?;
                }
            }
        }
    }

    async fn revoked_or_stopping(&self) {
        tokio::select! {
            () = self.revoked.cancelled() => {}
            () = self.shared.stopping.cancelled() => {}
        }
    }

    fn read(&self, message: OwnedMessage) -> Result<Delivery<H::Event>, Box<Refused>> {
        let shared = &self.shared;
        Delivery::read(shared.topic, shared.data_schema, &shared.format, message)
    }

    /// Processes records and moves the partition's offset past them.
    async fn settle(&mut self, messages: Vec<OwnedMessage>) -> Result<(), PartitionRevoked> {
        let count = messages.len();
        let bytes = messages.iter().map(weight).sum();
        let last = messages.last().map(Message::offset);
        let mut deliveries = Vec::with_capacity(count);
        for message in messages {
            match self.read(message) {
                Ok(delivery) => {
                    let record = (delivery.message.offset(), delivery.event.id);
                    if !self.parked_before.remove(&record) {
                        deliveries.push(delivery);
                    }
                }
                Err(refused) => {
                    self.dead_letter(&refused.message, &refused.reason, 1)
                        .await?
                }
            }
        }
        let deliveries = self.park_suspects(deliveries).await?;
        self.settle_parts(vec![deliveries]).await?;
        if let Some(offset) = last {
            let progress = &self.shared.progress;
            progress.done(self.partition, offset, &self.revoked);
        }
        if self.load.remove(count, bytes) {
            // The consumer loop outlives its workers, except when the process stops.
            let _ = self.shared.drained.send(self.partition);
        }
        Ok(())
    }

    /// Parks the first records that were neither handled nor parked before, if one of them may have crashed the process that had the partition
    /// before; returns the others. The retry queue handles the parked ones one by one and counts crashes.
    async fn park_suspects(
        &mut self,
        deliveries: Vec<Delivery<H::Event>>,
    ) -> Result<Vec<Delivery<H::Event>>, PartitionRevoked> {
        if self.suspects == 0 {
            return Ok(deliveries);
        }
        let topic = self.shared.topic;
        let ids: Vec<_> = deliveries
            .iter()
            .map(|delivery| delivery.event.id)
            .collect();
        let known = self
            .retry_until_revoked("find_known", async |connection| {
                partition_owner::find_known(connection, topic, &ids).await
            })
            .await?;
        let mut suspects = Vec::new();
        let mut others = Vec::new();
        for delivery in deliveries {
            if suspects.len() < self.suspects && !known.contains(&delivery.event.id) {
                suspects.push(delivery);
            } else {
                others.push(delivery);
            }
        }
        self.suspects -= suspects.len();
        self.park(&suspects, 0, Duration::ZERO, "may have crashed the process")
            .await?;
        Ok(others)
    }

    /// Processes parts of a batch, the last part first. A part that fails is halved until the failing record is alone.
    async fn settle_parts(
        &mut self,
        mut parts: Vec<Vec<Delivery<H::Event>>>,
    ) -> Result<(), PartitionRevoked> {
        while let Some(part) = parts.pop() {
            let (behind, mut part): (Vec<_>, Vec<_>) = part
                .into_iter()
                .partition(|delivery| self.retries.holds(delivery.key()));
            self.park(
                &behind,
                0,
                Duration::ZERO,
                "waits behind another of its key",
            )
            .await?;
            let Some(first) = part.first() else {
                continue;
            };
            let attempt = Attempt {
                deliveries: &part,
                parked: None,
            };
            match self.attempt(attempt).await? {
                Ok(conflicts) => self.dead_letter_id_conflicts(&part, conflicts).await?,
                Err(_) if part.len() > 1 => {
                    let right = part.split_off(part.len() / 2);
                    parts.extend([right, part]);
                }
                Err(HandleError::Reject(reason)) => {
                    self.dead_letter(&first.message, &reason, 1).await?
                }
                Err(HandleError::Retry(cause) | HandleError::Unavailable(cause)) => {
                    debug!(error = %cause, "event {} scheduled for retry", first.event.id);
                    metrics::event(self.shared.topic, "parked");
                    let wait = BACKOFF.delay(1);
                    self.park(&part, 1, wait, &cause.to_string()).await?;
                }
            }
        }
        Ok(())
    }

    /// Puts records into the retry queue, in one transaction.
    async fn park(
        &mut self,
        deliveries: &[Delivery<H::Event>],
        tries: i32,
        wait: Duration,
        reason: &str,
    ) -> Result<(), PartitionRevoked> {
        if deliveries.is_empty() {
            return Ok(());
        }
        let topic = self.shared.topic;
        let are_new = self
            .retry_until_revoked("park", async |tx| {
                let mut are_new = Vec::with_capacity(deliveries.len());
                for delivery in deliveries {
                    let record = NewParked {
                        message: &delivery.message,
                        event_id: delivery.event.id,
                        tries,
                        wait,
                        reason,
                    };
                    are_new.push(retry_store::insert(tx, topic, &record).await?);
                }
                Ok(are_new)
            })
            .await?;
        for (delivery, is_new) in deliveries.iter().zip(are_new) {
            if is_new || !self.retries.holds(delivery.key()) {
                self.retries.add(delivery.key(), wait);
            }
        }
        Ok(())
    }

    /// Retries the first parked record of a key.
    async fn try_parked(&mut self, key: &[u8]) -> Result<(), PartitionRevoked> {
        let (topic, partition) = (self.shared.topic, self.partition);
        let record = self
            .retry_until_revoked("find_parked", async |connection| {
                retry_store::find_first(connection, topic, partition, key).await
            })
            .await?;
        let Some(record) = record else {
            self.retries.forget(key);
            return Ok(());
        };
        let message = record.message(self.shared.full_topic.clone(), partition, key);
        let id = record.id;
        let refused = match self.read(message) {
            Err(refused) => Some((refused.message, refused.reason)),
            Ok(delivery) => {
                let attempt = Attempt {
                    deliveries: std::slice::from_ref(&delivery),
                    parked: Some(&record),
                };
                match self.attempt(attempt).await? {
                    Ok(conflicts) if conflicts.is_empty() => None,
                    Ok(_) => Some((delivery.message, ID_CONFLICT.to_owned())),
                    Err(HandleError::Reject(reason)) => Some((delivery.message, reason)),
                    Err(HandleError::Retry(cause) | HandleError::Unavailable(cause)) => {
                        let tries = record.tries + 1;
                        if tries < MAX_TRIES && record.age_seconds < MAX_AGE_SECONDS {
                            metrics::event(topic, "retried");
                            let wait = BACKOFF.delay(tries.unsigned_abs());
                            let reason = cause.to_string();
                            self.retry_until_revoked("postpone", async |tx| {
                                retry_store::update(tx, id, tries, wait, &reason).await
                            })
                            .await?;
                            self.retries.postpone(key, wait);
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
            self.dead_letter(&message, &reason, tries).await?;
            self.retry_until_revoked("unpark", async |tx| retry_store::delete(tx, id).await)
                .await?;
        }
        self.retries.remove_first(key);
        Ok(())
    }

    /// Makes attempts while a dependency is unavailable.
    async fn attempt(
        &self,
        attempt: Attempt<'_, H::Event>,
    ) -> Result<Result<Vec<usize>, HandleError>, PartitionRevoked> {
        let shared = &self.shared;
        loop {
            tokio::select! {
                () = self.revoked_or_stopping() => return Err(PartitionRevoked),
                () = shared.breaker.pass() => {}
            }
            let began = Instant::now();
            let tried = tokio::select! {
                tried = attempt.make(shared) => tried,
                () = self.grace_over() => {
                    attempt.undo_count(shared).await;
                    return Err(PartitionRevoked);
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

    /// Runs a transaction that the partition needs to continue, until it succeeds.
    async fn retry_until_revoked<T, F>(
        &self,
        name: &'static str,
        work: F,
    ) -> Result<T, PartitionRevoked>
    where
        F: for<'r> Work<&'r mut AsyncPgConnection, Result<T, DatabaseError>, Fut: Send>
            + Send
            + Sync,
        T: Send,
    {
        let shared = &self.shared;
        loop {
            tokio::select! {
                () = self.revoked_or_stopping() => return Err(PartitionRevoked),
                () = shared.breaker.pass() => {}
            }
            let done = tokio::select! {
                done = shared.database.transaction(name, &work) => done,
                () = self.grace_over() => return Err(PartitionRevoked),
            };
            match done {
                Ok(value) => {
                    shared.breaker.succeeded();
                    return Ok(value);
                }
                Err(DatabaseError::Unavailable(cause)) => shared.breaker.failed(&cause),
                Err(cause) => {
                    error!(error = %cause, "consumer of {} is blocked: {name} failed, retrying", shared.topic);
                    shared.breaker.failed(&cause.into());
                }
            }
        }
    }

    /// Waits until the partition is revoked, and then as long as records in flight may still take.
    async fn grace_over(&self) {
        self.revoked_or_stopping().await;
        tokio::time::sleep(REVOKE_GRACE).await;
    }

    async fn dead_letter_id_conflicts(
        &self,
        deliveries: &[Delivery<H::Event>],
        conflicts: Vec<usize>,
    ) -> Result<(), PartitionRevoked> {
        for index in conflicts {
            self.dead_letter(&deliveries[index].message, ID_CONFLICT, 1)
                .await?;
        }
        Ok(())
    }

    /// Sends a record to the dead-letter topic, until it succeeds.
    async fn dead_letter(
        &self,
        message: &OwnedMessage,
        reason: &str,
        attempts: u32,
    ) -> Result<(), PartitionRevoked> {
        let shared = &self.shared;
        tokio::select! {
            () = shared.dead_letters.send(message, reason, attempts) => {}
            () = self.grace_over() => return Err(PartitionRevoked),
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
