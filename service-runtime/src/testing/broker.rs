use std::{ops::ControlFlow, time::Duration};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::KafkaResult,
    message::{Headers, OwnedMessage},
    mocking::MockCluster,
};
use taskmesh_proto::topics::{ALL, LARGEST_DEAD_LETTER_BYTES, LARGEST_RECORD_BYTES, Topic};
use uuid::Uuid;

use super::kafka_settings;
use crate::{
    clock::Clock,
    kafka::{
        EventHeaders, KafkaConfig, Producer, Record, framing::message_in, log_filter::Quiet,
        partition_count, read_range,
    },
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Topics of its own for one test.
pub struct TestTopics {
    settings: Vec<(String, String)>,
    config: KafkaConfig,
    producer: Producer,
}

/// One record of a topic, decoded.
#[derive(Debug, Clone)]
pub struct RecordedEvent<E> {
    /// The record's key.
    pub key: String,
    /// The event's id.
    pub id: Uuid,
    /// The full name of what happened.
    pub kind: String,
    /// All headers as texts.
    pub headers: Vec<(String, String)>,
    /// The event itself.
    pub message: E,
}

impl TestTopics {
    /// Creates every topic of the mesh and their dead-letter topics, under a prefix of its own.
    pub async fn create() -> Self {
        Self::create_with(&[]).await
    }

    /// Creates them for services that have further settings of the broker, without the service's prefix.
    pub async fn create_with(further: &[(&str, &str)]) -> Self {
        let mut settings = kafka_settings::given();
        let further = further.iter();
        settings.extend(further.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = kafka_settings::read(&settings);
        let names = topics(&config);
        let replication = kafka_settings::replication();
        let topics: Vec<NewTopic> = names
            .iter()
            .map(|(name, partitions, max_bytes)| {
                NewTopic::new(name, *partitions, TopicReplication::Fixed(replication))
                    .set("max.message.bytes", max_bytes)
            })
            .collect();
        let admin: AdminClient<DefaultClientContext> = config
            .client_config("test-topics")
            .create()
            .expect("the settings are right");
        let results = admin
            .create_topics(
                &topics,
                &AdminOptions::new().operation_timeout(Some(TIMEOUT)),
            )
            .await
            .expect("the broker of TEST_KAFKA_BOOTSTRAP_SERVERS answers");
        for result in results {
            result.expect("a new topic can be created");
        }
        let producer = Producer::new(&config).expect("the settings are right");
        Self {
            settings,
            config,
            producer,
        }
    }

    /// Creates every topic of the mesh on a broker of librdkafka's own, which fails as it is told to.
    pub fn on_mock<C: rdkafka::ClientContext>(cluster: &MockCluster<'_, C>) -> Self {
        let settings = kafka_settings::at(cluster.bootstrap_servers());
        let config = kafka_settings::read(&settings);
        for (name, partitions, _) in topics(&config) {
            cluster
                .create_topic(&name, partitions, 1)
                .expect("a new topic can be created");
        }
        let producer = Producer::new(&config).expect("the settings are right");
        Self {
            settings,
            config,
            producer,
        }
    }

    /// Returns the settings that reach them.
    pub fn config(&self) -> &KafkaConfig {
        &self.config
    }

    /// Returns the same settings as a service's variables, without the service's prefix.
    pub(super) fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    /// Puts an event on a topic, as another service would.
    pub async fn publish<M: prost::Message>(
        &self,
        topic: &Topic,
        key: &str,
        id: Uuid,
        kind: &str,
        message: &M,
    ) {
        let headers = EventHeaders {
            id,
            kind: kind.to_owned(),
            source: "/taskmesh/test".to_owned(),
            subject: key.to_owned(),
            time: Clock::system().now(),
            data_schema: topic.message.to_owned(),
            aggregate_version: 1,
            trace_parent: None,
        };
        self.publish_raw(
            topic,
            key,
            headers.to_record_headers(),
            message.encode_to_vec(),
        )
        .await;
    }

    /// Puts any record on a topic.
    pub async fn publish_raw(
        &self,
        topic: &Topic,
        key: &str,
        headers: rdkafka::message::OwnedHeaders,
        payload: Vec<u8>,
    ) {
        let record = Record {
            topic: self.config.topic_name(topic.name),
            partition: None,
            key: key.as_bytes().to_vec(),
            payload,
            timestamp_ms: None,
            headers,
        };
        for outcome in self.producer.send_all(vec![record]).await {
            outcome.expect("the broker takes the record");
        }
    }

    /// Reads all events that are on a topic now, partition by partition.
    pub async fn events<E: prost::Message + Default>(
        &self,
        topic: &Topic,
    ) -> Vec<RecordedEvent<E>> {
        let records = self.records(self.config.topic_name(topic.name)).await;
        records.into_iter().map(recorded).collect()
    }

    /// Reads the values of all records that are on a topic now, as they are.
    pub async fn values(&self, topic: &Topic) -> Vec<Vec<u8>> {
        let records = self.records(self.config.topic_name(topic.name)).await;
        let value = |record: &OwnedMessage| record.payload().unwrap_or_default().to_vec();
        records.iter().map(value).collect()
    }

    /// Reads all records that are in the dead-letter topic of a group now.
    pub async fn dead_letters(&self, topic: &Topic, group: &str) -> Vec<OwnedMessage> {
        self.records(self.config.topic_name(&topic.dead_letter_name(group)))
            .await
    }

    /// Has a group that nobody is a member of go on at an offset of every partition of a topic.
    pub async fn commit_offset(&self, topic: &Topic, group: &str, offset: i64) {
        let mut config = self.config.client_config("test-group");
        config.set("group.id", self.config.topic_name(group));
        let (name, partitions) = (self.config.topic_name(topic.name), topic.partitions);
        let committing = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = config.create()?;
            let mut offsets = TopicPartitionList::new();
            for partition in 0..partitions {
                offsets.add_partition_offset(&name, partition, Offset::Offset(offset))?;
            }
            consumer.commit(&offsets, CommitMode::Sync)
        });
        committing
            .await
            .expect("committing does not panic")
            .expect("the broker takes the offsets");
    }

    /// Has the broker forget the records of every partition of a topic, as it does when they are too old.
    pub async fn forget(&self, topic: &Topic) {
        let name = self.config.topic_name(topic.name);
        let mut offsets = TopicPartitionList::new();
        for partition in 0..topic.partitions {
            offsets
                .add_partition_offset(&name, partition, Offset::End)
                .expect("the end is an offset");
        }
        let admin: AdminClient<DefaultClientContext> = self
            .config
            .client_config("test-topics")
            .create()
            .expect("the settings are right");
        let options = AdminOptions::new().operation_timeout(Some(TIMEOUT));
        let forgotten = admin.delete_records(&offsets, &options).await;
        let forgotten = forgotten.expect("the broker deletes records");
        for partition in forgotten.elements() {
            partition.error().expect("the broker deletes records");
        }
    }

    async fn records(&self, name: String) -> Vec<OwnedMessage> {
        let mut config = self.config.reader_config("test-reader");
        config.set("fetch.wait.max.ms", "10");
        tokio::task::spawn_blocking(move || read_all(&config, &name))
            .await
            .expect("reading does not panic")
            .expect("the broker returns its records")
    }
}

