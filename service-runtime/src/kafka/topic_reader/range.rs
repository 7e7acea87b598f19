use std::{
    ops::{ControlFlow, Range},
    time::{Duration, Instant},
};

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult},
    message::OwnedMessage,
    types::RDKafkaErrorCode,
};

use crate::kafka::log_filter::Quiet;

/// Time limit of the next record, and of a metadata or watermark request.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(100);

/// Passes the records of a range of offsets to `each`, in order, until it breaks, the end of the partition is reached, or the reading is
/// cancelled. Blocks.
pub(crate) fn read_range(
    consumer: &BaseConsumer<Quiet>,
    topic: &str,
    partition: i32,
    range: Range<i64>,
    is_cancelled: impl Fn() -> bool,
    mut each: impl FnMut(OwnedMessage) -> ControlFlow<()>,
) -> KafkaResult<()> {
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, partition, Offset::Offset(range.start))?;
    consumer.assign(&assignment)?;
    let mut deadline = Instant::now() + READ_TIMEOUT;
    let mut failure = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
    while Instant::now() < deadline {
        if is_cancelled() {
            return Ok(());
        }
        match consumer.poll(POLL) {
            Some(Ok(message)) => {
                let next = message.offset() + 1;
                if next > range.end || each(message.detach()).is_break() || next == range.end {
                    return Ok(());
                }
                deadline = Instant::now() + READ_TIMEOUT;
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
            Some(Err(lost @ KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset))) => {
                return Err(lost);
            }
            // The client retries automatically.
            Some(Err(cause)) => failure = cause,
            None => {}
        }
    }
    Err(failure)
}
