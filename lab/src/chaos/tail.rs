//! Follows `task-events` while the mesh is struck: counts the events, and tells the users of new occurrences.

use std::{collections::HashSet, sync::Arc, time::Duration};

use prost::Message as _;
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
};
use service_runtime::{
    BoxError,
    kafka::{KafkaConfig, framing::message_in},
};
use taskmesh_proto::{
    task::v1::{TaskEvent, task_event::Change},
    topics::TASK_EVENTS,
};
use tokio::{task::JoinHandle, time::sleep};

use super::{pulse::Pulse, users::Users};

/// A reader; dropping it stops it.
pub struct Tail(JoinHandle<()>);

impl Tail {
    /// Reads from the beginning on.
    pub fn start(
        kafka: &KafkaConfig,
        users: Arc<Users>,
        pulse: Arc<Pulse>,
    ) -> Result<Self, BoxError> {
        let consumer: StreamConsumer = kafka
            .client_config("taskmesh-chaos")
            .set("group.id", "taskmesh-chaos")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("fetch.wait.max.ms", "10")
            // It says nothing of brokers that are away: that is what this is about.
            .set("log_level", "0")
            .create()?;
        let mut partitions = TopicPartitionList::new();
        let topic = kafka.topic_name(TASK_EVENTS.name);
        for partition in 0..TASK_EVENTS.partitions {
            partitions.add_partition_offset(&topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&partitions)?;
        Ok(Self(tokio::spawn(follow(consumer, users, pulse))))
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn follow(consumer: StreamConsumer, users: Arc<Users>, pulse: Arc<Pulse>) {
    let mut seen = HashSet::new();
    loop {
        let Ok(record) = consumer.recv().await else {
            // The broker is away; librdkafka connects again by itself.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(event) = TaskEvent::decode(message_in(record.payload().unwrap_or_default())) else {
            continue;
        };
        if !seen.insert(event.event_id.clone()) {
            continue;
        }
        pulse.beat();
        if let (Some(task), Some(Change::Created(_)), Some(user)) =
            (&event.task, &event.change, Users::number_of(&event.user_id))
            && !task.series_id.is_empty()
        {
            users.tell(user, &task.id);
        }
    }
}
