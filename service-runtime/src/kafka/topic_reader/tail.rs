use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use taskmesh_proto::topics::Topic;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use super::TopicRecord;
use crate::{
    BoxError,
    backoff::Backoff,
    kafka::{KafkaConfig, log_filter::Quiet, metrics, value_format::ValueFormat},
};

/// How long the broker may take to say how far a partition reaches.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often partitions are looked at from which nothing comes.
const LOOK_EVERY: Duration = Duration::from_secs(15);
const RESTART: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
/// A consumer that ran for so long has not failed because of what the one before it failed of.
const PROVEN: Duration = Duration::from_secs(60);

/// What a topic is read for. It is called from one task, in the order of each partition, and must not wait.
pub trait TopicReader: Send + Sync + 'static {
    /// A partition is read from here on. What was read of it before does not go on here: something may be missing between.
    fn begins(&self, beginning: Beginning);

    /// The next record of its partition.
    fn read(&self, record: TopicRecord);

    /// Everything that a partition had was read.
    fn caught_up(&self, partition: i32);
}

/// Where the reading of a partition begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// The partition.
    pub partition: i32,
    /// How many partitions the topic has.
    pub partitions: i32,
    /// The offset of the first record that is read.
    pub offset: i64,
}

/// Reads all of a topic as it grows.
pub(crate) struct Tail<R> {
    config: KafkaConfig,
    topic: &'static Topic,
    service: &'static str,
    reader: Arc<R>,
    /// How many records of each partition are read of what is there already.
    most_records: i64,
    stopping: CancellationToken,
    /// What comes next of each partition.
    next: BTreeMap<i32, i64>,
}

#[derive(Debug, thiserror::Error)]
enum TailError {
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    #[error("the broker does not have the topic {0}: create it with `taskmesh topics apply`")]
    NoTopic(String),
    #[error("the broker no longer has what comes next")]
    Gone,
    #[error("a partition stands still although the broker has records for it")]
    StandsStill,
    #[error("the thread that asks how far partitions reach ended")]
    Asking(#[from] tokio::task::JoinError),
}

/// How far a partition reaches.
#[derive(Debug, Clone, Copy)]
struct Extent {
    partition: i32,
    low: i64,
    high: i64,
}

impl<R: TopicReader> Tail<R> {
    pub(crate) fn new(
        config: KafkaConfig,
        topic: &'static Topic,
        service: &'static str,
        reader: Arc<R>,
        most_records: i64,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            config,
            topic,
            service,
            reader,
            most_records,
            stopping,
            next: BTreeMap::new(),
        }
    }

    /// Runs until the process stops; a consumer that failed is replaced and goes on where that one was.
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
                error!(error = %cause, "the reader of {} failed and is replaced", self.topic.name);
                metrics::replaced(self.topic.name);
            }
            failures = match started.elapsed() > PROVEN {
                true => 1,
                false => failures + 1,
            };
            tokio::select! {
                () = tokio::time::sleep(RESTART.delay(failures)) => {}
                () = stopping.cancelled() => return Ok(()),
            }
        }
    }

    /// Reads until something fails.
    async fn follow(&mut self) -> Result<(), TailError> {
        let topic = self.config.topic_name(self.topic.name);
        let format = ValueFormat::of(&self.config, self.topic);
        let config = client_config(&self.config, self.service);
        let consumer: Arc<StreamConsumer<Quiet>> = Arc::new(config.create_with_context(Quiet)?);
        let extents = extents(&consumer, &topic).await?;
        consumer.assign(&self.assignment(&topic, &extents)?)?;
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut seen = self.next.clone();
        look.tick().await;
        loop {
            tokio::select! {
                _ = look.tick() => {
                    if self.stands_still(&seen, &consumer, &topic).await {
                        return Err(TailError::StandsStill);
                    }
                    seen.clone_from(&self.next);
                }
                received = consumer.recv() => match received {
                    Ok(message) => {
                        let record = TopicRecord::read(&format, &message.detach());
                        self.next.insert(record.partition, record.offset + 1);
                        self.reader.read(record);
                    }
                    Err(KafkaError::PartitionEOF(partition)) => self.reader.caught_up(partition),
                    Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset)) => {
                        return Err(TailError::Gone);
                    }
                    Err(cause @ KafkaError::MessageConsumptionFatal(_)) => return Err(cause.into()),
                    Err(cause) => debug!(error = %cause, "the reader of {topic} goes on"),
                },
            }
        }
    }

    /// Returns where each partition is read from: where the last consumer was if that is still there, else near its end.
    fn assignment(
        &mut self,
        topic: &str,
        extents: &[Extent],
    ) -> Result<TopicPartitionList, TailError> {
        let mut assignment = TopicPartitionList::new();
        let partitions = i32::try_from(extents.len()).unwrap_or(i32::MAX);
        for Extent {
            partition,
            low,
            high,
        } in extents.iter().copied()
        {
            let known = self.next.get(&partition).copied();
            let offset = match known.filter(|next| (low..=high).contains(next)) {
                Some(next) => next,
                None => {
                    let offset = low.max(high.saturating_sub(self.most_records));
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

    /// Tells whether the broker has records for a partition that has not moved since the last look.
    async fn stands_still(
        &self,
        seen: &BTreeMap<i32, i64>,
        consumer: &Arc<StreamConsumer<Quiet>>,
        topic: &str,
    ) -> bool {
        // A broker that does not answer now is no fault of the consumer.
        let extents = extents(consumer, topic).await.unwrap_or_default();
        extents.iter().any(|extent| {
            let next = self.next.get(&extent.partition);
            next == seen.get(&extent.partition) && next.is_some_and(|next| *next < extent.high)
        })
    }
}

async fn extents(
    consumer: &Arc<StreamConsumer<Quiet>>,
    topic: &str,
) -> Result<Vec<Extent>, TailError> {
    let (consumer, topic) = (Arc::clone(consumer), topic.to_owned());
    tokio::task::spawn_blocking(move || {
        let metadata = consumer.fetch_metadata(Some(&topic), PATIENCE)?;
        let known = metadata.topics().iter().find(|found| found.name() == topic);
        let partitions = known.map_or(0, |found| found.partitions().len());
        let partitions = i32::try_from(partitions).unwrap_or_default();
        if partitions == 0 {
            return Err(TailError::NoTopic(topic));
        }
        let extents = (0..partitions).map(|partition| {
            let (low, high) = consumer.fetch_watermarks(&topic, partition, PATIENCE)?;
            Ok(Extent {
                partition,
                low,
                high,
            })
        });
        extents.collect()
    })
    .await?
}

/// Returns the settings of a consumer that is no member of any group.
pub(super) fn client_config(config: &KafkaConfig, service: &str) -> ClientConfig {
    let mut client = config.client_config(service);
    client
        // A name is needed to read at all, and the service's own is one that its user may use. Nothing is joined or committed.
        .set("group.id", config.topic_name(service))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false")
        .set("check.crcs", "true")
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.wait.max.ms", "100");
    client
}
