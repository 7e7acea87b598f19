use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;
use service_runtime::{
    clock::Clock,
    ids::Ids,
    outbox::{self, OutboxEvent},
    postgres::{AsFixed, AsyncPgConnection, Database, DatabaseError},
};
use taskmesh_proto::{notification::v1::ReminderEvent, topics::TASK_REMINDERS};
use uuid::Uuid;

/// The name that the event's record has.
pub const KIND: &str = "taskmesh.notification.v1.ReminderScheduled";
/// About as long as what a task is.
pub const TEXT: &str = "As long as the snapshot of a task with a title, some labels and a short description is when it is encoded, which \
                        is two to three hundred bytes for most of the tasks that people write down for themselves.";

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Changes an aggregate and appends the event, as every operation does; returns the event's id.
pub async fn change(database: &Database, key: &str) -> Result<Uuid, DatabaseError> {
    let id = Ids.uuid_v7();
    database
        .transaction("change", async |tx| append(tx, key, id).await)
        .await?;
    Ok(id)
}

async fn append(tx: &mut AsyncPgConnection, key: &str, id: Uuid) -> Result<(), DatabaseError> {
    let Version { version } = diesel::sql_query(
        "INSERT INTO aggregates VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET version = aggregates.version + 1 \
         RETURNING version",
    )
    .bind::<Text, _>(key)
    .fixed()
    .get_result(tx)
    .await?;
    let message = event(key);
    outbox::append(
        tx,
        OutboxEvent {
            topic: &TASK_REMINDERS,
            key: key.to_owned(),
            id,
            kind: KIND,
            subject: key.to_owned(),
            time: Clock::system().now(),
            aggregate_version: version,
            message: &message,
        },
    )
    .await
}

/// Makes up an event.
pub fn event(key: &str) -> ReminderEvent {
    ReminderEvent {
        event_id: key.to_owned(),
        user_id: TEXT.to_owned(),
        ..ReminderEvent::default()
    }
}
