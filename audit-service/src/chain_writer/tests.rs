use std::task::Poll;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    sql_types::{BigInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures::{
    future::{BoxFuture, join_all},
    poll,
};
use service_runtime::{
    Service,
    ids::Ids,
    postgres::Schema,
    testing::{Count, TestDatabase, eventually},
};

use super::*;
use crate::{AuditService, domain::record::Actor};

const SCHEMA: Schema = AuditService::SCHEMA.unwrap();
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('audit chains', 0))";

type Append = BoxFuture<'static, Result<(), DatabaseError>>;

fn writer(database: &TestDatabase) -> ChainWriter {
    let (writer, task) = ChainWriter::new(database.open(SCHEMA), Clock::system());
    tokio::spawn(task.run());
    writer
}

fn entry(user: &str, action: &str, event_time: DateTime<Utc>) -> Entry {
    Entry {
        id: Ids.uuid_v7(),
        user_id: user.parse().unwrap(),
        action: action.to_owned(),
        event_type: String::new(),
        event_time,
        task_id: None,
        reminder_id: None,
        version: 0,
        actor: Actor::default(),
        changes: Vec::new(),
        operation_id: String::new(),
        trace_id: String::new(),
    }
}

/// Hands a batch to the writer: it is in its queue when this returns.
async fn submit(writer: &ChainWriter, entries: Vec<Entry>) -> Append {
    let writer = writer.clone();
    let mut append: Append = Box::pin(async move { writer.append(entries).await });
    assert!(matches!(poll!(&mut append), Poll::Pending));
    append
}

async fn number(connection: &mut AsyncPgConnection, query: &str) -> i64 {
    let number = sql::<BigInt>(query).get_result(connection).await;
    number.unwrap()
}

async fn recorded(connection: &mut AsyncPgConnection, user: &str) -> Vec<(i64, String)> {
    let query = "SELECT sequence, action FROM records WHERE user_id = ";
    let rows = sql::<(BigInt, Text)>(query).bind::<Text, _>(user);
    let rows = rows.sql(" ORDER BY sequence").load(connection).await;
    rows.unwrap()
}

/// Returns the number of locks that sessions of this database wait for.
async fn waits(database: &TestDatabase) -> i64 {
    let mut connection = database.connect("audit").await;
    let query = "SELECT count(*) AS number FROM pg_locks JOIN pg_stat_activity USING (pid)
                 WHERE NOT granted AND datname = current_database()";
    number(&mut connection, query).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_come_together_share_a_transaction() {
    let database = TestDatabase::create(SCHEMA).await;
    let mut other_replica = database.connect("audit").await;
    let begin = format!("BEGIN; {WRITER_LOCK}");
    other_replica.batch_execute(&begin).await.unwrap();

    // As many as partitions of both topics have, all with the same users.
    let writer = writer(&database);
    let mut appends = Vec::new();
    for number in 1..=6 {
        let entries =
            ["alice", "bob"].map(|user| entry(user, &format!("n{number}"), Clock::system().now()));
        appends.push(submit(&writer, entries.to_vec()).await);
    }
    eventually("the writer waits for the other replica", async || {
        (waits(&database).await > 0).then_some(())
    })
    .await;
    assert_eq!(waits(&database).await, 1, "sessions that wait for a lock");
    other_replica.batch_execute("COMMIT").await.unwrap();
    for appended in join_all(appends).await {
        appended.unwrap();
    }

    let mut connection = database.connect("audit").await;
    let transactions = "SELECT count(DISTINCT xmin::text) AS number FROM records";
    // The first batch may have set out alone.
    let transactions = number(&mut connection, transactions).await;
    assert!(transactions <= 2, "{transactions} transactions");
    let expected: Vec<_> = (1..=6)
        .map(|number| (number, format!("n{number}")))
        .collect();
    assert_eq!(recorded(&mut connection, "alice").await, expected);
    assert_eq!(recorded(&mut connection, "bob").await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batch_is_one_commit_with_fixed_statements() {
    let database = TestDatabase::create(SCHEMA).await;
    let writer = writer(&database);
    // The first transaction creates the partition of the month.
    let now = Clock::system().now();
    writer
        .append(vec![entry("alice", "created", now)])
        .await
        .unwrap();
    database.take_counts();
    for size in [1, 100] {
        let entries = (0..size).map(|_| entry("alice", "changed", now));
        writer.append(entries.collect()).await.unwrap();
        let cost = Count {
            commits: 1,
            statements: 7,
        };
        let counts = database.take_counts();
        assert_eq!(counts.get("append_records"), Some(&cost), "{size}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batch_that_fails_does_not_fail_others() {
    let database = TestDatabase::create(SCHEMA).await;
    let mut gate = database.connect("audit").await;
    gate.batch_execute(&format!("BEGIN; {WRITER_LOCK}"))
        .await
        .unwrap();
    let writer = writer(&database);
    let now = Clock::system().now();
    let mut appends = Vec::new();
    // PostgreSQL has no timestamps before 4713 BC.
    for (action, time) in [
        ("first", now),
        ("bad", DateTime::<Utc>::MIN_UTC),
        ("last", now),
    ] {
        appends.push(submit(&writer, vec![entry("alice", action, time)]).await);
    }
    gate.batch_execute("COMMIT").await.unwrap();
    let results: Vec<_> = join_all(appends).await.iter().map(Result::is_ok).collect();
    assert_eq!(results, [true, false, true]);
    let expected = [(1, "first".to_owned()), (2, "last".to_owned())];
    assert_eq!(recorded(&mut gate, "alice").await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_two_replicas_take_turns() {
    let database = TestDatabase::create(SCHEMA).await;
    let writers = [writer(&database), writer(&database)];
    let appends = (0..40).map(|number| {
        let writer = &writers[number % 2];
        let users = ["alice", "bob", "carol"];
        let entries = users.map(|user| entry(user, "did", Clock::system().now()));
        writer.append(entries.to_vec())
    });
    for appended in join_all(appends).await {
        appended.unwrap();
    }
    let mut connection = database.connect("audit").await;
    let linked = "SELECT count(*) AS number FROM records JOIN records AS before
                  ON before.user_id = records.user_id AND before.sequence = records.sequence - 1
                  AND before.hash = records.previous_hash";
    assert_eq!(number(&mut connection, linked).await, 3 * 39);
    let all = "SELECT count(*) AS number FROM records";
    assert_eq!(number(&mut connection, all).await, 3 * 40);
}
