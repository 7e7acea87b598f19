//! Answers to the requests that have to do with records: produce, fetch, list offsets, delete records.

use std::time::Duration;

use service_runtime::clock::Clock;
use tansu_sans_io::{
    DeleteRecordsRequest, DeleteRecordsResponse, DeleteTopicsRequest, ErrorCode, FetchRequest,
    FetchResponse, ListOffsetsRequest, ListOffsetsResponse, ProduceRequest, ProduceResponse,
    delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
    fetch_request::{FetchPartition, FetchTopic},
    fetch_response::{FetchableTopicResponse, PartitionData},
    list_offsets_request::ListOffsetsPartition,
    list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
    produce_request::PartitionProduceData,
    produce_response::{PartitionProduceResponse, TopicProduceResponse},
    record::{
        deflated::{Batch, Frame},
        inflated,
    },
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};
use tracing::warn;

use super::{
    broker_log::{Extent, Log, LogError},
    broker_topics::{Topic, Topics},
};

/// How long a fetch that records woke waits for more of them: under load, answering for each record costs more than the records.
const LINGER: Duration = Duration::from_millis(1);
/// So much is answered at once, if a client wants no less.
const MOST_BYTES: i32 = 5 << 20;
/// What asks for the first offset, and for the one after the last.
const EARLIEST: i64 = -2;
const LATEST: i64 = -1;
/// What asks for all records of a partition to be deleted.
const ALL: i64 = -1;

/// The records of the broker.
#[derive(Clone)]
pub struct Records {
    log: Log,
    topics: Topics,
    /// Tells that something was written.
    news: watch::Sender<()>,
}

impl Records {
    /// Answers from this log.
    pub fn new(log: Log, topics: Topics) -> Self {
        let (news, _) = watch::channel(());
        Self { log, topics, news }
    }

    /// Appends what a producer sends.
    pub async fn produce(&self, request: ProduceRequest) -> ProduceResponse {
        // The broker has no transactions.
        let is_transactional = request.transactional_id.is_some();
        let mut responses = Vec::new();
        for topic in request.topic_data.into_iter().flatten() {
            let known = self.topics.by_name(&topic.name).await;
            let mut partitions = Vec::new();
            for partition in topic.partition_data.into_iter().flatten() {
                let index = partition.index;
                let appended = match &known {
                    _ if is_transactional => Err(ErrorCode::TransactionalIdAuthorizationFailed),
                    Some(known) if known.has(index) => self.append(known, partition).await,
                    _ => Err(ErrorCode::UnknownTopicOrPartition),
                };
                partitions.push(produced(index, appended));
            }
            responses.push(
                TopicProduceResponse::default()
                    .name(topic.name)
                    .partition_responses(Some(partitions)),
            );
        }
        self.news.send_replace(());
        ProduceResponse::default()
            .responses(Some(responses))
            .throttle_time_ms(Some(0))
            .node_endpoints(None)
    }

    async fn append(
        &self,
        topic: &Topic,
        partition: PartitionProduceData,
    ) -> Result<i64, ErrorCode> {
        let mut first = None;
        for batch in partition
            .records
            .into_iter()
            .flat_map(|frame| frame.batches)
        {
            let appended = self.log.append(&topic.name, partition.index, batch).await;
            let offset = appended.map_err(|error| code_of(&error))?;
            first.get_or_insert(offset);
        }
        first.ok_or(ErrorCode::InvalidRecord)
    }

    /// Answers a fetch when there are records or something is wrong, or when it has waited as long as it may.
    pub async fn fetch(&self, request: &FetchRequest) -> FetchResponse {
        let wait = u64::try_from(request.max_wait_ms).unwrap_or_default();
        let end = Instant::now() + Duration::from_millis(wait);
        let mut news = self.news.subscribe();
        loop {
            // Before the log is asked, so that nothing is missed in between.
            news.borrow_and_update();
            let response = self.read(request).await;
            if is_due(&response) || !matches!(timeout_at(end, news.changed()).await, Ok(Ok(()))) {
                return response;
            }
            sleep(LINGER).await;
        }
    }

