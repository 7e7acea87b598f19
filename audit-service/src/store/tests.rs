//! The plans of statements on large tables, one plan for all values: such a plan uses a partial index only if the statement names the
//! index's condition and binds no value in its place.

use chrono::{DateTime, Utc};
use diesel_async::SimpleAsyncConnection;
use service_runtime::{Service, clock::Clock, testing::TestDatabase};
use uuid::Uuid;

use super::{
    chain_head, checkpoint, record,
    record_page::{self, Place, RecordQuery},
};
use crate::AuditService;

/// 1000 users with 80 records each, and one with 20 000; 100 000 chains, of which five have grown since the last checkpoint.
const ROWS: &str = "
    SET session_replication_role = replica;
    SELECT add_month(date_trunc('month', now())::date);
    INSERT INTO records
    SELECT CASE WHEN n % 5 = 0 THEN 'anna' ELSE 'user' || n % 1000 END, n, now(), md5(n::text)::uuid, 'created', 'type', now(),
           md5((n % 1000)::text)::uuid, NULL, 1, 'actor', '', '', '', '', '', '[]', '', '', sha256(''), sha256('')
    FROM generate_series(1, 100000) n;
    INSERT INTO chain_heads (user_id, sequence, hash, record_time, sealed_sequence)
    SELECT CASE n WHEN 1 THEN 'anna' ELSE 'user' || n END, n, sha256(''), now(), CASE WHEN n % 20000 = 1 THEN n - 1 ELSE n END
    FROM generate_series(1, 100000) n;
    INSERT INTO checkpoints
    SELECT n, md5(n::text)::uuid, now(), sha256(''), sha256(''), 1, 1, NULL, 'key', '' FROM generate_series(1, 100000) n;
    INSERT INTO checkpoint_leaves
    SELECT 'user' || n % 1000, n, date_trunc('month', now())::date, sha256(''), n FROM generate_series(1, 100000) n;
    ANALYZE;";

#[tokio::test]
async fn statements_read_large_tables_by_index() {
    let database = TestDatabase::create(AuditService::SCHEMA.unwrap()).await;
    let mut seeding = database.connect("audit").await;
    seeding.batch_execute(ROWS).await.unwrap();
    let (mut tx, plans) = database
        .connect_with_plans(AuditService::SCHEMA.unwrap())
        .await;
    let tx = &mut tx;
    let anna = "anna".parse().unwrap();
    let now: DateTime<Utc> = Clock::system().now();

    chain_head::find(tx, &anna).await.unwrap();
    chain_head::list_users(tx, "user5", 100).await.unwrap();
    plans.take_indexes();
    let grown = chain_head::seal(tx).await.unwrap();
    assert_eq!(grown.len(), 5);
    let indexes = plans.take_indexes();
    assert!(indexes.contains("chain_heads_to_seal"), "{indexes:?}");

    checkpoint::find_last(tx).await.unwrap();
    checkpoint::list_after(tx, 50_000, 100).await.unwrap();
    checkpoint::list_leaves(tx, 99_000, 99_100).await.unwrap();
    let user = "user1".parse().unwrap();
    checkpoint::list_sealed(tx, &user, 100_000).await.unwrap();
    let places: Vec<_> = grown
        .iter()
        .map(|chain| (&chain.user_id, 99_000_i64))
        .collect();
    checkpoint::list_month_ends(tx, &places, now.date_naive())
        .await
        .unwrap();
    plans.take_indexes();

    let chain = record::list_chain(tx, &anna, (50_000, now), 100).await;
    assert_eq!(chain.unwrap().len(), 100);
    let place = |sequence| Place {
        record_time: now,
        user_id: anna.clone(),
        sequence,
    };
    let of_task = RecordQuery {
        user_id: Some(anna.clone()),
        task_id: Some(Uuid::parse_str("cfcd2084-95d5-65ef-66e7-dff9f98764da").unwrap()),
        after: Some(place(90_000)),
        last_first: true,
        limit: 50,
        ..RecordQuery::default()
    };
    let of_task = record_page::list(tx, &of_task).await;
    assert_eq!(of_task.unwrap().len(), 50);
    plans.take_indexes();

    for user_id in [Some(anna.clone()), None] {
        for last_first in [false, true] {
            for after in [None, Some(place(50_000))] {
                let query = RecordQuery {
                    user_id: user_id.clone(),
                    after,
                    last_first,
                    limit: 51,
                    ..RecordQuery::default()
                };
                record_page::list(tx, &query).await.unwrap();
                plans.take_indexes();
            }
        }
    }
}
