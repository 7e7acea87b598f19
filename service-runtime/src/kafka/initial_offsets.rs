use std::time::Duration;

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    types::RDKafkaErrorCode,
};

use super::metadata::{TopicMissing, partition_count};
use crate::BoxError;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Commits the oldest offset of each partition that a group has never read.
///
/// Fails if the topic does not exist. From then on a partition without a valid offset is an error: records are never skipped silently. Blocks.
pub(super) fn commit_beginnings(config: &ClientConfig, topic: &str) -> Result<(), BoxError> {
    let consumer: BaseConsumer = config.create()?;
    let mut partitions = TopicPartitionList::new();
    let count = partition_count(&consumer, topic, TIMEOUT)?
        .ok_or_else(|| TopicMissing(topic.to_owned()))?;
    partitions.add_partition_range(topic, 0, count - 1);
    let committed = consumer.committed_offsets(partitions, TIMEOUT)?;
    let mut beginnings = TopicPartitionList::new();
    for element in committed.elements() {
        if !matches!(element.offset(), Offset::Offset(_)) {
            let (begin, _) = consumer.fetch_watermarks(topic, element.partition(), TIMEOUT)?;
            let begin = Offset::Offset(begin);
            beginnings.add_partition_offset(topic, element.partition(), begin)?;
        }
    }
    if beginnings.count() == 0 {
        return Ok(());
    }
    match consumer.commit(&beginnings, CommitMode::Sync) {
        // A group with members accepts offsets from them only; the first of them has committed these.
        Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownMemberId) => {
            Ok(())
        }
        committed => Ok(committed?),
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::TestTopics;

    #[tokio::test]
    async fn absent_topic_is_an_error() {
        let topics = TestTopics::create().await;
        let name = topics.config().topic_name("task-reminders");
        let mut config = topics.config().client_config("test");
        config.set("group.id", topics.config().topic_name("test"));
        let commit = |topic: String| {
            let config = config.clone();
            tokio::task::spawn_blocking(move || commit_beginnings(&config, &topic))
        };
        commit(name.clone()).await.unwrap().unwrap();
        let absent = commit(format!("{name}.absent")).await.unwrap();
        assert!(absent.unwrap_err().is::<TopicMissing>());
    }
}
