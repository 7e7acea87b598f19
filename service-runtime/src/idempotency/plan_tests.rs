//! Answers are found and forgotten by index, however many are remembered.

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use prost_types::Timestamp;

use super::{IdempotencyKey, Known, delete_older};
use crate::{clock::Clock, ids::Ids, postgres::Schema, testing::TestDatabase};

const SCHEMA: Schema = Schema {
    name: "plans",
    migrations: None,
};
const ROWS: &str = "
    INSERT INTO idempotency_keys (user_id, request_id, fingerprint, answer)
    SELECT 'anna', gen_random_uuid(), '', '' FROM generate_series(1, 100000) n";

#[tokio::test]
async fn answers_are_found_among_many_by_index() {
    let database = TestDatabase::create(SCHEMA).await;
    let mut seeding = database.connect(SCHEMA.name).await;
    seeding.batch_execute(ROWS).await.unwrap();
    // A BRIN index knows the pages that a vacuum has summarised.
    seeding.batch_execute("VACUUM ANALYZE").await.unwrap();
    let (mut tx, plans) = database.connect_with_plans(SCHEMA).await;

    let anna = "anna".parse().unwrap();
    let key = IdempotencyKey::new(Ids.uuid_v7(), "method", &Timestamp::default());
    assert_eq!(key.claim(&mut tx, &anna).await.unwrap(), Known::New);
    key.keep(&mut tx, &anna, b"answer").await.unwrap();
    let answered = Known::Answered(b"answer".to_vec());
    assert_eq!(key.claim(&mut tx, &anna).await.unwrap(), answered);
    plans.take_indexes();

    let before = Clock::system().now() - TimeDelta::days(1);
    assert_eq!(delete_older(&mut tx, before).await.unwrap(), 0);
    assert!(plans.take_indexes().contains("idempotency_keys_by_time"));
}
