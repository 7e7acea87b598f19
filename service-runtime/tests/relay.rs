//! Several relays of one outbox, and what may happen to them: nothing is lost, and the order of each key is kept.

mod support;

use std::collections::HashSet;

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures::future::join_all;
use rdkafka::{
    mocking::MockCluster,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use service_runtime::{
    postgres::{Database, DatabaseError},
    testing::{RecordedEvent, TestDatabase, TestRelay, TestTopics, eventually},
};
use support::{
    changes::{change, commit, versions},
    schema,
};
use taskmesh_proto::{notification::v1::ReminderEvent, topics::TASK_EVENTS};

const KEYS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// An outbox whose relays a test starts by itself.
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

    /// Returns how many lanes each relay has.
    async fn shares(&self) -> Vec<i64> {
        #[derive(QueryableByName)]
        struct Share {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let rows: Vec<Share> = self
            .pool
            .read("shares", async |connection| {
                let query = "SELECT count(*) AS count FROM outbox_lanes WHERE owner IS NOT NULL GROUP BY owner ORDER BY 1";
                Ok::<_, DatabaseError>(diesel::sql_query(query).load(connection).await?)
            })
            .await
            .unwrap();
        rows.into_iter().map(|row| row.count).collect()
    }

    async fn shared(&self, shares: &[i64]) {
        eventually("the lanes are shared fairly", async || {
            (self.shares().await == shares).then_some(())
        })
        .await;
    }

    async fn relayed(&self) {
        eventually("everything is relayed", async || {
            (self.count("SELECT count(*) FROM outbox_unsent").await == 0).then_some(())
        })
        .await;
    }

    async fn events(&self) -> Vec<RecordedEvent<ReminderEvent>> {
        self.topics.events(&TASK_EVENTS).await
    }
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
async fn relays_share_the_lanes_and_send_everything_once_and_in_order() {
    let stage = Stage::new().await;
    let relays = [stage.relay_here(), stage.relay(), stage.relay()];
    stage.shared(&[5, 5, 6]).await;
    stage.commit_all(50).await;
    stage.relayed().await;

    let events = stage.events().await;
    assert_eq!(events.len(), 400);
    in_order(&events, 50);
    for relay in relays {
        relay.stop().await;
    }
}

#[tokio::test]
async fn a_commit_wakes_the_relay_that_owns_its_lane_in_whatever_process_that_is() {
    let stage = Stage::new().await;
    let here = TestRelay::start_slow(&stage.pool, stage.topics.config());
    stage.shared(&[16]).await;
    let elsewhere = stage.database.open(schema());
    let there = TestRelay::start_slow(&elsewhere, stage.topics.config());
    stage.shared(&[8, 8]).await;
    for count in 1..=3 {
        stage.commit_all(1).await;
        stage.relayed().await;
        in_order(&stage.events().await, count);
    }
    here.stop().await;
    stage.shared(&[16]).await;
    there.stop().await;
}

#[tokio::test]
async fn relays_that_come_and_go_under_load_lose_and_invert_nothing() {
    let stage = Stage::new().await;
    let first = stage.relay_here();
    let writing = stage.commit_all(150);
    let moving = async {
        let second = stage.relay();
        stage.shared(&[8, 8]).await;
        second.kill().await;
        stage.shared(&[16]).await;
        let third = stage.relay();
        stage.shared(&[8, 8]).await;
        first.stop().await;
        stage.shared(&[16]).await;
        third
    };
    let ((), last) = tokio::join!(writing, moving);
    stage.relayed().await;
    let events = stage.events().await;
    in_order(&events, 150);
    last.stop().await;
}

#[tokio::test]
async fn a_relay_killed_between_the_broker_and_its_position_has_one_batch_sent_again() {
    let stage = Stage::new().await;
    stage.commit_all(2).await;
    let mut blocker = stage.session().await;
    execute(
        &mut blocker,
        "BEGIN; LOCK TABLE outbox_positions IN EXCLUSIVE MODE",
    )
    .await;
    let killed = stage.relay();
    eventually("the batch is with the broker", async || {
        (stage.events().await.len() == 16).then_some(())
    })
    .await;
    eventually("the relay waits to write its position down", async || {
        (stage.count(WAITING).await == 1).then_some(())
    })
    .await;
    killed.kill().await;
    // The server would finish the statement of a client that is gone.
    execute(
        &mut blocker,
        &format!("SELECT pg_terminate_backend(pid) FROM ({WAITING_PIDS}) AS w"),
    )
    .await;
    execute(&mut blocker, "ROLLBACK").await;

    let next = stage.relay();
    stage.commit_all(1).await;
    stage.relayed().await;
    let events = stage.events().await;
    assert_eq!(events.len(), 16 + 16 + 8);
    in_order(&events, 3);
    let ids: HashSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 24, "an event that is sent again keeps its id");
    next.stop().await;
}

#[tokio::test]
async fn a_relay_whose_connection_was_cut_trusts_only_what_is_written_down() {
    let stage = Stage::new().await;
    let relay = stage.relay();
    stage.commit_all(1).await;
    stage.relayed().await;
    let mut server = stage.session().await;
    execute(
        &mut server,
        "CREATE TABLE written_down AS SELECT * FROM outbox_positions",
    )
    .await;
    stage.commit_all(1).await;
    stage.relayed().await;
    // A server that has died no longer knows what it had not yet put on the disk.
    execute(
        &mut server,
        "BEGIN; TRUNCATE outbox_positions; INSERT INTO outbox_positions SELECT * FROM written_down; COMMIT",
    )
    .await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    execute(&mut server, cut).await;
    eventually("what came after it is sent again", async || {
        (stage.events().await.len() == 8 + 8 + 8).then_some(())
    })
    .await;
    stage.relayed().await;
    let events = stage.events().await;
    let ids: HashSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 16, "an event that is sent again keeps its id");
    relay.stop().await;
}

