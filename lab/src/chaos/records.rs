//! What is on the topics in the end.

use std::time::{Duration, Instant};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::{Headers, OwnedMessage},
};
use service_runtime::{BoxError, kafka::KafkaConfig};
use taskmesh_proto::topics::{ALL, Topic};
use tokio::task::spawn_blocking;

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);

/// Reads all records of a topic, partition by partition.
pub async fn of(kafka: &KafkaConfig, topic: &Topic) -> Result<Vec<OwnedMessage>, BoxError> {
    read(kafka, kafka.topic_name(topic.name), topic.partitions).await
}

/// Reads all dead letters.
pub async fn dead_letters(kafka: &KafkaConfig) -> Result<Vec<OwnedMessage>, BoxError> {
    let mut letters = Vec::new();
    for topic in ALL {
        for group in topic.groups {
            let name = kafka.topic_name(&topic.dead_letter_name(group));
            letters.extend(read(kafka, name, topic.partitions).await?);
        }
    }
    Ok(letters)
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

async fn read(
    kafka: &KafkaConfig,
    name: String,
    partitions: i32,
) -> Result<Vec<OwnedMessage>, BoxError> {
    let mut config = kafka.client_config("taskmesh-chaos");
    config
        .set("group.id", "taskmesh-chaos")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("fetch.wait.max.ms", "10")
        .set("log_level", "0");
    spawn_blocking(move || read_all(&config, &name, partitions)).await?
}

fn read_all(
    config: &ClientConfig,
    topic: &str,
    partitions: i32,
) -> Result<Vec<OwnedMessage>, BoxError> {
    let consumer: BaseConsumer = config.create()?;
    let mut records = Vec::new();
    for partition in 0..partitions {
        let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE)?;
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(topic, partition, Offset::Offset(low))?;
        consumer.assign(&assignment)?;
        let mut next = low;
        let mut progress = Instant::now();
        while next < high {
            if progress.elapsed() > PATIENCE {
                return Err(format!(
                    "partition {partition} of {topic} gives no record at {next}, and should have {high}"
                )
                .into());
            }
            // What is wrong with the connection passes, or the patience ends.
            if let Some(Ok(message)) = consumer.poll(POLL) {
                next = message.offset() + 1;
                progress = Instant::now();
                records.push(message.detach());
            }
        }
    }
    Ok(records)
}
