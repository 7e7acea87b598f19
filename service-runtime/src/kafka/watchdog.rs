use std::{collections::HashMap, sync::Arc, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    error::KafkaResult,
};
use tokio::time::Instant;
use tracing::debug;

use super::rebalance::LoopContext;

/// How often partitions are looked at from which nothing comes.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(15);
/// A partition is silent when nothing has come from it for so long.
const SILENCE: Duration = Duration::from_secs(30);
/// A new consumer that does not help is not replaced again so soon.
const TRUST: Duration = Duration::from_secs(5 * 60);
const PATIENCE: Duration = Duration::from_secs(5);

/// Finds partitions that stand still although the broker has records for them: a fault of the consumer, which a new one has not.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    received: HashMap<i32, Instant>,
    /// What silent partitions have before them, as seen the last time.
    waiting: HashMap<i32, i64>,
    trusted_until: Option<Instant>,
}

/// How far a partition is, and how far it could be.
#[derive(Debug, Clone, Copy)]
struct Extent {
    partition: i32,
    next: i64,
    end: i64,
}

impl Watchdog {
    /// Notes that a record has come.
    pub(super) fn received(&mut self, partition: i32) {
        self.received.insert(partition, Instant::now());
    }

    /// Looks at the partitions from which nothing comes although they do not pause; returns whether the consumer is to be replaced.
    pub(super) async fn look(
        &mut self,
        consumer: &Arc<StreamConsumer<LoopContext>>,
        topic: &str,
        is_paused: impl Fn(i32) -> bool,
    ) -> bool {
        let Ok(assignment) = consumer.assignment() else {
            return false;
        };
        let now = Instant::now();
        let mut silent = Vec::new();
        for element in assignment.elements() {
            let partition = element.partition();
            let since = *self.received.entry(partition).or_insert(now);
            if now.duration_since(since) >= SILENCE && !is_paused(partition) {
                silent.push(partition);
            }
        }
        if silent.is_empty() {
            self.waiting.clear();
            return false;
        }
        let (consumer, topic) = (Arc::clone(consumer), topic.to_owned());
        let asked = tokio::task::spawn_blocking(move || extents(&consumer, &topic, &silent));
        match asked.await {
            Ok(Ok(extents)) => self.judge(&extents, now),
            Ok(Err(error)) => {
                debug!(%error, "the broker does not tell how far silent partitions are");
                false
            }
            Err(_) => false,
        }
    }

    /// A partition stands still if the same record waits for it at two looks.
    fn judge(&mut self, extents: &[Extent], now: Instant) -> bool {
        let behind = extents.iter().filter(|extent| extent.next < extent.end);
        let behind: HashMap<i32, i64> = behind
            .map(|extent| (extent.partition, extent.next))
            .collect();
        let stands = behind
            .iter()
            .any(|(partition, next)| self.waiting.get(partition) == Some(next));
        self.waiting = behind;
        if !stands || self.trusted_until.is_some_and(|until| now < until) {
            return false;
        }
        self.waiting.clear();
        self.received.clear();
        self.trusted_until = Some(now + TRUST);
        true
    }
}

fn extents(
    consumer: &StreamConsumer<LoopContext>,
    topic: &str,
    partitions: &[i32],
) -> KafkaResult<Vec<Extent>> {
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition(topic, *partition);
    }
    let positions = consumer.position()?;
    let committed = consumer.committed_offsets(list, PATIENCE)?;
    let offset_in = |list: &TopicPartitionList, partition| {
        let element = list.find_partition(topic, partition)?;
        match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }
    };
    let mut extents = Vec::new();
    for partition in partitions {
        let (begin, end) = consumer.fetch_watermarks(topic, *partition, PATIENCE)?;
        let next = offset_in(&positions, *partition)
            .or_else(|| offset_in(&committed, *partition))
            .unwrap_or(begin);
        extents.push(Extent {
            partition: *partition,
            next,
            end,
        });
    }
    Ok(extents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(next: i64, end: i64) -> Extent {
        Extent {
            partition: 1,
            next,
            end,
        }
    }

    #[test]
    fn a_partition_that_twice_leaves_the_same_record_lying_stands_still() {
        let (mut watchdog, now) = (Watchdog::default(), Instant::now());
        assert!(!watchdog.judge(&[extent(7, 9)], now));
        assert!(watchdog.judge(&[extent(7, 12)], now));
    }

    #[test]
    fn a_partition_that_moves_or_has_nothing_to_read_does_not_stand_still() {
        let (mut watchdog, now) = (Watchdog::default(), Instant::now());
        assert!(!watchdog.judge(&[extent(7, 9)], now));
        assert!(!watchdog.judge(&[extent(8, 9)], now));
        assert!(!watchdog.judge(&[extent(9, 9)], now));
        assert!(!watchdog.judge(&[extent(9, 9)], now));
    }

    #[test]
    fn a_new_consumer_that_does_not_help_is_given_time() {
        let (mut watchdog, now) = (Watchdog::default(), Instant::now());
        for time in [now, now, now, now + TRUST / 2] {
            watchdog.judge(&[extent(7, 9)], time);
        }
        assert!(!watchdog.judge(&[extent(7, 9)], now + TRUST / 2));
        assert!(watchdog.judge(&[extent(7, 9)], now + TRUST));
    }
}