/// Returns the name, the number of partitions and the maximum size of a record of every topic of the mesh.
fn topics(config: &KafkaConfig) -> Vec<(String, i32, String)> {
    let mut topics = Vec::new();
    for topic in ALL {
        let mut add = |name: &str, max_bytes: u32| {
            let name = config.topic_name(name);
            topics.push((name, topic.partitions, max_bytes.to_string()));
        };
        add(topic.name, LARGEST_RECORD_BYTES);
        for group in topic.groups {
            add(&topic.dead_letter_name(group), LARGEST_DEAD_LETTER_BYTES);
        }
    }
    topics
}

fn read_all(config: &ClientConfig, topic: &str) -> KafkaResult<Vec<OwnedMessage>> {
    let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet)?;
    let mut records = Vec::new();
    for partition in 0..partition_count(&consumer, topic, TIMEOUT)?.unwrap_or(0) {
        let (low, high) = consumer.fetch_watermarks(topic, partition, TIMEOUT)?;
        if low < high {
            let keep = |record| {
                records.push(record);
                ControlFlow::Continue(())
            };
            read_range(&consumer, topic, partition, low..high, || false, keep)?;
        }
    }
    Ok(records)
}

fn recorded<E: prost::Message + Default>(record: OwnedMessage) -> RecordedEvent<E> {
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let headers: Vec<(String, String)> = record
        .headers()
        .into_iter()
        .flat_map(Headers::iter)
        .map(|header| (header.key.to_owned(), text(header.value)))
        .collect();
    let header = |name: &str| {
        headers
            .iter()
            .find_map(|(key, value)| (key == name).then(|| value.clone()))
            .unwrap_or_else(|| panic!("a record without the header {name}"))
    };
    RecordedEvent {
        key: text(record.key()),
        id: header("ce_id").parse().expect("ce_id is a UUID"),
        kind: header("ce_type"),
        message: E::decode(message_in(record.payload().unwrap_or_default()))
            .expect("the value decodes"),
        headers: headers.clone(),
    }
}
