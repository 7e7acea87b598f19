use std::time::Duration;

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::KafkaResult,
    types::RDKafkaErrorCode,
};

const PATIENCE: Duration = Duration::from_secs(10);

/// Has a group that has never read a partition begin with its oldest record, by committing that offset for it.
///
/// From then on a partition without a place to go on from is an error: nothing is ever skipped in silence. Blocks.
pub(super) fn commit_beginnings(config: &ClientConfig, topic: &str) -> KafkaResult<()> {
    let consumer: BaseConsumer = config.create()?;
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let mut partitions = TopicPartitionList::new();
    for partition in metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions())
    {
        partitions.add_partition(topic, partition.id());
    }
    let committed = consumer.committed_offsets(partitions, PATIENCE)?;
    let mut beginnings = TopicPartitionList::new();
    for element in committed.elements() {
        if !matches!(element.offset(), Offset::Offset(_)) {
            let (begin, _) = consumer.fetch_watermarks(topic, element.partition(), PATIENCE)?;
            let begin = Offset::Offset(begin);
            beginnings.add_partition_offset(topic, element.partition(), begin)?;
        }
    }
    if beginnings.count() == 0 {
        return Ok(());
    }
    match consumer.commit(&beginnings, CommitMode::Sync) {
        // A group that has members takes offsets from them alone; the first of them has done the same.
        Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownMemberId) => {
            Ok(())
        }
        committed => committed,
    }
}
