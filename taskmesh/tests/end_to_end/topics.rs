//! The topics of the mesh, read with a plain Kafka client.

use std::time::{Duration, Instant};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::Headers,
};
use uuid::Uuid;

use super::mesh::Addresses;

const TIMEOUT: Duration = Duration::from_secs(20);

/// One record of a topic.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: Uuid,
    pub kind: String,
    pub key: String,
}

/// Reads everything that is on a topic now.
pub async fn read<E: prost::Message + Default + 'static>(
    mesh: &Addresses,
    topic: &str,
) -> Vec<Event> {
    let (servers, topic) = (mesh.kafka.clone(), topic.to_owned());
    tokio::task::spawn_blocking(move || read_all::<E>(&servers, &topic))
        .await
        .unwrap()
}

fn read_all<E: prost::Message + Default>(servers: &str, topic: &str) -> Vec<Event> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "end-to-end")
        .set("fetch.wait.max.ms", "10")
        .create()
        .unwrap();
    let mut events = Vec::new();
    for partition in 0..3 {
        let (low, high) = consumer
            .fetch_watermarks(topic, partition, TIMEOUT)
            .unwrap();
        let mut assignment = TopicPartitionList::new();
        assignment
            .add_partition_offset(topic, partition, Offset::Offset(low))
            .unwrap();
        consumer.assign(&assignment).unwrap();
        let deadline = Instant::now() + TIMEOUT;
        let mut next = low;
        while next < high {
            assert!(
                Instant::now() < deadline,
                "{topic}/{partition} hands out {next} of {high}"
            );
            let Some(record) = consumer.poll(Duration::from_millis(100)) else {
                continue;
            };
            let record = record.unwrap();
            next = record.offset() + 1;
            let header = |name: &str| {
                let headers = record.headers().unwrap();
                let header = headers.iter().find(|header| header.key == name).unwrap();
                String::from_utf8(header.value.unwrap().to_vec()).unwrap()
            };
            E::decode(record.payload().unwrap()).expect("the value is the topic's message");
            events.push(Event {
                id: header("ce_id").parse().unwrap(),
                kind: header("ce_type").rsplit('.').next().unwrap().to_owned(),
                key: String::from_utf8(record.key().unwrap().to_vec()).unwrap(),
            });
        }
    }
    events
}
