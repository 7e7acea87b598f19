//! Two wrong outbox cursors.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use lab::checker::{Arrival, Change};
use service_runtime::postgres::{Database, DatabaseError};
use taskmesh_proto::topics::TASK_EVENTS;
use uuid::Uuid;

/// Query for the next events.
#[derive(Debug, Clone, Copy)]
pub enum Cursor {
    /// Greater id than the last one: misses events that become visible later with a smaller id.
    AfterLastId,
    /// Ended transactions in the order of their start: may invert two changes of one aggregate.
    ByTransaction,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = BigInt)]
    aggregate_version: i64,
    #[diesel(sql_type = SqlUuid)]
    event_id: Uuid,
}

/// Relay to a topic in memory.
#[derive(Debug)]
pub struct Relay {
    cursor: Cursor,
    last: i64,
    topic: Vec<Arrival>,
}

impl Relay {
    pub fn new(cursor: Cursor) -> Self {
        Self {
            cursor,
            last: 0,
            topic: Vec::new(),
        }
    }

    /// Sends the next events.
    pub async fn poll(&mut self, database: &Database) {
        let query = match self.cursor {
            Cursor::AfterLastId => {
                "SELECT id AS position, coalesce(subject, record_key) AS subject, aggregate_version, event_id FROM outbox WHERE id > $1 ORDER BY id"
            }
            Cursor::ByTransaction => {
                "SELECT xmin::text::bigint AS position, coalesce(subject, record_key) AS subject, aggregate_version, event_id FROM outbox \
                 WHERE xmin::text::bigint > $1 AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
                 ORDER BY position, id"
            }
        };
        let last = self.last;
        let rows = database
            .read("poll", async |tx| {
                let query = diesel::sql_query(query).bind::<BigInt, _>(last);
                Ok::<Vec<Row>, DatabaseError>(query.load(tx).await?)
            })
            .await
            .unwrap();
        for row in rows {
            self.last = row.position;
            self.topic.push(Arrival {
                change: Change::new(TASK_EVENTS.name, row.subject, row.aggregate_version),
                event_id: row.event_id,
            });
        }
    }

    pub fn into_arrivals(self) -> Vec<Arrival> {
        self.topic
    }
}
