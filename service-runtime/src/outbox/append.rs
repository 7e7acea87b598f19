use std::cell::Cell;

use chrono::{DateTime, Utc};
use diesel::ExpressionMethods;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use prost::Message;
use taskmesh_proto::topics::Topic;
use uuid::Uuid;

use crate::{
    postgres::{DatabaseError, schema::outbox},
    telemetry::propagation,
};

tokio::task_local! {
    static APPENDED: Cell<bool>;
}

/// One event, to be told to the world if the transaction commits.
#[derive(Debug)]
pub struct OutboxEvent<'a, M> {
    /// Where it goes.
    pub topic: &'a Topic,
    /// Chooses the partition; events of one key arrive in the order of their commits.
    pub key: String,
    /// Identifies the event, however often it is delivered.
    pub id: Uuid,
    /// The full name of what happened, such as `taskmesh.task.v1.TaskCompleted`.
    pub kind: &'static str,
    /// The id of the aggregate that it happened to.
    pub subject: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The aggregate's version after it.
    pub aggregate_version: i64,
    /// The event itself.
    pub message: &'a M,
}

/// Adds an event to the outbox of the schema that the transaction works in.
///
/// To be called after the aggregate's row has been written or locked in the same transaction: that makes the order of the
/// rows of one aggregate the order of its commits.
pub async fn append<M: Message>(
    tx: &mut AsyncPgConnection,
    event: OutboxEvent<'_, M>,
) -> Result<(), DatabaseError> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::topic.eq(event.topic.name),
            outbox::record_key.eq(event.key),
            outbox::event_id.eq(event.id),
            outbox::event_type.eq(event.kind),
            outbox::subject.eq(event.subject),
            outbox::data_schema.eq(event.topic.message),
            outbox::aggregate_version.eq(event.aggregate_version),
            outbox::event_time.eq(event.time),
            outbox::trace_parent.eq(propagation::current_traceparent()),
            outbox::payload.eq(event.message.encode_to_vec()),
        ))
        .execute(tx)
        .await?;
    // Outside a transaction of `Database` nobody watches, and the relay's safety poll finds the row.
    let _ = APPENDED.try_with(|appended| appended.set(true));
    Ok(())
}

/// Runs a piece of a transaction and tells whether it appended to the outbox.
pub(crate) async fn watch_appends<T>(work: impl Future<Output = T>) -> (T, bool) {
    APPENDED
        .scope(Cell::new(false), async {
            let value = work.await;
            (value, APPENDED.with(Cell::get))
        })
        .await
}