const WAITING_PIDS: &str = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

#[tokio::test]
async fn a_relay_that_was_held_up_until_its_lease_was_over_moves_nothing_any_more() {
    let stage = Stage::new().await;
    stage.commit_all(2).await;
    let mut blocker = stage.session().await;
    execute(
        &mut blocker,
        "BEGIN; LOCK TABLE outbox_positions IN EXCLUSIVE MODE",
    )
    .await;
    let late = stage.relay();
    eventually("the relay waits to write its position down", async || {
        (stage.count(WAITING).await == 1).then_some(())
    })
    .await;
    let old = stage.count("SELECT max(epoch) FROM outbox_lanes").await;
    let next = stage.relay();
    eventually("another relay has taken the lanes over", async || {
        let taken = format!("SELECT count(*) FROM outbox_lanes WHERE epoch > {old}");
        (stage.count(&taken).await == 16).then_some(())
    })
    .await;
    execute(&mut blocker, "ROLLBACK").await;
    stage.shared(&[8, 8]).await;
    stage.relayed().await;
    let moved = format!("SELECT count(*) FROM outbox_positions WHERE epoch <= {old}");
    assert_eq!(stage.count(&moved).await, 0);
    stage.commit_all(1).await;
    stage.relayed().await;
    in_order(&stage.events().await, 3);
    late.stop().await;
    next.stop().await;
}

#[tokio::test]
async fn transactions_that_begin_early_and_commit_late_lose_and_invert_nothing() {
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
    for relay in relays {
        relay.stop().await;
    }
}

#[tokio::test]
async fn writers_in_each_others_way_lose_and_invert_nothing() {
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
    for relay in relays {
        relay.stop().await;
    }
}

#[tokio::test]
async fn a_session_that_holds_a_snapshot_leaves_no_dead_rows_and_stops_nothing() {
    let stage = Stage::new().await;
    let mut reader = stage.session().await;
    execute(
        &mut reader,
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM effects",
    )
    .await;
    let mut writer = stage.session().await;
    execute(&mut writer, "BEGIN; SELECT pg_current_xact_id()").await;
    let relay = stage.relay_here();
    stage.commit_all(10).await;
    stage.relayed().await;

    execute(&mut writer, "COMMIT").await;
    let mut turn = stage.session().await;
    let used: i64 = stage.count("SELECT DISTINCT part FROM outbox").await;
    // Two turns later the partition is the next to be written.
    let part = (used + 2) % 3;
    execute(&mut turn, &format!(
        "CREATE OR REPLACE FUNCTION outbox_part() RETURNS smallint LANGUAGE sql VOLATILE AS 'SELECT {part}::smallint'"
    )).await;
    eventually("the partition is empty", async || {
        (stage.count("SELECT count(*) FROM outbox").await == 0).then_some(())
    })
    .await;
    assert!(stage.count("SELECT count(*) FROM outbox_positions").await >= 1);
    relay.kill().await;

    let next = stage.relay_here();
    stage.commit_all(1).await;
    stage.relayed().await;
    let events = stage.events().await;
    assert_eq!(events.len(), 88, "nothing is sent again");
    in_order(&events, 11);
    eventually("the statistics have come in", async || {
        let inserted =
            "SELECT sum(n_tup_ins) FROM pg_stat_user_tables WHERE relname ~ '^outbox_[012]$'";
        (stage.count(inserted).await == 88).then_some(())
    })
    .await;
    let gone = "SELECT sum(n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname ~ '^outbox_(positions_)?[012]$'";
    assert_eq!(stage.count(gone).await, 0);
    execute(&mut reader, "COMMIT").await;
    next.stop().await;
}

#[tokio::test]
async fn a_partition_is_kept_while_one_event_of_it_is_not_acknowledged() {
    let stage = Stage::new().await;
    stage.commit_all(1).await;
    let mut turn = stage.session().await;
    let used: i64 = stage.count("SELECT DISTINCT part FROM outbox").await;
    let part = (used + 2) % 3;
    execute(&mut turn, &format!(
        "CREATE OR REPLACE FUNCTION outbox_part() RETURNS smallint LANGUAGE sql VOLATILE AS 'SELECT {part}::smallint'"
    )).await;
    execute(&mut turn, "SELECT outbox_empty_oldest()").await;
    assert_eq!(stage.count("SELECT count(*) FROM outbox").await, 8);
}

#[tokio::test]
async fn a_backlog_that_is_too_large_to_be_sorted_arrives_in_order() {
    let stage = Stage::new().await;
    stage.commit_all(60).await;
    let relays = [stage.relay_here(), stage.relay()];
    stage.commit_all(20).await;
    stage.relayed().await;
    let events = stage.events().await;
    assert_eq!(events.len(), 640);
    in_order(&events, 80);
    for relay in relays {
        relay.stop().await;
    }
}

#[tokio::test]
async fn a_broker_that_refuses_for_a_while_is_sent_everything_in_order() {
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
    for relay in relays {
        relay.stop().await;
    }
}
