//! Named transactions on a real database: they run again when another one was in the way, and leave nothing half done.

mod support;

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use service_runtime::{
    grpc::{ApiError, ErrorCode, status},
    kafka::HandleError,
    postgres::{AsyncPgConnection, Database, DatabaseError},
    testing::TestDatabase,
};
use support::schema;

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

async fn version(database: &Database, name: &str) -> i64 {
    let query = format!("SELECT version FROM counters WHERE name = '{name}'");
    database
        .transaction("version", async |tx| {
            let value: Value = diesel::sql_query(&query).get_result(tx).await?;
            Ok::<i64, DatabaseError>(value.version)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn deadlocked_transactions_both_succeed() {
    let test = TestDatabase::create(schema()).await;
    let database = test.open(schema());
    database
        .transaction("prepare", async |tx| {
            tx.batch_execute("INSERT INTO counters VALUES ('a', 0), ('b', 0)")
                .await?;
            Ok::<(), DatabaseError>(())
        })
        .await
        .unwrap();
    let runs = AtomicU32::new(0);
    let barrier = tokio::sync::Barrier::new(2);
    let crossing = async |first: &str, second: &str| {
        let met = AtomicU32::new(0);
        let (lock_first, lock_second) = (
            format!("UPDATE counters SET version = version + 1 WHERE name = '{first}'"),
            format!("UPDATE counters SET version = version + 1 WHERE name = '{second}'"),
        );
        database
            .transaction("crossing", async |tx| {
                runs.fetch_add(1, Ordering::SeqCst);
                tx.batch_execute(&lock_first).await?;
                if met.fetch_add(1, Ordering::SeqCst) == 0 {
                    // Both hold their first row now, so one must be told of the deadlock.
                    barrier.wait().await;
                }
                tx.batch_execute(&lock_second).await?;
                Ok::<(), DatabaseError>(())
            })
            .await
    };
    let (one, other) = tokio::join!(crossing("a", "b"), crossing("b", "a"));
    one.unwrap();
    other.unwrap();

    assert!(runs.into_inner() >= 3, "no transaction ran again");
    assert_eq!(version(&database, "a").await, 2);
    assert_eq!(version(&database, "b").await, 2);
}

#[tokio::test]
async fn dropped_transaction_leaves_no_change_and_no_lock() {
    let test = TestDatabase::create(schema()).await;
    let database = test.open(schema());
    let (written, wait_until_written) = tokio::sync::oneshot::channel();
    let written = std::sync::Mutex::new(Some(written));
    let abandoned = database.transaction("abandoned", async |tx| {
        tx.batch_execute("INSERT INTO counters VALUES ('a', 7)")
            .await?;
        written.lock().unwrap().take().unwrap().send(()).unwrap();
        std::future::pending::<Result<(), DatabaseError>>().await
    });
    tokio::select! {
        _ = abandoned => panic!("it never ends by itself"),
        _ = wait_until_written => {}
    }

    database
        .transaction("again", async |tx| {
            tx.batch_execute("INSERT INTO counters VALUES ('a', 8)")
                .await?;
            Ok::<(), DatabaseError>(())
        })
        .await
        .unwrap();
    assert_eq!(version(&database, "a").await, 8);
}

#[tokio::test]
async fn terminated_connections_are_replaced() {
    let test = TestDatabase::create(schema()).await;
    let database = test.open(schema());
    for _ in 0..3 {
        let mut other = test.connect("probe").await;
        assert!(
            database
                .transaction("ping", async |tx| {
                    tx.batch_execute("SELECT 1").await?;
                    Ok::<(), DatabaseError>(())
                })
                .await
                .is_ok()
        );
        other
            .batch_execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn unreachable_database_is_unavailable() {
    let mut config = TestDatabase::create_empty().await.config();
    config.url =
        service_runtime::config::Redacted::new("postgres://nobody@127.0.0.1:1/nothing".to_owned());
    let database = Database::new(&config, "probe").unwrap();
    let refused = database
        .transaction("refused", async |_| Ok::<(), DatabaseError>(()))
        .await;
    assert!(matches!(refused, Err(DatabaseError::Unavailable(_))));
}

#[tokio::test]
async fn concurrent_migrations_are_applied_once() {
    let test = TestDatabase::create_empty().await;
    let config = test.config();
    let migrate = |config| {
        std::thread::spawn(move || {
            tokio::runtime::Runtime::new()
                .unwrap()
                .block_on(service_runtime::postgres::migrate(&config, schema()))
                .unwrap()
        })
    };
    let (one, other) = (migrate(config.clone()), migrate(config));
    let (one, other) = (one.join().unwrap(), other.join().unwrap());
    assert_ne!(one.is_empty(), other.is_empty(), "{one:?}, {other:?}");
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the database failed")]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Transparent(DatabaseError),
}

impl ApiError for Failure {
    fn code(&self) -> ErrorCode {
        ErrorCode::Internal
    }

    fn reason(&self) -> &'static str {
        "DATABASE"
    }
}

#[tokio::test]
async fn text_with_nul_is_invalid_argument() {
    let test = TestDatabase::create(schema()).await;
    let database = test.open(schema());
    let failure = async |statement: &str, text: &str| {
        let work = async |tx: &mut AsyncPgConnection| {
            let query = diesel::sql_query(statement).bind::<Text, _>(text);
            Ok::<usize, DatabaseError>(query.execute(tx).await?)
        };
        database.transaction("nul", work).await.unwrap_err()
    };
    // SQLSTATE 22021 and 22P05.
    for (statement, text) in [
        ("SELECT length($1)", "a\0b"),
        ("SELECT ($1)::jsonb ->> 'a'", r#"{"a":"\u0000"}"#),
    ] {
        for wrap in [Failure::Database, Failure::Transparent] {
            let answer = status(&wrap(failure(statement, text).await));
            assert_eq!(ErrorCode::of(&answer), ErrorCode::InvalidArgument);
            assert!(answer.message().contains("U+0000"), "{answer:?}");
        }
        let handled = HandleError::from(failure(statement, text).await);
        assert!(matches!(handled, HandleError::Reject(_)), "{handled:?}");
    }
    let other = Failure::Database(failure("SELECT 1 / length($1)", "").await);
    assert_eq!(ErrorCode::of(&status(&other)), ErrorCode::Internal);
}
