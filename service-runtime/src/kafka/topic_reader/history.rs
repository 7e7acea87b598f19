use std::ops::{ControlFlow, Range};

use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use taskmesh_proto::topics::Topic;
use tokio_util::sync::CancellationToken;

use super::{
    TopicRecord,
    range::{READ_TIMEOUT, read_range},
};
use crate::kafka::{KafkaConfig, log_filter::Quiet, schema_registry::ValueFormat};

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
        let config = self.config.reader_config(self.service);
        let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet)?;
        let (low, high) = consumer.fetch_watermarks(&topic, partition, READ_TIMEOUT)?;
        if range.start < low || high < range.end {
            return Err(HistoryError::Gone(range.start));
        }
        let begin = low.max(range.start.saturating_sub(lead));
        let read = read_range(
            &consumer,
            &topic,
            partition,
            begin..range.end,
            || cancelled.is_cancelled(),
            |message| each(TopicRecord::read(&format, &message)),
        );
        match read {
            Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset)) => {
                Err(HistoryError::Gone(range.start))
            }
            read => Ok(read?),
        }
    }
}
