use std::{
    ops::{ControlFlow, Range},
    time::{Duration, Instant},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use taskmesh_proto::topics::Topic;
use tokio_util::sync::CancellationToken;

use super::{TopicRecord, tail::client_config};
use crate::kafka::{KafkaConfig, log_filter::Quiet, schema_registry::ValueFormat};

/// Time limit of the next record.
const RECORD_TIMEOUT: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(100);

/// Reads past records of a topic.
#[derive(Clone)]
pub struct TopicHistory {
    config: KafkaConfig,
    topic: &'static Topic,
    service: &'static str,
}

/// Reason why a range of offsets was not read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The broker does not have all records of the range.
    #[error("the broker no longer has the records from offset {0} on")]
    Gone(i64),
    /// The broker does not answer.
    #[error("the broker did not return its records")]
    Broker(#[from] KafkaError),
    /// The reading thread panicked.
    #[error("the reading thread panicked")]
    Reading(#[from] tokio::task::JoinError),
}

impl TopicHistory {
    pub(crate) fn new(config: KafkaConfig, topic: &'static Topic, service: &'static str) -> Self {
        Self {
            config,
            topic,
            service,
        }
    }

    /// Passes the records of a range of offsets to `each`, in order, until it breaks; first up to `lead` earlier records, if the broker has
    /// them. Runs on a separate thread, which ends when the future is dropped.
    pub async fn read<F>(
        &self,
        partition: i32,
        lead: i64,
        range: Range<i64>,
        each: F,
    ) -> Result<(), HistoryError>
    where
        F: FnMut(TopicRecord) -> ControlFlow<()> + Send + 'static,
    {
        if range.is_empty() {
            return Ok(());
        }
        let past = self.clone();
        let cancelled = CancellationToken::new();
        let _guard = cancelled.clone().drop_guard();
        let reading = move || past.read_blocking(partition, lead, range, &cancelled, each);
        tokio::task::spawn_blocking(reading).await?
    }

    fn read_blocking(
        &self,
        partition: i32,
        lead: i64,
        range: Range<i64>,
        cancelled: &CancellationToken,
        mut each: impl FnMut(TopicRecord) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        let topic = self.config.topic_name(self.topic.name);
        let format = ValueFormat::of(&self.config, self.topic);
        let config = client_config(&self.config, self.service);
        let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet)?;
        let (low, high) = consumer.fetch_watermarks(&topic, partition, RECORD_TIMEOUT)?;
        if range.start < low || high < range.end {
            return Err(HistoryError::Gone(range.start));
        }
        let begin = low.max(range.start.saturating_sub(lead));
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(&topic, partition, Offset::Offset(begin))?;
        consumer.assign(&assignment)?;
        let mut deadline = Instant::now() + RECORD_TIMEOUT;
        let mut failure = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
        while Instant::now() < deadline && !cancelled.is_cancelled() {
            match consumer.poll(POLL) {
                Some(Ok(message)) => {
                    let record = TopicRecord::read(&format, &message.detach());
                    let next = record.offset + 1;
                    if next > range.end || each(record).is_break() || next == range.end {
                        return Ok(());
                    }
                    deadline = Instant::now() + RECORD_TIMEOUT;
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset))) => {
                    return Err(HistoryError::Gone(range.start));
                }
                // The client retries automatically.
                Some(Err(cause)) => failure = cause,
                None => {}
            }
        }
        Err(failure.into())
    }
}
