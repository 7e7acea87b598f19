use std::time::Duration;

use rdkafka::{
    consumer::{Consumer, ConsumerContext},
    error::{KafkaError, KafkaResult},
    types::RDKafkaErrorCode,
};

/// Topic that the broker does not have, or does not know of yet.
#[derive(Debug, thiserror::Error)]
#[error("the broker does not have the topic {0}: create it with `taskmesh topics apply`")]
pub(crate) struct TopicMissing(pub String);

/// Returns the number of partitions of a topic; `None` if the broker that answers does not know it. A broker of a cluster learns of a new
/// topic later than the one that created it. Blocks.
pub(crate) fn partition_count<C: ConsumerContext>(
    consumer: &impl Consumer<C>,
    topic: &str,
    timeout: Duration,
) -> KafkaResult<Option<i32>> {
    let metadata = consumer.fetch_metadata(Some(topic), timeout)?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
        return Ok(None);
    };
    match found.error().map(RDKafkaErrorCode::from) {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition) => Ok(None),
        Some(error) => Err(KafkaError::MetadataFetch(error)),
        None => {
            let count = i32::try_from(found.partitions().len()).ok();
            Ok(count.filter(|count| *count > 0))
        }
    }
}
