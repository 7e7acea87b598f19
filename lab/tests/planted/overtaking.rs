//! Transactions that end in another order than they began.

use diesel_async::SimpleAsyncConnection;
use service_runtime::testing::TestDatabase;

use crate::support::{
    self,
    changes::{change, commit},
};

/// Writes an event of `slow`, commits an event of `quick`, awaits `meantime`, and commits `slow`.
pub async fn commit_late(own: &TestDatabase, meantime: impl Future<Output = ()>) {
    let mut slow = own.connect(support::schema().name).await;
    slow.batch_execute("BEGIN").await.unwrap();
    change(&mut slow, "slow").await.unwrap();
    commit(&own.open(support::schema()), "quick").await;
    meantime.await;
    slow.batch_execute("COMMIT").await.unwrap();
}

/// Begins a transaction that makes the second change of `a` after another transaction's first.
pub async fn begin_early(own: &TestDatabase) {
    let mut early = own.connect(support::schema().name).await;
    early
        .batch_execute("BEGIN; SELECT pg_current_xact_id();")
        .await
        .unwrap();
    assert_eq!(commit(&own.open(support::schema()), "a").await, 1);
    assert_eq!(change(&mut early, "a").await.unwrap(), 2);
    early.batch_execute("COMMIT").await.unwrap();
}
