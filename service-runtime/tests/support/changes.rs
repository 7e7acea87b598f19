//! Aggregates that are nothing but a version: each change of one is an event.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;
use service_runtime::{
    clock::Clock,
    ids::Ids,
    outbox::{self, OutboxEvent},
    postgres::{AsyncPgConnection, Database, DatabaseError},
    testing::RecordedEvent,
};
use taskmesh_proto::{
    notification::v1::ReminderEvent,
    topics::{TASK_EVENTS, Topic},
};

use super::event;

/// What happens to them.
pub const KIND: &str = "taskmesh.notification.v1.ReminderSent";

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Counts an aggregate up and tells the world, as every operation does.
pub async fn change(tx: &mut AsyncPgConnection, key: &str) -> Result<i64, DatabaseError> {
    let Version { version } = diesel::sql_query(
        "INSERT INTO counters VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET version = counters.version + 1 \
         RETURNING version",
    )
    .bind::<Text, _>(key)
    .get_result(tx)
    .await?;
    append(tx, &TASK_EVENTS, KIND, key, version).await?;
    Ok(version)
}

/// Appends an event for the probe.
pub async fn append(
    tx: &mut AsyncPgConnection,
    topic: &'static Topic,
    kind: &'static str,
    key: &str,
    version: i64,
) -> Result<(), DatabaseError> {
    let message = event("ok", key, version);
    let event = OutboxEvent {
        topic,
        key: key.to_owned(),
        id: Ids.uuid_v7(),
        kind,
        subject: key.to_owned(),
        time: Clock::system().now(),
        aggregate_version: version,
        message: &message,
    };
    outbox::append(tx, event).await
}

/// Changes an aggregate in a transaction of its own.
pub async fn commit(database: &Database, key: &str) -> i64 {
    database
        .transaction("change", async |tx| change(tx, key).await)
        .await
        .unwrap()
}

/// Returns the versions that events of a key tell of, in their order.
pub fn versions(events: &[RecordedEvent<ReminderEvent>], key: &str) -> Vec<i64> {
    events
        .iter()
        .filter(|event| event.key == key)
        .map(|event| event.message.reminder_version)
        .collect()
}
