//! Reads dead-letter topics up to their current ends, without a consumer group.

use std::{collections::BTreeSet, ops::ControlFlow};

use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};
use tokio::sync::mpsc;

use super::{DeadLetter, DeadLetterError, DeadLetterTopic, LetterName, TopicCount};
use crate::kafka::{KafkaConfig, READ_TIMEOUT, log_filter::Quiet, partition_count, read_range};

/// Extent of a reading.
#[derive(Debug, Clone)]
pub(super) enum Extent {
    /// Every record, or those from this one on.
    From(Option<LetterName>),
    /// Records with these names; each must exist.
    Only(BTreeSet<LetterName>),
}

/// Range of offsets of a partition; the end is exclusive.
struct Range {
    topic: DeadLetterTopic,
    partition: i32,
    from: i64,
    to: i64,
}

/// Reader; blocks.
pub(super) struct Reader {
    consumer: BaseConsumer<Quiet>,
    servers: String,
}

impl Reader {
    /// Creates a reader; connects with the first request.
    pub(super) fn new(
        kafka: &KafkaConfig,
        topics: &[DeadLetterTopic],
    ) -> Result<Self, DeadLetterError> {
        let servers = kafka.bootstrap_servers.clone();
        let group = topics.first().map_or("taskmesh", |topic| topic.group);
        let consumer = kafka
            .reader_config(group)
            // Letters that are purged while they are read are skipped.
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "10")
            .create_with_context(Quiet);
        match consumer {
            Ok(consumer) => Ok(Self { consumer, servers }),
            Err(cause) => Err(silent(servers, cause)),
        }
    }

    /// Sends every record to the channel until it is closed.
    pub(super) fn read(
        &self,
        topics: &[DeadLetterTopic],
        extent: &Extent,
        letters: &mpsc::Sender<DeadLetter>,
    ) -> Result<(), DeadLetterError> {
        for range in self.ranges(topics, extent)? {
            if letters.is_closed() {
                return Ok(());
            }
            self.read_range(&range, letters)?;
        }
        Ok(())
    }

    /// Counts the records of each topic.
    pub(super) fn counts(
        &self,
        topics: &[DeadLetterTopic],
    ) -> Result<Vec<TopicCount>, DeadLetterError> {
        let counted = topics.iter().map(|topic| {
            Ok(TopicCount {
                topic: topic.clone(),
                count: self.count(topic)?,
            })
        });
        counted.collect()
    }

    fn count(&self, topic: &DeadLetterTopic) -> Result<Option<i64>, DeadLetterError> {
        let Some(partitions) = self.partitions(topic)? else {
            return Ok(None);
        };
        let mut count = 0;
        for partition in 0..partitions {
            let (low, high) = self.watermarks(topic, partition)?;
            count += high - low;
        }
        Ok(Some(count))
    }

    fn ranges(
        &self,
        topics: &[DeadLetterTopic],
        extent: &Extent,
    ) -> Result<Vec<Range>, DeadLetterError> {
        match extent {
            Extent::From(beginning) => self.ranges_from(topics, beginning.as_ref()),
            Extent::Only(names) => self.ranges_of(topics, names),
        }
    }

    fn ranges_from(
        &self,
        topics: &[DeadLetterTopic],
        beginning: Option<&LetterName>,
    ) -> Result<Vec<Range>, DeadLetterError> {
        let skipped = |topic: &&DeadLetterTopic| beginning.is_some_and(|at| topic.name != at.topic);
        let mut ranges = Vec::new();
        for topic in topics.iter().skip_while(skipped) {
            // A topic that is not there has no letters.
            let partitions = self.partitions(topic)?.unwrap_or_default();
            let at = beginning.filter(|at| at.topic == topic.name);
            for partition in at.map_or(0, |at| at.partition)..partitions {
                let (low, high) = self.watermarks(topic, partition)?;
                let at = at.filter(|at| at.partition == partition);
                ranges.push(Range {
                    topic: topic.clone(),
                    partition,
                    from: at.map_or(low, |at| at.offset.max(low)),
                    to: high,
                });
            }
        }
        ranges.retain(|range| range.from < range.to);
        Ok(ranges)
    }

    fn ranges_of(
        &self,
        topics: &[DeadLetterTopic],
        names: &BTreeSet<LetterName>,
    ) -> Result<Vec<Range>, DeadLetterError> {
        let mut ranges: Vec<Range> = Vec::new();
        for name in names {
            let topic = super::topics::find(topics, name)?;
            match ranges.last_mut() {
                Some(last)
                    if last.topic == *topic
                        && last.partition == name.partition
                        && last.to == name.offset =>
                {
                    last.to += 1;
                }
                _ => ranges.push(Range {
                    topic: topic.clone(),
                    partition: name.partition,
                    from: name.offset,
                    to: name.offset + 1,
                }),
            }
        }
        for range in &ranges {
            let partitions = self.partitions(&range.topic)?.unwrap_or_default();
            let (low, high) = match range.partition < partitions {
                true => self.watermarks(&range.topic, range.partition)?,
                false => (0, 0),
            };
            if range.from < low || high < range.to {
                return Err(DeadLetterError::NotThere(LetterName {
                    topic: range.topic.name.clone(),
                    partition: range.partition,
                    offset: match range.from < low {
                        true => range.from,
                        false => range.from.max(high),
                    },
                }));
            }
        }
        Ok(ranges)
    }

    fn read_range(
        &self,
        range: &Range,
        letters: &mpsc::Sender<DeadLetter>,
    ) -> Result<(), DeadLetterError> {
        let topic = &range.topic;
        let send = |message| match letters.blocking_send(DeadLetter::new(topic.clone(), message)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        read_range(
            &self.consumer,
            &topic.full_name,
            range.partition,
            range.from..range.to,
            || letters.is_closed(),
            send,
        )
        .map_err(|cause| self.silent(cause))
    }

    /// Returns the number of partitions of a topic; `None` if it does not exist.
    fn partitions(&self, topic: &DeadLetterTopic) -> Result<Option<i32>, DeadLetterError> {
        partition_count(&self.consumer, &topic.full_name, READ_TIMEOUT)
            .map_err(|cause| self.silent(cause))
    }

    fn watermarks(
        &self,
        topic: &DeadLetterTopic,
        partition: i32,
    ) -> Result<(i64, i64), DeadLetterError> {
        self.consumer
            .fetch_watermarks(&topic.full_name, partition, READ_TIMEOUT)
            .map_err(|cause| self.silent(cause))
    }

    fn silent(&self, cause: KafkaError) -> DeadLetterError {
        silent(self.servers.clone(), cause)
    }
}

fn silent(servers: String, cause: KafkaError) -> DeadLetterError {
    DeadLetterError::Broker {
        servers,
        cause: cause.into(),
    }
}
