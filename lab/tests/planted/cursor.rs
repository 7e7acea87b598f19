//! Two ways to read an outbox that look right.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use lab::checker::{Arrival, Change};
use service_runtime::postgres::{Database, DatabaseError};
use taskmesh_proto::topics::TASK_EVENTS;
use uuid::Uuid;

/// How the next events are found.
#[derive(Debug, Clone, Copy)]
pub enum Cursor {
    /// Those with a greater id than the last one: what becomes visible later with a smaller id is never found.
    AfterLastId,
    /// Those of transactions that have ended, in the order in which these began: two changes of one thing may stand the other way round.
    ByTransaction,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = BigInt)]
    aggregate_version: i64,
    #[diesel(sql_type = SqlUuid)]
    event_id: Uuid,
}

/// A relay that puts what it finds on a topic in memory.
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

    /// Sends what it finds.
    pub async fn poll(&mut self, database: &Database) {
        let query = match self.cursor {
            Cursor::AfterLastId => {
                "SELECT id AS place, subject, aggregate_version, event_id FROM outbox WHERE id > $1 ORDER BY id"
            }
            Cursor::ByTransaction => {
                "SELECT xmin::text::bigint AS place, subject, aggregate_version, event_id FROM outbox \
                 WHERE xmin::text::bigint > $1 AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
                 ORDER BY place, id"
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
            self.last = row.place;
            self.topic.push(Arrival {
                change: Change {
                    topic: TASK_EVENTS.name,
                    subject: row.subject,
                    version: row.aggregate_version,
                },
                event_id: row.event_id,
            });
        }
    }

    /// Returns what has arrived.
    pub fn into_arrivals(self) -> Vec<Arrival> {
        self.topic
    }
}
