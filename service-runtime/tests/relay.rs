//! Relays of one outbox under faults: nothing is lost, and the order of each key is kept.

mod support;

use std::{collections::HashSet, sync::mpsc};

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures::future::join_all;
use rdkafka::{
    mocking::MockCluster,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use service_runtime::{
    postgres::{Database, DatabaseError},
    testing::{FreezableRelay, RecordedEvent, TestDatabase, TestRelay, TestTopics, eventually},
};
use support::{
    changes::{change, commit, versions},
    schema,
};
use taskmesh_proto::{notification::v1::ReminderEvent, topics::TASK_EVENTS};

const KEYS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// Sessions that hold the lock of a relay.
const ACTIVE: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = \
                      (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Statements that wait for a lock.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

/// An outbox whose relays the test starts.
struct Stage {
    database: TestDatabase,
    topics: TestTopics,
    pool: Database,
}

impl Stage {
    async fn new() -> Self {
        Self::with(TestTopics::create().await).await
    }

    async fn with(topics: TestTopics) -> Self {
        let database = TestDatabase::create(schema()).await;
        let pool = database.open(schema());
        Self {
            database,
            topics,
            pool,
        }
    }

    /// Starts a relay with a pool of its own, as another process would.
    fn relay(&self) -> TestRelay {
        TestRelay::start(&self.database.open(schema()), self.topics.config())
    }

    /// Starts a relay in the process that commits.
    fn relay_here(&self) -> TestRelay {
        TestRelay::start(&self.pool, self.topics.config())
    }

    /// Opens a connection that may stay idle in a transaction.
    async fn session(&self) -> AsyncPgConnection {
        let mut session = self.database.connect(schema().name).await;
        execute(&mut session, "SET idle_in_transaction_session_timeout = 0").await;
        session
    }

    /// Changes each key so many times, several at once.
    async fn commit_all(&self, times: usize) {
        let keys = KEYS.map(|key| async move {
            for _ in 0..times {
                commit(&self.pool, key).await;
            }
        });
        join_all(keys).await;
    }

    async fn count(&self, query: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        self.pool
            .read("count", async |connection| {
                let query = diesel::sql_query(format!("SELECT ({query})::bigint AS count"));
                Ok::<i64, DatabaseError>(query.get_result::<Count>(connection).await?.count)
            })
            .await
            .unwrap()
    }

    /// Freezes a relay while the server executes the statement that reads its second page, and has the server finish it.
    async fn frozen_with_page(&self) -> Frozen {
        let mut blocker = self.session().await;
        execute(&mut blocker, "BEGIN; SELECT FROM outbox FOR UPDATE").await;
        let relay = FreezableRelay::start(&self.database.open(schema()), self.topics.config());
        eventually("the relay waits for a row", async || {
            (self.count(WAITING).await == 1).then_some(())
        })
        .await;
        let thaw = relay.freeze().await;
        execute(&mut blocker, "ROLLBACK").await;
        eventually("the statement is executed", async || {
            (self.count(WAITING).await == 0).then_some(())
        })
        .await;
        Frozen { relay, thaw }
    }

    /// Waits until a relay is active.
    async fn active(&self) {
        let holders = format!("SELECT count(*) FROM ({ACTIVE}) holder");
        eventually("a relay is active", async || {
            (self.count(&holders).await == 1).then_some(())
        })
        .await;
    }

    async fn relayed(&self) {
        eventually("everything is relayed", async || {
            (self.count("SELECT count(*) FROM outbox").await == 0).then_some(())
        })
        .await;
    }

    async fn events(&self) -> Vec<RecordedEvent<ReminderEvent>> {
        self.topics.events(&TASK_EVENTS).await
    }
}

struct Frozen {
    relay: FreezableRelay,
    thaw: mpsc::Sender<()>,
}

async fn execute(session: &mut AsyncPgConnection, statement: &str) {
    session.batch_execute(statement).await.unwrap();
}

/// Checks that each key's events have arrived in order, each once; what has come before is left out.
fn in_order(events: &[RecordedEvent<ReminderEvent>], count: usize) {
    for key in KEYS {
        let mut known = HashSet::new();
        let mut versions = versions(events, key);
        versions.retain(|version| known.insert(*version));
        let expected: Vec<i64> = (1..).take(count).collect();
        assert_eq!(versions, expected, "the first arrivals of {key}");
    }
}

#[tokio::test]
async fn commit_wakes_active_relay_of_another_process() {
    let stage = Stage::new().await;
    let elsewhere = stage.database.open(schema());
    let active = TestRelay::start_without_polls(&elsewhere, stage.topics.config());
    stage.active().await;
    let standby = TestRelay::start_without_polls(&stage.pool, stage.topics.config());
    for count in 1..=3 {
        stage.commit_all(1).await;
        stage.relayed().await;
        in_order(&stage.events().await, count);
    }
    active.stop().await;
    stage.commit_all(1).await;
    stage.relayed().await;
    in_order(&stage.events().await, 4);
    standby.stop().await;
}

#[tokio::test]
async fn relays_that_come_and_go_lose_and_invert_nothing() {
    let stage = Stage::new().await;
    let first = stage.relay_here();
    let writing = stage.commit_all(150);
    let moving = async {
        stage.active().await;
        let second = stage.relay();
        first.kill().await;
        stage.active().await;
        let third = stage.relay();
        second.stop().await;
        stage.active().await;
        third
    };
    let ((), last) = tokio::join!(writing, moving);
    stage.relayed().await;
    in_order(&stage.events().await, 150);
    last.stop().await;
}

#[tokio::test]
async fn killed_relay_repeats_one_unacknowledged_batch() {
    let stage = Stage::new().await;
    stage.commit_all(2).await;
    let mut blocker = stage.session().await;
    execute(&mut blocker, "BEGIN; SELECT FROM outbox FOR UPDATE").await;
    let killed = stage.relay();
    eventually("the batch is with the broker", async || {
        (stage.events().await.len() == 16).then_some(())
    })
    .await;
    eventually("the relay waits to delete it", async || {
        (stage.count(WAITING).await == 1).then_some(())
    })
    .await;
    killed.kill().await;
    // The server would finish the statement of a client that is gone.
    let end = format!("SELECT pg_terminate_backend(pid) FROM ({ACTIVE}) holder");
    execute(&mut blocker, &end).await;
    execute(&mut blocker, "ROLLBACK").await;

    let next = stage.relay();
    stage.commit_all(1).await;
    stage.relayed().await;
    let events = stage.events().await;
    assert_eq!(events.len(), 16 + 16 + 8);
    in_order(&events, 3);
    let ids: HashSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 24, "a repeated event keeps its id");
    next.stop().await;
}

#[tokio::test]
async fn relay_whose_session_was_cut_continues_in_order() {
    let stage = Stage::new().await;
    let relay = stage.relay();
    let standby = stage.relay();
    stage.active().await;
    let cutting = async {
        let mut server = stage.session().await;
        let cut = format!("SELECT pg_terminate_backend(pid) FROM ({ACTIVE}) holder");
        for _ in 0..5 {
            stage.active().await;
            execute(&mut server, &cut).await;
        }
    };
    tokio::join!(stage.commit_all(100), cutting);
    stage.relayed().await;
    in_order(&stage.events().await, 100);
    relay.stop().await;
    standby.stop().await;
}

/// Its page was read before it lost its lock, and is sent behind what the next relay has sent.
#[tokio::test]
async fn frozen_relay_that_sends_late_inverts_nothing() {
    let stage = Stage::new().await;
    stage.commit_all(10).await;
    let frozen = stage.frozen_with_page().await;
    let next = stage.relay();
    stage.commit_all(2).await;
    stage.relayed().await;
    assert_eq!(stage.events().await.len(), 96);

    drop(frozen.thaw);
    eventually("the late page is with the broker", async || {
        (stage.events().await.len() == 96 + 30).then_some(())
    })
    .await;
    in_order(&stage.events().await, 12);
    frozen.relay.stop().await;
    next.stop().await;
}

/// The server waits for the relay to read its result, which is no idle session.
#[tokio::test]
async fn frozen_relay_with_unread_page_loses_its_lock() {
    let stage = Stage::new().await;
    stage.commit_all(10).await;
    // An unknown field, larger than what sockets hold for all records of a page.
    let enlarge = "UPDATE outbox SET payload = payload || '\\xc23e80b518' || decode(repeat('00', 400000), 'hex')";
    execute(&mut stage.session().await, enlarge).await;
    let frozen = stage.frozen_with_page().await;
    let next = stage.relay();
    stage.relayed().await;
    in_order(&stage.events().await, 10);
    drop(frozen.thaw);
    frozen.relay.stop().await;
    next.stop().await;
}

#[tokio::test]
async fn early_begin_and_late_commit_lose_and_invert_nothing() {
    let stage = Stage::new().await;
    let relays = [stage.relay_here(), stage.relay()];
    let mut early = Vec::new();
    for key in KEYS {
        let mut session = stage.session().await;
        // Draws its number long before it takes its place in the order of the key.
        execute(&mut session, "BEGIN; SELECT pg_current_xact_id()").await;
        early.push((session, key));
    }
    stage.commit_all(20).await;
    stage.relayed().await;
    for (session, key) in &mut early {
        change(session, key).await.unwrap();
    }
    let mut slow = stage.session().await;
    execute(&mut slow, "BEGIN").await;
    change(&mut slow, "slow").await.unwrap();
    for (session, _) in &mut early {
        execute(session, "COMMIT").await;
    }
    stage.commit_all(20).await;
    stage.relayed().await;
    // Many smaller and larger ids are long gone.
    execute(&mut slow, "COMMIT").await;
    stage.relayed().await;

    let events = stage.events().await;
    assert_eq!(events.len(), 8 * 41 + 1);
    in_order(&events, 41);
    assert_eq!(versions(&events, "slow"), [1]);
    join_all(relays.map(TestRelay::stop)).await;
}

#[tokio::test]
async fn conflicting_writers_lose_and_invert_nothing() {
    let stage = Stage::new().await;
    let relays = [stage.relay_here(), stage.relay()];
    let writers = (0..10).map(|writer| {
        let database = stage.database.open(schema());
        async move {
            for round in 0..40 {
                let key = KEYS[(writer + round) % KEYS.len()];
                let changed: Result<i64, DatabaseError> = database
                    .transaction("change", async |tx| {
                        diesel::sql_query("SELECT pg_current_xact_id()")
                            .execute(tx)
                            .await?;
                        tokio::task::yield_now().await;
                        let version = change(tx, key).await?;
                        tokio::task::yield_now().await;
                        Ok(version)
                    })
                    .await;
                changed.unwrap();
            }
        }
    });
    join_all(writers).await;
    stage.relayed().await;
    let events = stage.events().await;
    assert_eq!(events.len(), 400);
    in_order(&events, 50);
    join_all(relays.map(TestRelay::stop)).await;
}

/// Deleted rows stay while the snapshot is open, and a transaction that is not over may have smaller ids.
#[tokio::test]
async fn held_snapshot_and_late_commit_lose_and_repeat_nothing() {
    let stage = Stage::new().await;
    let mut reader = stage.session().await;
    execute(
        &mut reader,
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM effects",
    )
    .await;
    let relay = stage.relay_here();
    let mut late = Vec::new();
    for (round, key) in (1..).zip(["first", "second", "third"]) {
        let mut session = stage.session().await;
        execute(&mut session, "BEGIN").await;
        change(&mut session, key).await.unwrap();
        late.push(session);
        stage.commit_all(10).await;
        stage.relayed().await;
        if round == 2 {
            execute(&mut late[0], "COMMIT").await;
            stage.relayed().await;
        }
    }
    for session in &mut late[1..] {
        execute(session, "COMMIT").await;
    }
    stage.relayed().await;
    let events = stage.events().await;
    assert_eq!(events.len(), 8 * 30 + 3);
    in_order(&events, 30);
    for key in ["first", "second", "third"] {
        assert_eq!(versions(&events, key), [1]);
    }
    execute(&mut reader, "COMMIT").await;
    relay.stop().await;
}

#[tokio::test]
async fn backlog_of_many_batches_arrives_in_order() {
    let stage = Stage::new().await;
    stage.commit_all(60).await;
    let relays = [stage.relay_here(), stage.relay()];
    stage.commit_all(20).await;
    stage.relayed().await;
    let events = stage.events().await;
    assert_eq!(events.len(), 640);
    in_order(&events, 80);
    join_all(relays.map(TestRelay::stop)).await;
}

#[tokio::test]
async fn refusing_broker_gets_everything_in_order() {
    let cluster = MockCluster::new(1).unwrap();
    let stage = Stage::with(TestTopics::on_mock(&cluster)).await;
    cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 5],
    );
    let relays = [stage.relay_here(), stage.relay()];
    stage.commit_all(30).await;
    stage.relayed().await;
    in_order(&stage.events().await, 30);

    cluster.broker_down(1).unwrap();
    stage.commit_all(10).await;
    cluster.broker_up(1).unwrap();
    stage.relayed().await;
    in_order(&stage.events().await, 40);
    join_all(relays.map(TestRelay::stop)).await;
}
