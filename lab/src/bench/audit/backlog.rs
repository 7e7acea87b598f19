use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::try_join_all;
use prost::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use service_runtime::{
    BoxError,
    clock::{Clock, timestamp},
    ids::Ids,
    kafka::{KafkaConfig, record_headers},
};
use taskmesh_proto::{
    common::v1::Actor,
    task::v1::{Priority, Task, TaskEvent},
    topics::TASK_EVENTS,
};
use uuid::Uuid;

/// Number of changes of the task whose history is read.
pub const HISTORY_LENGTH: u32 = 1_000;
/// User of that task.
pub const HISTORY_USER: &str = "bench-history";
const CHANGES_PER_TASK: u32 = 100;
const TASKS_PER_USER: u32 = 10;
/// Number of events in flight.
const CHUNK: usize = 5_000;
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Changes of many tasks of many users, and those of one task with a long history.
pub struct Backlog {
    tasks: Vec<(Uuid, String)>,
    pub history_task: Uuid,
    start: DateTime<Utc>,
}

impl Backlog {
    pub fn new(records: u32) -> Self {
        let tasks = (0..records.div_ceil(CHANGES_PER_TASK)).map(|task| {
            let user = format!("bench-{}", task / TASKS_PER_USER);
            (Ids.uuid_v7(), user)
        });
        Self {
            tasks: tasks.collect(),
            history_task: Ids.uuid_v7(),
            start: Clock::system().now(),
        }
    }

    /// Returns the number of changes.
    pub fn count(&self) -> i64 {
        let tasks = i64::try_from(self.tasks.len()).unwrap_or(i64::MAX);
        tasks * i64::from(CHANGES_PER_TASK) + i64::from(HISTORY_LENGTH)
    }

    /// Publishes the events; those of different tasks alternate.
    pub async fn publish(&self, kafka: &KafkaConfig) -> Result<(), BoxError> {
        let producer: FutureProducer = kafka
            .client_config("taskmesh-bench")
            .set("partitioner", "murmur2_random")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .create()?;
        let topic = kafka.topic_name(TASK_EVENTS.name);
        let of_tasks = (1..=CHANGES_PER_TASK).flat_map(|version| {
            self.tasks
                .iter()
                .map(move |(task, user)| (*task, user.as_str(), version))
        });
        let history =
            (1..=HISTORY_LENGTH).map(|version| (self.history_task, HISTORY_USER, version));
        let mut changes = of_tasks.chain(history).peekable();
        while changes.peek().is_some() {
            let sent = changes.by_ref().take(CHUNK).map(|(task, user, version)| {
                let time = self.start + TimeDelta::milliseconds(version.into());
                send(&producer, &topic, event(task, user, version, time), task)
            });
            try_join_all(sent).await?;
        }
        Ok(())
    }
}

async fn send(
    producer: &FutureProducer,
    topic: &str,
    event: TaskEvent,
    task: Uuid,
) -> Result<(), BoxError> {
    let kind = match event.task_version {
        1 => "taskmesh.task.v1.TaskCreated",
        _ => "taskmesh.task.v1.TaskUpdated",
    };
    let id = Ids.uuid_v7().to_string();
    let trace = format!("00-{}-b7ad6b7169203331-01", Ids.uuid_v7().simple());
    let headers = record_headers(&[("ce_id", &id), ("ce_type", kind), ("traceparent", &trace)]);
    let (key, payload) = (task.to_string(), event.encode_to_vec());
    let record = FutureRecord::to(topic)
        .key(&key)
        .headers(headers)
        .payload(&payload);
    let sent = producer.send(record, SEND_TIMEOUT).await;
    sent.map_err(|(error, _)| error)?;
    Ok(())
}

/// Returns the event of a change of the title, and at every fifth version also of the priority and the due time.
fn event(task_id: Uuid, user: &str, version: u32, time: DateTime<Utc>) -> TaskEvent {
    let at = |version: u32| Task {
        id: task_id.to_string(),
        title: format!("Call the bank about invoice number {version} of this year"),
        description: "Ask for the one that has not arrived yet, and for the address to send it to."
            .to_owned(),
        priority: match version / 5 % 2 {
            0 => Priority::Low.into(),
            _ => Priority::High.into(),
        },
        due_time: Some(timestamp(time + TimeDelta::days((version / 5).into()))),
        time_zone: "Europe/Berlin".to_owned(),
        tags: vec!["money".to_owned(), "phone".to_owned()],
        etag: version.to_string(),
        operation_id: Uuid::from_u128(task_id.as_u128() ^ u128::from(version)).to_string(),
        create_time: Some(timestamp(time)),
        update_time: Some(timestamp(time)),
        ..Task::default()
    };
    TaskEvent {
        event_time: Some(timestamp(time)),
        user_id: user.to_owned(),
        task_version: version.into(),
        task: Some(at(version)),
        previous: (version > 1).then(|| at(version - 1)),
        actor: Some(Actor {
            user_id: user.to_owned(),
            service: "api-gateway".to_owned(),
            token_id: task_id.to_string(),
            client_id: "chat".to_owned(),
            ip_address: "192.0.2.17".to_owned(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
                .to_owned(),
        }),
        ..TaskEvent::default()
    }
}
