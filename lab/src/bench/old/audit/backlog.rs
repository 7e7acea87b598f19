use chrono::{DateTime, TimeDelta, Utc};
use futures::future::try_join_all;
use prost::Message;
use rdkafka::{
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use service_runtime::{
    BoxError,
    clock::{Clock, timestamp},
    ids::Ids,
};
use taskmesh_proto::{
    common::v1::Actor,
    task::v1::{Priority, Task, TaskEvent},
    topics::TASK_EVENTS,
};
use uuid::Uuid;

use super::stage::Stage;
use crate::bench::old::progress::Progress;

/// How often each task changes.
const CHANGES: u32 = 100;
/// How many tasks a user has.
const TASKS_OF_USER: u32 = 10;
/// How often the task changes whose history is asked for.
pub const HISTORY: u32 = 1_000;
/// Who has that task.
pub const HISTORIAN: &str = "bench-history";
const AT_ONCE: usize = 5_000;

/// The changes of many tasks of many users, and those of one task.
pub struct Backlog {
    tasks: Vec<(Uuid, String)>,
    /// The task whose history is asked for.
    pub story: Uuid,
    start: DateTime<Utc>,
}

/// One change of a task.
struct Change<'a> {
    task_id: Uuid,
    user: &'a str,
    version: u32,
    time: DateTime<Utc>,
}

impl Backlog {
    /// Makes so many changes up, and a history.
    pub fn new(records: u32) -> Self {
        let tasks = (0..records.div_ceil(CHANGES)).map(|task| {
            let user = format!("bench-{}", task / TASKS_OF_USER);
            (Ids.uuid_v7(), user)
        });
        Self {
            tasks: tasks.collect(),
            story: Ids.uuid_v7(),
            start: Clock::system().now(),
        }
    }

    /// Returns how many changes there are.
    pub fn count(&self) -> i64 {
        i64::try_from(self.tasks.len()).unwrap_or(i64::MAX) * i64::from(CHANGES)
            + i64::from(HISTORY)
    }

    /// Puts the events on the topic: those of one task after the other's, as people's changes mix.
    pub async fn publish(&self, stage: &Stage) -> Result<(), BoxError> {
        let kafka = stage.kafka();
        let producer: FutureProducer = kafka
            .client_config("taskmesh-bench")
            .set("partitioner", "murmur2_random")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .create()?;
        let topic = kafka.topic_name(TASK_EVENTS.name);
        let mut changes = self.changes();
        let total = u64::try_from(self.count())?;
        let progress = Progress::new("puts events on the topic", "events", Some(total));
        progress
            .watch(async {
                loop {
                    let part: Vec<Change<'_>> = changes.by_ref().take(AT_ONCE).collect();
                    if part.is_empty() {
                        return Ok(());
                    }
                    let sent = part.iter().map(|change| send(&producer, &topic, change));
                    try_join_all(sent).await?;
                    progress.add(u64::try_from(part.len())?);
                }
            })
            .await
    }

    fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let many = (1..=CHANGES).flat_map(move |version| {
            self.tasks
                .iter()
                .map(move |(task_id, user)| (*task_id, user.as_str(), version))
        });
        let one = (1..=HISTORY).map(|version| (self.story, HISTORIAN, version));
        many.chain(one).map(|(task_id, user, version)| Change {
            task_id,
            user,
            version,
            time: self.start + TimeDelta::milliseconds(i64::from(version)),
        })
    }
}

async fn send(producer: &FutureProducer, topic: &str, change: &Change<'_>) -> Result<(), BoxError> {
    let key = change.task_id.to_string();
    let id = Ids.uuid_v7().to_string();
    let kind = match change.version {
        1 => "taskmesh.task.v1.TaskCreated",
        _ => "taskmesh.task.v1.TaskUpdated",
    };
    let trace = format!("00-{}-b7ad6b7169203331-01", Ids.uuid_v7().simple());
    let headers = [
        ("ce_id", id.as_str()),
        ("ce_type", kind),
        ("traceparent", &trace),
    ];
    let headers = headers
        .into_iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            let value = Some(value);
            headers.insert(Header { key, value })
        });
    let payload = event(change).encode_to_vec();
    let record = FutureRecord::to(topic)
        .key(&key)
        .headers(headers)
        .payload(&payload);
    producer
        .send(record, std::time::Duration::from_secs(60))
        .await
        .map_err(|(error, _)| error)?;
    Ok(())
}

/// Every change is one of the title; every fifth is of the priority and the due time, too.
fn event(change: &Change<'_>) -> TaskEvent {
    let Change {
        task_id,
        user,
        version,
        time,
    } = change;
    let at = |version: u32| {
        let fifths = version / 5;
        Task {
            id: task_id.to_string(),
            title: format!("Call the bank about the {version}th invoice of this year"),
            description:
                "Ask for the one that has not come yet, and for the address to send it to."
                    .to_owned(),
            priority: match fifths % 2 {
                0 => Priority::Low.into(),
                _ => Priority::High.into(),
            },
            due_time: Some(timestamp(*time + TimeDelta::days(i64::from(fifths)))),
            time_zone: "Europe/Berlin".to_owned(),
            tags: vec!["money".to_owned(), "phone".to_owned()],
            etag: version.to_string(),
            operation_id: Uuid::from_u128(task_id.as_u128() ^ u128::from(version)).to_string(),
            create_time: Some(timestamp(*time)),
            update_time: Some(timestamp(*time)),
            ..Task::default()
        }
    };
    TaskEvent {
        event_time: Some(timestamp(*time)),
        user_id: (*user).to_owned(),
        task_version: i64::from(*version),
        task: Some(at(*version)),
        previous: (*version > 1).then(|| at(version - 1)),
        actor: Some(Actor {
            user_id: (*user).to_owned(),
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
