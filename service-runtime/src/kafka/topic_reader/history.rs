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
use crate::kafka::{KafkaConfig, log_filter::Quiet, value_format::ValueFormat};

/// How long the broker may take for the next record.
const PATIENCE: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(100);

/// What a topic had before.
#[derive(Clone)]
pub struct TopicPast {
    config: KafkaConfig,
    topic: &'static Topic,
    service: &'static str,
}

/// Why a stretch of the past was not read.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The broker does not have all of it, or no longer.
    #[error("the broker no longer has the records from offset {0} on")]
    Gone(i64),
    /// The broker does not answer.
    #[error("the broker does not hand out its records")]
    Broker(#[from] KafkaError),
    /// The thread that reads has ended.
    #[error("the thread that reads ended")]
    Reading(#[from] tokio::task::JoinError),
}

impl TopicPast {
    pub(crate) fn new(config: KafkaConfig, topic: &'static Topic, service: &'static str) -> Self {
        Self {
            config,
            topic,
            service,
        }
    }

    /// Hands every record of a stretch of a partition to `each`, in order, until that has enough; on a thread of its own, which
    /// ends when nobody waits for it any more. Before them come up to `lead` records that lie before the stretch, as far as the broker
    /// has them.
    pub async fn read<F>(
        &self,
        partition: i32,
        lead: i64,
        stretch: Range<i64>,
        each: F,
    ) -> Result<(), PastError>
    where
        F: FnMut(TopicRecord) -> ControlFlow<()> + Send + 'static,
    {
        if stretch.is_empty() {
            return Ok(());
        }
        let past = self.clone();
        let given_up = CancellationToken::new();
        let _given_up_with_the_future = given_up.clone().drop_guard();
        let reading = move || past.read_on_this_thread(partition, lead, stretch, &given_up, each);
        tokio::task::spawn_blocking(reading).await?
    }

    fn read_on_this_thread(
        &self,
        partition: i32,
        lead: i64,
        stretch: Range<i64>,
        given_up: &CancellationToken,
        mut each: impl FnMut(TopicRecord) -> ControlFlow<()>,
    ) -> Result<(), PastError> {
        let topic = self.config.topic_name(self.topic.name);
        let format = ValueFormat::of(&self.config, self.topic);
        let config = client_config(&self.config, self.service);
        let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet)?;
        let (low, high) = consumer.fetch_watermarks(&topic, partition, PATIENCE)?;
        if stretch.start < low || high < stretch.end {
            return Err(PastError::Gone(stretch.start));
        }
        let begin = low.max(stretch.start.saturating_sub(lead));
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(&topic, partition, Offset::Offset(begin))?;
        consumer.assign(&assignment)?;
        let mut deadline = Instant::now() + PATIENCE;
        let mut failure = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
        while Instant::now() < deadline && !given_up.is_cancelled() {
            match consumer.poll(POLL) {
                Some(Ok(message)) => {
                    let record = TopicRecord::read(&format, &message.detach());
                    let next = record.offset + 1;
                    if next > stretch.end || each(record).is_break() || next == stretch.end {
                        return Ok(());
                    }
                    deadline = Instant::now() + PATIENCE;
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset))) => {
                    return Err(PastError::Gone(stretch.start));
                }
                // The client tries again by itself.
                Some(Err(cause)) => failure = cause,
                None => {}
            }
        }
        Err(failure.into())
    }
}
