//! Callbacks of librdkafka: rebalances, statistics, errors.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use rdkafka::{
    ClientContext, Offset, Statistics, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance},
    error::KafkaResult,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::metrics;

/// Completed offsets of the partitions of this process, shared by the loop, its workers and the callbacks.
#[derive(Clone, Default)]
pub(super) struct Progress {
    partitions: Arc<Mutex<HashMap<i32, PartitionProgress>>>,
}

#[derive(Default)]
struct PartitionProgress {
    /// Cancelled when the partition is revoked.
    revoked: CancellationToken,
    /// Offset after the last completed one.
    next: Option<i64>,
    committed: Option<i64>,
}

impl Progress {
    /// Starts a partition; a worker that it had before is cancelled.
    fn begin(&self, partition: i32) {
        if let Some(earlier) = self.lock().insert(partition, PartitionProgress::default()) {
            earlier.revoked.cancel();
        }
    }

    /// Returns whether a partition is assigned to this process.
    pub(super) fn is_assigned(&self, partition: i32) -> bool {
        self.lock().contains_key(&partition)
    }

    /// Returns the token that cancels a partition's worker.
    pub(super) fn revoked(&self, partition: i32) -> CancellationToken {
        self.lock().entry(partition).or_default().revoked.clone()
    }

    /// Marks a record as completed; ignored if the partition was revoked from the worker.
    pub(super) fn done(&self, partition: i32, offset: i64, revoked: &CancellationToken) {
        if let Some(progress) = self.lock().get_mut(&partition)
            && !revoked.is_cancelled()
        {
            progress.next = Some(offset + 1);
        }
    }

    /// Returns the completed offsets that are not committed yet, of some partitions or of all, and marks them as committed.
    fn take(&self, topic: &str, of: Option<&[i32]>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, progress) in self.lock().iter_mut() {
            let wanted = of.is_none_or(|partitions| partitions.contains(partition));
            if wanted
                && progress.next != progress.committed
                && let Some(next) = progress.next
            {
                progress.committed = Some(next);
                if let Err(error) =
                    list.add_partition_offset(topic, *partition, Offset::Offset(next))
                {
                    warn!(%error, "offset {next} cannot be committed");
                }
            }
        }
        list
    }

    /// Commits completed offsets. After a failed commit the next one includes them; after a restart the inbox drops the repeated events.
    pub(super) fn commit<C: ConsumerContext>(
        &self,
        consumer: &impl Consumer<C>,
        topic: &str,
        mode: CommitMode,
    ) {
        let offsets = self.take(topic, None);
        if offsets.count() == 0 {
            return;
        }
        // For the statistics only.
        if let Err(error) = consumer.store_offsets(&offsets) {
            debug!(%error, "offsets of {topic} were not stored");
        }
        if let Err(error) = consumer.commit(&offsets, mode) {
            debug!(%error, "offsets of {topic} were not committed, the next commit includes them");
            self.forget_commits();
        }
    }

    fn forget_commits(&self) {
        for progress in self.lock().values_mut() {
            progress.committed = None;
        }
    }

    /// Cancels every worker, because its consumer has failed.
    pub(super) fn abandon(&self) {
        for (_, progress) in self.lock().drain() {
            progress.revoked.cancel();
        }
    }

    fn revoke(&self, partitions: &[i32]) {
        let mut map = self.lock();
        for partition in partitions {
            if let Some(progress) = map.remove(partition) {
                progress.revoked.cancel();
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i32, PartitionProgress>> {
        self.partitions
            .lock()
            .expect("no holder of this lock panics")
    }
}

/// Callbacks of one consumer.
pub(super) struct LoopContext {
    pub topic: String,
    pub group: String,
    pub progress: Progress,
    /// Receives newly assigned partitions: their parked records are retried even if no record arrives.
    pub assigned: UnboundedSender<i32>,
}

impl ClientContext for LoopContext {
    fn stats(&self, statistics: Statistics) {
        let Some(topic) = statistics.topics.get(&self.topic) else {
            return;
        };
        for (partition, figures) in topic
            .partitions
            .iter()
            .filter(|(partition, _)| **partition >= 0)
        {
            // -1 means unknown.
            let partition = *partition;
            metrics::lag(&self.topic, partition, "committed", figures.consumer_lag);
            metrics::lag(
                &self.topic,
                partition,
                "stored",
                figures.consumer_lag_stored,
            );
        }
    }

    fn error(&self, error: rdkafka::error::KafkaError, reason: &str) {
        warn!(messaging.consumer.group.name = %self.group, %error, "broker: {reason}");
    }
}

impl ConsumerContext for LoopContext {
    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            debug!(%error, "offsets of {} were not committed, the next commit includes them", self.topic);
            self.progress.forget_commits();
        }
    }

    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                for partition in partitions(list) {
                    info!("partition {partition} of {} was assigned", self.topic);
                    self.progress.begin(partition);
                }
            }
            Rebalance::Revoke(list) => {
                let partitions = partitions(list);
                let offsets = self.progress.take(&self.topic, Some(&partitions));
                // A lost assignment belongs to another member already, whose commits must not be overwritten.
                if !consumer.assignment_lost()
                    && offsets.count() > 0
                    && let Err(error) = consumer.commit(&offsets, CommitMode::Sync)
                {
                    debug!(%error, "offsets were not committed before the partitions were revoked; the inbox drops repeated events");
                }
                self.progress.revoke(&partitions);
                if !partitions.is_empty() {
                    info!("partitions {partitions:?} of {} were revoked", self.topic);
                }
            }
            Rebalance::Error(error) => warn!(%error, "rebalance of {} failed", self.topic),
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        // librdkafka keeps a pause across assignments: a partition that was revoked while paused would stay paused.
        let Rebalance::Assign(list) = rebalance else {
            return;
        };
        if let Err(error) = consumer.resume(list) {
            warn!(%error, "partitions of {} cannot be resumed", self.topic);
        }
        for partition in partitions(list) {
            // Fails only when the consumer is being closed.
            let _ = self.assigned.send(partition);
        }
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<i32> {
    list.elements()
        .iter()
        .map(|element| element.partition())
        .collect()
}
