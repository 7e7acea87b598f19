//! Readers of the topics: a live one during the run, and one that reads whole topics after it.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use prost::Message as _;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, StreamConsumer},
    message::{Headers, OwnedMessage},
};
use service_runtime::{
    BoxError,
    kafka::{KafkaConfig, framing::message_in},
};
use taskmesh_proto::{
    task::v1::{TaskEvent, task_event::Change},
    topics::{ALL, TASK_EVENTS, Topic},
};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::sleep,
};

use super::{throughput::Throughput, users::Users};

const READ_TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// Follows `task-events`: counts its events, and adds new occurrences to the users. Dropping the set stops it.
pub fn follow_events(
    kafka: &KafkaConfig,
    users: Arc<Users>,
    throughput: Arc<Throughput>,
) -> Result<JoinSet<()>, BoxError> {
    let consumer: StreamConsumer = consumer_config(kafka).create()?;
    let topic = kafka.topic_name(TASK_EVENTS.name);
    let mut partitions = TopicPartitionList::new();
    for partition in 0..TASK_EVENTS.partitions {
        partitions.add_partition_offset(&topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&partitions)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut seen = HashSet::new();
        loop {
            let Ok(record) = consumer.recv().await else {
                // The broker is down; librdkafka reconnects.
                sleep(RETRY_DELAY).await;
                continue;
            };
            let value = message_in(record.payload().unwrap_or_default());
            let Ok(event) = TaskEvent::decode(value) else {
                continue;
            };
            if !seen.insert(event.event_id) {
                continue;
            }
            throughput.record();
            if let (Some(task), Some(Change::Created(_))) = (event.task, event.change)
                && !task.series_id.is_empty()
            {
                users.add_occurrence(&event.user_id, task.id);
            }
        }
    });
    Ok(tasks)
}

/// Reads all records of a topic, partition by partition.
pub async fn read(kafka: &KafkaConfig, topic: &Topic) -> Result<Vec<OwnedMessage>, BoxError> {
    read_partitions(kafka, topic.name, topic.partitions).await
}

/// Returns the number of dead letters.
pub async fn count_dead_letters(kafka: &KafkaConfig) -> Result<usize, BoxError> {
    let mut count = 0;
    for topic in ALL {
        for group in topic.groups {
            let name = topic.dead_letter_name(group);
            count += read_partitions(kafka, &name, topic.partitions).await?.len();
        }
    }
    Ok(count)
}

/// Returns a header that every event has.
pub fn header<'a>(record: &'a OwnedMessage, name: &str) -> Result<&'a str, BoxError> {
    record
        .headers()
        .and_then(|headers| headers.iter().find(|header| header.key == name))
        .and_then(|header| std::str::from_utf8(header.value?).ok())
        .ok_or_else(|| {
            let (topic, offset) = (record.topic(), record.offset());
            format!("the record at {offset} of {topic} has no header {name}").into()
        })
}

fn consumer_config(kafka: &KafkaConfig) -> ClientConfig {
    let mut config = kafka.client_config("taskmesh-chaos");
    config
        .set("group.id", "taskmesh-chaos")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("fetch.wait.max.ms", "10")
        // Unavailable brokers are expected.
        .set("log_level", "0");
    config
}

async fn read_partitions(
    kafka: &KafkaConfig,
    topic: &str,
    partitions: i32,
) -> Result<Vec<OwnedMessage>, BoxError> {
    let (config, topic) = (consumer_config(kafka), kafka.topic_name(topic));
    spawn_blocking(move || {
        let consumer: BaseConsumer = config.create()?;
        let mut records = Vec::new();
        for partition in 0..partitions {
            read_partition(&consumer, &topic, partition, &mut records)?;
        }
        Ok(records)
    })
    .await?
}

fn read_partition(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    records: &mut Vec<OwnedMessage>,
) -> Result<(), BoxError> {
    let (mut next, end) = consumer.fetch_watermarks(topic, partition, READ_TIMEOUT)?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, partition, Offset::Offset(next))?;
    consumer.assign(&assignment)?;
    let mut progress = Instant::now();
    while next < end {
        if progress.elapsed() > READ_TIMEOUT {
            return Err(format!(
                "no record at {next} of partition {partition} of {topic}, which ends at {end}"
            )
            .into());
        }
        // A connection error passes, or the time runs out.
        if let Some(Ok(message)) = consumer.poll(POLL) {
            next = message.offset() + 1;
            progress = Instant::now();
            records.push(message.detach());
        }
    }
    Ok(())
}
