use std::time::Duration;

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::KafkaResult,
    types::RDKafkaErrorCode,
};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Commits the oldest offset of each partition that a group has never read.
///
/// From then on a partition without a valid offset is an error: records are never skipped silently. Blocks.
pub(super) fn commit_beginnings(config: &ClientConfig, topic: &str) -> KafkaResult<()> {
    let consumer: BaseConsumer = config.create()?;
    let metadata = consumer.fetch_metadata(Some(topic), TIMEOUT)?;
    let mut partitions = TopicPartitionList::new();
    for partition in metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions())
    {
        partitions.add_partition(topic, partition.id());
    }
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
        committed => committed,
    }
}
