use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use taskmesh_proto::topics::Topic;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use super::TopicRecord;
use crate::{
    BoxError,
    backoff::Backoff,
    kafka::{
        KafkaConfig, TopicMissing, log_filter::Quiet, metrics, partition_count,
        schema_registry::ValueFormat,
    },
};

/// Time limit of a metadata or watermark request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
const RESTART: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// Receives the records of a topic. Called from one task, in the order of each partition; must not block.
pub trait TopicReader: Send + Sync + 'static {
    /// Starts reading a partition at an offset; records between earlier ones and this offset may be missing.
    fn begins(&self, beginning: Beginning);

    /// Receives the next record of its partition.
    fn read(&self, record: TopicRecord);

    /// Reports that the end of a partition was reached.
    fn caught_up(&self, partition: i32);
}

/// Start position of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// Partition.
    pub partition: i32,
    /// Number of partitions of the topic.
    pub partitions: i32,
    /// Offset of the first record.
    pub offset: i64,
}

/// Follows all partitions of a topic.
pub(crate) struct Tail<R> {
    config: KafkaConfig,
    topic: &'static Topic,
    service: &'static str,
    reader: Arc<R>,
    /// Largest number of existing records of each partition that are read.
    max_records: i64,
    stopping: CancellationToken,
    /// Next offset of each partition.
    next: BTreeMap<i32, i64>,
}

impl<R: TopicReader> Tail<R> {
    pub(crate) fn new(
        config: KafkaConfig,
        topic: &'static Topic,
        service: &'static str,
        reader: Arc<R>,
        max_records: i64,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            config,
            topic,
            service,
            reader,
            max_records,
            stopping,
            next: BTreeMap::new(),
        }
    }

    /// Runs until the process stops; a consumer that failed is replaced and continues at its offsets.
    pub(crate) async fn run(mut self) -> Result<(), BoxError> {
        metrics::describe();
        let stopping = self.stopping.clone();
        let mut failures = 0;
        loop {
            let started = Instant::now();
            let followed = tokio::select! {
                followed = self.follow() => followed,
                () = stopping.cancelled() => return Ok(()),
            };
            if let Err(cause) = followed {
                error!(error = %cause, "reader of {} failed, replacing it", self.topic.name);
                metrics::replaced(self.topic.name);
            }
            tokio::select! {
                () = tokio::time::sleep(RESTART.delay_after(started, &mut failures)) => {}
                () = stopping.cancelled() => return Ok(()),
            }
        }
    }

    /// Reads until something fails.
    async fn follow(&mut self) -> Result<(), BoxError> {
        let topic = self.config.topic_name(self.topic.name);
        let format = ValueFormat::of(&self.config, self.topic);
        let mut config = self.config.reader_config(self.service);
        // New records end the wait.
        config.set("fetch.wait.max.ms", "1000");
        let consumer: Arc<StreamConsumer<Quiet>> = Arc::new(config.create_with_context(Quiet)?);
        let watermarks = watermarks(&consumer, &topic).await?;
        consumer.assign(&self.assignment(&topic, &watermarks)?)?;
        loop {
            match consumer.recv().await {
                Ok(message) => {
                    let record = TopicRecord::read(&format, &message.detach());
                    self.next.insert(record.partition, record.offset + 1);
                    self.reader.read(record);
                }
                Err(KafkaError::PartitionEOF(partition)) => self.reader.caught_up(partition),
                Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset)) => {
                    return Err("the broker no longer has the next record".into());
                }
                Err(cause @ KafkaError::MessageConsumptionFatal(_)) => return Err(cause.into()),
                Err(cause) => {
                    debug!(error = %cause, "reader of {topic} reported an error, continuing")
                }
            }
        }
    }

    /// Returns the start offset of each partition: the next offset of the last consumer if the broker still has it, else one near the end.
    fn assignment(
        &mut self,
        topic: &str,
        watermarks: &[(i64, i64)],
    ) -> Result<TopicPartitionList, BoxError> {
        let mut assignment = TopicPartitionList::new();
        let partitions = i32::try_from(watermarks.len()).unwrap_or(i32::MAX);
        for (partition, (low, high)) in (0..).zip(watermarks.iter().copied()) {
            let known = self.next.get(&partition).copied();
            let offset = match known.filter(|next| (low..=high).contains(next)) {
                Some(next) => next,
                None => {
                    let offset = low.max(high.saturating_sub(self.max_records));
                    self.reader.begins(Beginning {
                        partition,
                        partitions,
                        offset,
                    });
                    offset
                }
            };
            self.next.insert(partition, offset);
            assignment.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        }
        Ok(assignment)
    }
}

/// Returns the first and the next offset of each partition.
async fn watermarks(
    consumer: &Arc<StreamConsumer<Quiet>>,
    topic: &str,
) -> Result<Vec<(i64, i64)>, BoxError> {
    let (consumer, topic) = (Arc::clone(consumer), topic.to_owned());
    tokio::task::spawn_blocking(move || {
        let partitions = partition_count(consumer.as_ref(), &topic, REQUEST_TIMEOUT)?
            .ok_or_else(|| TopicMissing(topic.clone()))?;
        let watermarks = (0..partitions)
            .map(|partition| Ok(consumer.fetch_watermarks(&topic, partition, REQUEST_TIMEOUT)?));
        watermarks.collect()
    })
    .await?
}
