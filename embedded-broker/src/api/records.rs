//! Producing, fetching and deleting records, and the offsets of logs.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_protocol::{
    ResponseError,
    messages::{
        BrokerId, DeleteRecordsRequest, DeleteRecordsResponse, FetchRequest, FetchResponse,
        ListOffsetsRequest, ListOffsetsResponse, OffsetForLeaderEpochRequest,
        OffsetForLeaderEpochResponse, ProduceRequest, ProduceResponse,
        delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
        fetch_request::FetchPartition,
        fetch_response::{FetchableTopicResponse, PartitionData},
        list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
        offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult},
        produce_response::{PartitionProduceResponse, TopicProduceResponse},
    },
};
use tokio::time::{Instant, sleep, timeout_at};

use super::code;
use crate::{batch::Batch, log::Log, node::Node, topics::Topics};

/// Time that a fetch which new records woke waits for more of them, because a response for each record would cost more than the
/// records do.
const LINGER: Duration = Duration::from_millis(1);
/// Maximum bytes of records in a response, unless a single batch is larger.
const MAX_BYTES: i32 = 5 << 20;
/// Special timestamps of `ListOffsets`.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
/// Offset in `DeleteRecords` that stands for the end of the log.
const ALL: i64 = -1;

/// Appends records.
pub fn produce(node: &Node, request: ProduceRequest) -> ProduceResponse {
    let is_transactional = request.transactional_id.is_some();
    let mut topics = node.topics();
    let responses = request.topic_data.into_iter().map(|topic| {
        let partitions = topic.partition_data.into_iter().map(|partition| {
            let appended = if is_transactional {
                Err(ResponseError::TransactionalIdAuthorizationFailed)
            } else {
                let log = topics.log(&topic.name, partition.index);
                log.and_then(|log| append(log, partition.records.unwrap_or_default()))
            };
            let (offset, start) = appended.unwrap_or((-1, -1));
            PartitionProduceResponse::default()
                .with_index(partition.index)
                .with_error_code(code(&appended))
                .with_base_offset(offset)
                .with_log_append_time_ms(-1)
                .with_log_start_offset(start)
        });
        TopicProduceResponse::default()
            .with_partition_responses(partitions.collect())
            .with_name(topic.name.clone())
    });
    let responses = responses.collect();
    drop(topics);
    node.appended.send_replace(());
    ProduceResponse::default().with_responses(responses)
}

/// Appends batches; returns the offset of the first one and the start of the log.
fn append(log: &mut Log, records: Bytes) -> Result<(i64, i64), ResponseError> {
    let mut first = None;
    for batch in Batch::split(records)? {
        let offset = log.append(&batch)?;
        first.get_or_insert(offset);
    }
    let first = first.ok_or(ResponseError::InvalidRecord)?;
    Ok((first, log.start))
}

/// Returns records as soon as there are any, or an error, or nothing after the client's maximum wait.
pub async fn fetch(node: &Node, request: &FetchRequest) -> FetchResponse {
    if request.session_id != 0 {
        // Sessions are optional; this broker starts none.
        return FetchResponse::default()
            .with_error_code(ResponseError::FetchSessionIdNotFound.code());
    }
    let wait = u64::try_from(request.max_wait_ms).unwrap_or_default();
    let deadline = Instant::now() + Duration::from_millis(wait);
    let mut appended = node.appended.subscribe();
    loop {
        // Before the read, so that no append in between is missed.
        appended.borrow_and_update();
        let response = read(node, request);
        let is_due = request.min_bytes <= 0 || has_news(&response);
        if is_due || !matches!(timeout_at(deadline, appended.changed()).await, Ok(Ok(()))) {
            return response;
        }
        sleep(LINGER).await;
    }
}

fn has_news(response: &FetchResponse) -> bool {
    let mut partitions = response
        .responses
        .iter()
        .flat_map(|topic| &topic.partitions);
    partitions.any(|data| {
        data.error_code != 0 || data.records.as_ref().is_some_and(|bytes| !bytes.is_empty())
    })
}