    async fn read(&self, request: &FetchRequest) -> FetchResponse {
        let most = request.max_bytes.unwrap_or(MOST_BYTES).min(MOST_BYTES);
        let mut left = usize::try_from(most).unwrap_or_default();
        let mut responses = Vec::new();
        for topic in request.topics.iter().flatten() {
            let known = self.topics.find(topic.topic.as_ref(), topic.topic_id).await;
            let mut partitions = Vec::new();
            for partition in topic.partitions.iter().flatten() {
                let data = match &known {
                    Some(known) if known.has(partition.partition) => {
                        self.read_partition(known, partition, &mut left).await
                    }
                    _ => refused(partition, Extent::default(), unknown(topic)),
                };
                partitions.push(data);
            }
            responses.push(
                FetchableTopicResponse::default()
                    .topic(topic.topic.clone())
                    .topic_id(known.map(|known| known.id).or(topic.topic_id))
                    .partitions(Some(partitions)),
            );
        }
        FetchResponse::default()
            .throttle_time_ms(Some(0))
            .error_code(Some(ErrorCode::None.into()))
            .session_id(Some(0))
            .node_endpoints(Some(Vec::new()))
            .responses(Some(responses))
    }

    async fn read_partition(
        &self,
        topic: &Topic,
        partition: &FetchPartition,
        left: &mut usize,
    ) -> PartitionData {
        let (name, number) = (topic.name.as_str(), partition.partition);
        let extent = self.log.extent(name, number).await;
        let offset = partition.fetch_offset;
        if !(extent.low..=extent.high).contains(&offset) {
            return refused(partition, extent, ErrorCode::OffsetOutOfRange);
        }
        if *left == 0 {
            return data(partition, extent);
        }
        let most = usize::try_from(partition.partition_max_bytes).unwrap_or_default();
        match self.log.read(name, number, offset, most.min(*left)).await {
            Ok(batches) if batches.is_empty() => data(partition, extent),
            Ok(batches) => {
                let bytes: usize = batches.iter().map(|batch| batch.record_data.len()).sum();
                *left = left.saturating_sub(bytes);
                data(partition, extent).records(Some(Frame { batches }))
            }
            Err(error) => refused(partition, extent, code_of(&error)),
        }
    }

    /// Tells where partitions begin and end, and where a time begins in them.
    pub async fn list_offsets(&self, request: ListOffsetsRequest) -> ListOffsetsResponse {
        let mut topics = Vec::new();
        for topic in request.topics.into_iter().flatten() {
            let known = self.topics.by_name(&topic.name).await;
            let mut partitions = Vec::new();
            for asked in topic.partitions.into_iter().flatten() {
                let found = match &known {
                    Some(known) if known.has(asked.partition_index) => {
                        self.offset_of(known, &asked).await
                    }
                    _ => Err(ErrorCode::UnknownTopicOrPartition),
                };
                let (offset, time) = found.unwrap_or((-1, -1));
                let code = found.err().unwrap_or(ErrorCode::None);
                partitions.push(
                    ListOffsetsPartitionResponse::default()
                        .partition_index(asked.partition_index)
                        .error_code(code.into())
                        .old_style_offsets(None)
                        .timestamp(Some(time))
                        .offset(Some(offset))
                        .leader_epoch(Some(0)),
                );
            }
            topics.push(
                ListOffsetsTopicResponse::default()
                    .name(topic.name)
                    .partitions(Some(partitions)),
            );
        }
        ListOffsetsResponse::default()
            .throttle_time_ms(Some(0))
            .topics(Some(topics))
    }

    async fn offset_of(
        &self,
        topic: &Topic,
        asked: &ListOffsetsPartition,
    ) -> Result<(i64, i64), ErrorCode> {
        let (name, number) = (topic.name.as_str(), asked.partition_index);
        let extent = self.log.extent(name, number).await;
        match asked.timestamp {
            EARLIEST => Ok((extent.low, -1)),
            LATEST => Ok((extent.high, -1)),
            time => {
                let found = self.log.find(name, number, time).await;
                let batch = found.map_err(|error| code_of(&error))?;
                Ok(batch
                    .and_then(|batch| first_of(batch, time))
                    .unwrap_or((-1, -1)))
            }
        }
    }

    /// Deletes the records before offsets.
    pub async fn delete(&self, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
        let mut results = Vec::new();
        for topic in request.topics.into_iter().flatten() {
            let known = self.topics.by_name(&topic.name).await;
            let mut partitions = Vec::new();
            for asked in topic.partitions.into_iter().flatten() {
                let index = asked.partition_index;
                let deleted = match &known {
                    Some(known) if known.has(index) => {
                        self.delete_before(&known.name, index, asked.offset).await
                    }
                    _ => Err(ErrorCode::UnknownTopicOrPartition),
                };
                partitions.push(
                    DeleteRecordsPartitionResult::default()
                        .partition_index(index)
                        .low_watermark(*deleted.as_ref().unwrap_or(&-1))
                        .error_code(deleted.err().unwrap_or(ErrorCode::None).into()),
                );
            }
            results.push(
                DeleteRecordsTopicResult::default()
                    .name(topic.name)
                    .partitions(Some(partitions)),
            );
        }
        self.news.send_replace(());
        DeleteRecordsResponse::default()
            .throttle_time_ms(0)
            .topics(Some(results))
    }

