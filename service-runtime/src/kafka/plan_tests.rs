//! The consumer's tables are read by index, however many rows they have.

use std::time::Duration;

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use uuid::Uuid;

use super::{inbox, partition_owner, retry_store};
use crate::{postgres::Schema, testing::TestDatabase};

const SCHEMA: Schema = Schema {
    name: "plans",
    migrations: None,
};
const ROWS: &str = "
    INSERT INTO inbox (topic, event_id, digest) SELECT 'topic', md5(n::text)::uuid, n FROM generate_series(1, 100000) n;
    INSERT INTO parked_records (topic, partition, record_offset, record_key, event_id, header_names, header_values, payload, tries,
                                next_try_time, reason)
    SELECT 'topic', n % 100, n, convert_to('key ' || n % 1000, 'UTF8'), md5(n::text)::uuid, '{}', '{}', '', 1, now(), ''
    FROM generate_series(1, 100000) n;";

#[tokio::test]
async fn consumer_reads_large_tables_by_index() {
    let database = TestDatabase::create(SCHEMA).await;
    let mut seeding = database.connect(SCHEMA.name).await;
    seeding.batch_execute(ROWS).await.unwrap();
    // A BRIN index knows the pages that a vacuum has summarised.
    seeding.batch_execute("VACUUM ANALYZE").await.unwrap();
    let (mut tx, plans) = database.connect_with_plans(SCHEMA).await;

    let entries = [1, 2].map(|number| inbox::Entry {
        event_id: Uuid::from_u128(number),
        digest: 1,
    });
    for _ in 0..2 {
        inbox::insert(&mut tx, "topic", &entries).await.unwrap();
    }
    let ids = [1, 3].map(Uuid::from_u128);
    let known = partition_owner::find_known(&mut tx, "topic", &ids).await;
    assert_eq!(known.unwrap(), [ids[0]].into());
    plans.take_indexes();
    let deleted = inbox::delete_old(&mut tx, TimeDelta::days(1)).await;
    assert_eq!(deleted.unwrap(), 0);
    assert!(plans.take_indexes().contains("inbox_by_time"));

    let keys = retry_store::list_keys(&mut tx, "topic", 7).await.unwrap();
    assert_eq!(keys.len(), 10);
    let key = &keys[0].record_key;
    let first = retry_store::find_first(&mut tx, "topic", 7, key)
        .await
        .unwrap();
    let id = first.unwrap().id;
    let waits = Duration::from_secs(1);
    retry_store::update(&mut tx, id, 2, waits, "busy")
        .await
        .unwrap();
    retry_store::set_crashes(&mut tx, id, 1).await.unwrap();
    retry_store::delete(&mut tx, id).await.unwrap();
    assert!(plans.take_indexes().contains("parked_records_by_key"));
}