fn read(node: &Node, request: &FetchRequest) -> FetchResponse {
    let mut left = usize::try_from(request.max_bytes.min(MAX_BYTES)).unwrap_or_default();
    let mut topics = node.topics();
    let responses = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let data = PartitionData::default()
                .with_partition_index(partition.partition)
                .with_preferred_read_replica(BrokerId(-1));
            let log = match topics.log(&topic.topic, partition.partition) {
                Ok(log) => log,
                Err(error) => {
                    return data
                        .with_error_code(error.code())
                        .with_high_watermark(-1)
                        .with_last_stable_offset(-1)
                        .with_log_start_offset(-1);
                }
            };
            let data = data
                .with_high_watermark(log.end)
                .with_last_stable_offset(log.end)
                .with_log_start_offset(log.start);
            match read_log(log, partition, left) {
                Ok(records) => {
                    left = left.saturating_sub(records.len());
                    data.with_records(Some(records))
                }
                Err(error) => data
                    .with_error_code(error.code())
                    .with_records(Some(Bytes::new())),
            }
        });
        FetchableTopicResponse::default()
            .with_topic(topic.topic.clone())
            .with_partitions(partitions.collect())
    });
    FetchResponse::default().with_responses(responses.collect())
}

fn read_log(log: &Log, partition: &FetchPartition, left: usize) -> Result<Bytes, ResponseError> {
    let offset = partition.fetch_offset;
    if !(log.start..=log.end).contains(&offset) {
        return Err(ResponseError::OffsetOutOfRange);
    }
    if left == 0 {
        return Ok(Bytes::new());
    }
    let max = usize::try_from(partition.partition_max_bytes).unwrap_or_default();
    let mut batches = log.read(offset, max.min(left))?;
    if batches.len() == 1 {
        return Ok(batches.remove(0).bytes().clone());
    }
    let mut records = BytesMut::new();
    for batch in &batches {
        records.extend_from_slice(batch.bytes());
    }
    Ok(records.freeze())
}

/// Returns start and end of logs, and the first offset since a time.
pub fn list_offsets(node: &Node, request: ListOffsetsRequest, version: i16) -> ListOffsetsResponse {
    // Older versions cannot encode another epoch than the default.
    let leader_epoch = if version >= 4 { 0 } else { -1 };
    let mut topics = node.topics();
    let results = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter().map(|asked| {
            let found = offset_at(
                &mut topics,
                &topic.name,
                asked.partition_index,
                asked.timestamp,
            );
            let (offset, timestamp) = found.unwrap_or((-1, -1));
            ListOffsetsPartitionResponse::default()
                .with_partition_index(asked.partition_index)
                .with_error_code(code(&found))
                .with_offset(offset)
                .with_timestamp(timestamp)
                .with_leader_epoch(leader_epoch)
        });
        ListOffsetsTopicResponse::default()
            .with_partitions(partitions.collect())
            .with_name(topic.name.clone())
    });
    ListOffsetsResponse::default().with_topics(results.collect())
}

fn offset_at(
    topics: &mut Topics,
    topic: &str,
    partition: i32,
    timestamp: i64,
) -> Result<(i64, i64), ResponseError> {
    let log = topics.log(topic, partition)?;
    match timestamp {
        EARLIEST => Ok((log.start, -1)),
        LATEST => Ok((log.end, -1)),
        timestamp => Ok(log.first_since(timestamp)?.unwrap_or((-1, -1))),
    }
}

/// Deletes records before offsets.
pub fn delete(node: &Node, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let mut topics = node.topics();
    let results = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter().map(|asked| {
            let log = topics.log(&topic.name, asked.partition_index);
            let start = log.and_then(|log| match asked.offset {
                ALL => log.delete_before(log.end),
                offset if offset < 0 => Err(ResponseError::OffsetOutOfRange),
                offset => log.delete_before(offset),
            });
            DeleteRecordsPartitionResult::default()
                .with_partition_index(asked.partition_index)
                .with_error_code(code(&start))
                .with_low_watermark(start.unwrap_or(-1))
        });
        DeleteRecordsTopicResult::default()
            .with_partitions(partitions.collect())
            .with_name(topic.name.clone())
    });
    let results = results.collect();
    drop(topics);
    node.appended.send_replace(());
    DeleteRecordsResponse::default().with_topics(results)
}

/// Returns the end of logs, because there was never another leader epoch than 0.
pub fn epoch_end(
    node: &Node,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let mut topics = node.topics();
    let results = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.into_iter().map(|asked| {
            let end = topics.log(&topic.topic, asked.partition).map(|log| log.end);
            EpochEndOffset::default()
                .with_partition(asked.partition)
                .with_error_code(code(&end))
                .with_leader_epoch(0)
                .with_end_offset(end.unwrap_or(-1))
        });
        OffsetForLeaderTopicResult::default()
            .with_partitions(partitions.collect())
            .with_topic(topic.topic.clone())
    });
    OffsetForLeaderEpochResponse::default().with_topics(results.collect())
}
