//! The relay reads what is new, however much the outbox keeps.

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use prost_types::Timestamp;
use taskmesh_proto::topics::TASK_EVENTS;
use uuid::Uuid;

use super::{Entry, Read, current_snapshot, insert, list, list_new, list_under_way, share};
use crate::{
    outbox::{
        OutboxEvent, append,
        position::{Position, UnderWay},
    },
    postgres::Schema,
    testing::TestDatabase,
};

const SCHEMA: Schema = Schema {
    name: "plans",
    migrations: None,
};
const ROWS: &str = "
    INSERT INTO outbox (lane, topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, payload)
    SELECT n % 16, 'topic', 'key', gen_random_uuid(), 'type', 'subject', 'schema', 1, now(), '' FROM generate_series(1, 100000) n;
    INSERT INTO outbox_positions (lane, epoch, step, seen) SELECT n % 16, 0, n, '1:1:' FROM generate_series(1, 100000) n;
    ANALYZE;";

#[tokio::test]
async fn relay_reads_large_outbox_by_index() {
    let database = TestDatabase::create(SCHEMA).await;
    let mut seeding = database.connect(SCHEMA.name).await;
    seeding.batch_execute(ROWS).await.unwrap();
    let (mut tx, plans) = database.connect_with_plans(SCHEMA).await;

    let relay = Uuid::from_u128(1);
    let lanes = share(&mut tx, relay, TimeDelta::minutes(1), true).await;
    let lanes = lanes.unwrap();
    let seen = current_snapshot(&mut tx).await.unwrap();
    let entries = lanes.lanes.iter().zip(&lanes.epochs);
    let entries = entries.map(|(lane, epoch)| Entry {
        lane: *lane,
        epoch: *epoch,
        step: 1,
        position: Position::at(seen.clone()),
    });
    let entries: Vec<_> = entries.collect();
    assert_eq!(insert(&mut tx, &entries).await.unwrap().len(), 16);
    assert_eq!(list(&mut tx, &lanes.lanes).await.unwrap().len(), 16);
    plans.take_indexes();

    for _ in 0..3 {
        let event = OutboxEvent {
            topic: &TASK_EVENTS,
            key: "alice".to_owned(),
            id: Uuid::from_u128(2),
            kind: "kind",
            subject: "subject".to_owned(),
            time: chrono::DateTime::UNIX_EPOCH,
            aggregate_version: 1,
            message: &Timestamp::default(),
        };
        append(&mut tx, event).await.unwrap();
    }
    let upto = current_snapshot(&mut tx).await.unwrap();
    let new = list_new(&mut tx, &lanes.lanes, &seen, &upto, 100, 1_000).await;
    let Read::Rows(rows) = new.unwrap() else {
        panic!("three events can be sorted");
    };
    assert_eq!(rows.len(), 3);
    let under_way = UnderWay {
        upto,
        after: rows[0].id,
    };
    let rest = list_under_way(&mut tx, &lanes.lanes, &seen, &under_way, 100).await;
    assert_eq!(rest.unwrap().len(), 2);
    let indexes = plans.take_indexes();
    assert!(
        indexes.iter().any(|index| index.ends_with("_tx_idx")),
        "{indexes:?}"
    );
}