    async fn delete_before(&self, topic: &str, number: i32, offset: i64) -> Result<i64, ErrorCode> {
        let offset = match offset {
            ALL => self.log.extent(topic, number).await.high,
            offset if offset < 0 => return Err(ErrorCode::OffsetOutOfRange),
            offset => offset,
        };
        let deleted = self.log.delete_before(topic, number, offset).await;
        deleted.map_err(|error| code_of(&error))
    }

    /// Returns the names of the topics that are to be deleted.
    pub async fn names_of(&self, request: &DeleteTopicsRequest) -> Vec<String> {
        let mut names: Vec<String> = request.topic_names.clone().unwrap_or_default();
        for topic in request.topics.iter().flatten() {
            let known = self
                .topics
                .find(topic.name.as_ref(), Some(topic.topic_id))
                .await;
            names.extend(known.map(|known| known.name));
        }
        names
    }

    /// Forgets what it knew of topics, and the records of those that are no more.
    pub async fn topics_changed(&self, deleted: &[String]) {
        self.topics.forget();
        for name in deleted {
            if self.topics.by_name(name).await.is_none()
                && let Err(error) = self.log.forget(name).await
            {
                warn!(%error, "the broker could not delete the records of topic {name}");
            }
        }
        self.news.send_replace(());
    }

    /// Deletes what is past its retention.
    pub async fn expire(&self) {
        let now = Clock::system().now().timestamp_millis();
        for topic in self.log.topics().await {
            let retention = self.topics.retention_ms(&topic).await;
            if let Some(retention) = retention
                && let Err(error) = self.log.expire(&topic, now - retention).await
            {
                warn!(%error, "the broker could not delete old records of topic {topic}");
            }
        }
    }
}

fn produced(index: i32, appended: Result<i64, ErrorCode>) -> PartitionProduceResponse {
    PartitionProduceResponse::default()
        .index(index)
        .base_offset(*appended.as_ref().unwrap_or(&-1))
        .error_code(appended.err().unwrap_or(ErrorCode::None).into())
        .log_append_time_ms(Some(-1))
        .log_start_offset(Some(0))
        .record_errors(Some(Vec::new()))
        .error_message(None)
        .current_leader(None)
}

fn data(partition: &FetchPartition, extent: Extent) -> PartitionData {
    PartitionData::default()
        .partition_index(partition.partition)
        .error_code(ErrorCode::None.into())
        .high_watermark(extent.high)
        .last_stable_offset(Some(extent.high))
        .log_start_offset(Some(extent.low))
        .diverging_epoch(None)
        .current_leader(None)
        .snapshot_id(None)
        .aborted_transactions(Some(Vec::new()))
        .preferred_read_replica(Some(-1))
        .records(None)
}

fn refused(partition: &FetchPartition, extent: Extent, code: ErrorCode) -> PartitionData {
    data(partition, extent).error_code(code.into())
}

fn unknown(topic: &FetchTopic) -> ErrorCode {
    match topic.topic {
        Some(_) => ErrorCode::UnknownTopicOrPartition,
        None => ErrorCode::UnknownTopicId,
    }
}

/// Returns whether an answer has to be given at once: it has records, or tells what is wrong.
fn is_due(response: &FetchResponse) -> bool {
    let topics = response.responses.iter().flatten();
    let mut partitions = topics.flat_map(|topic| topic.partitions.iter().flatten());
    partitions.any(|partition| partition.records.is_some() || partition.error_code != 0)
}

/// Returns offset and time of the first record in a batch that is of a time or later.
fn first_of(batch: Batch, time: i64) -> Option<(i64, i64)> {
    let batch = inflated::Batch::try_from(batch).ok()?;
    let times = batch.records.iter().map(|record| {
        let offset = batch.base_offset + i64::from(record.offset_delta);
        (offset, batch.base_timestamp + record.timestamp_delta)
    });
    times.into_iter().find(|(_, of_record)| *of_record >= time)
}

fn code_of(error: &LogError) -> ErrorCode {
    match error {
        LogError::Refused(code) => *code,
        LogError::Storage(_) | LogError::Batch(_) => {
            warn!(%error, "the broker's log stumbled");
            ErrorCode::KafkaStorageError
        }
    }
}
