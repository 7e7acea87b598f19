//! The consumer loop on a real database and a real broker: each effect once, in order, whatever comes in.

mod support;

use diesel_async::RunQueryDsl;
use prost::Message as _;
use rdkafka::{
    Message,
    message::{Header, Headers, OwnedHeaders},
    mocking::MockCluster,
};
use service_runtime::{
    clock::Clock,
    ids::Ids,
    kafka::partition_of,
    postgres::{AsyncPgConnection, Database, DatabaseError},
    testing::{TestService, TestTopics, eventually},
};
use support::{Probe, RELEASE, effects, event, parked};
use taskmesh_proto::topics::TASK_REMINDERS;
use uuid::Uuid;

const KIND: &str = "taskmesh.notification.v1.ReminderSent";

async fn publish(service: &TestService<Probe>, behaviour: &str, key: &str, version: i64) -> Uuid {
    let id = Ids.uuid_v7();
    publish_as(service, id, behaviour, key, version).await;
    id
}

async fn publish_as(
    service: &TestService<Probe>,
    id: Uuid,
    behaviour: &str,
    key: &str,
    version: i64,
) {
    service
        .publish(
            &TASK_REMINDERS,
            key,
            id,
            KIND,
            &event(behaviour, key, version),
        )
        .await;
}

async fn wait_for(service: &TestService<Probe>, count: usize) -> Vec<support::Effect> {
    let database = service.database();
    eventually(&format!("{count} effects"), async || {
        Some(effects(&database).await).filter(|effects| effects.len() >= count)
    })
    .await
}

#[tokio::test]
async fn an_event_that_is_delivered_three_times_has_its_effect_once() {
    let service = TestService::<Probe>::start(&[]).await;
    let id = Ids.uuid_v7();
    for _ in 0..3 {
        publish_as(&service, id, "ok", "a", 1).await;
    }
    let last = publish(&service, "ok", "a", 2).await;

    let seen: Vec<Uuid> = wait_for(&service, 2)
        .await
        .iter()
        .map(|effect| effect.event_id)
        .collect();
    assert_eq!(seen, [id, last]);
}

#[tokio::test]
async fn events_of_one_key_have_their_effects_in_order_also_when_some_fail_at_first() {
    let service = TestService::<Probe>::start(&[]).await;
    let behaviours = ["ok", "retry", "ok", "panic", "unavailable", "ok"];
    for (version, behaviour) in (1..).zip(behaviours) {
        publish(&service, behaviour, "a", version).await;
    }

    let versions: Vec<i64> = wait_for(&service, 6)
        .await
        .iter()
        .map(|effect| effect.version)
        .collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_rejected_event_lies_in_the_dead_letter_topic_as_it_was_and_the_next_one_goes_on() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    let rejected = publish(&service, "reject", "a", 1).await;
    let handled = publish(&service, "ok", "a", 2).await;

    let effects = wait_for(&service, 1).await;
    assert_eq!(
        effects
            .iter()
            .map(|effect| effect.event_id)
            .collect::<Vec<_>>(),
        [handled]
    );
    let letters = service
        .topics()
        .dead_letters(&TASK_REMINDERS, "task-service")
        .await;
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(letter.key(), Some("a".as_bytes()));
    assert_eq!(
        letter.payload(),
        Some(event("reject", "a", 1).encode_to_vec().as_slice())
    );
    assert_eq!(
        header(letter.headers().unwrap(), "ce_id"),
        rejected.to_string()
    );
    assert_eq!(
        header(letter.headers().unwrap(), "taskmesh-dlt-reason"),
        "the probe says no"
    );
    assert_eq!(
        header(letter.headers().unwrap(), "taskmesh-dlt-attempts"),
        "1"
    );
}

#[tokio::test]
async fn records_that_are_no_events_are_dead_letters_with_a_reason() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    let id = Ids.uuid_v7().to_string();
    let whole = || headers(&[("ce_id", &id), ("ce_type", KIND)]);
    let cases = [
        (
            headers(&[("ce_type", KIND)]),
            b"x".to_vec(),
            "header ce_id must be present once",
        ),
        (
            headers(&[("ce_id", "7"), ("ce_type", KIND)]),
            b"x".to_vec(),
            "header ce_id has an invalid value",
        ),
        (
            headers(&[("ce_id", &id)]),
            b"x".to_vec(),
            "header ce_type must be present once",
        ),
        (
            headers(&[("ce_id", &id), ("ce_id", &id), ("ce_type", KIND)]),
            b"x".to_vec(),
            "header ce_id must be present once",
        ),
        (
            headers(&[
                ("ce_id", &id),
                ("ce_type", KIND),
                ("ce_dataschema", "taskmesh.task.v1.TaskEvent"),
            ]),
            b"".to_vec(),
            "header ce_dataschema names another message than taskmesh.notification.v1.ReminderEvent",
        ),
        (whole(), Vec::new(), "the value is empty"),
        // Cut off.
        (
            whole(),
            b"\x0a\x24018f".to_vec(),
            "the value does not decode",
        ),
        // In the frame of a schema registry.
        (
            whole(),
            b"\0\0\0\0\x07\0\x0a\x01a".to_vec(),
            "the value is framed, with schema 7, and this topic's values are raw",
        ),
        // As much as the topic takes: with the reason, the letter is larger than that.
        (whole(), noise(1_048_200), "the value does not decode"),
        (whole(), b"\xff\xff".to_vec(), "the value does not decode"),
    ];
    for (headers, payload, _) in &cases {
        service
            .topics()
            .publish_raw(&TASK_REMINDERS, "a", headers.clone(), payload.clone())
            .await;
    }
    publish(&service, "ok", "a", 1).await;

    wait_for(&service, 1).await;
    let letters = service
        .topics()
        .dead_letters(&TASK_REMINDERS, "task-service")
        .await;
    let reasons: Vec<String> = letters
        .iter()
        .map(|letter| header(letter.headers().unwrap(), "taskmesh-dlt-reason"))
        .collect();
    assert_eq!(reasons.len(), cases.len());
    for (reason, (_, _, expected)) in reasons.iter().zip(&cases) {
        assert!(
            reason.starts_with(expected),
            "{reason} instead of {expected}"
        );
    }
    for (letter, (_, payload, _)) in letters.iter().zip(&cases) {
        assert!(letter.payload().unwrap_or_default() == payload.as_slice());
    }
}

/// Returns bytes that are no message and cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let next = |state: &mut u32, ()| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [first, ..] = state.to_be_bytes();
        Some(first | 7)
    };
    std::iter::repeat(()).scan(1, next).take(length).collect()
}

#[tokio::test]
async fn a_service_that_comes_back_goes_on_where_it_was() {
    let mut service = TestService::<Probe>::start(&[]).await;
    for version in 1..=5 {
        publish(&service, "ok", "a", version).await;
    }
    wait_for(&service, 5).await;
    service.halt().await;
    for version in 6..=10 {
        publish(&service, "ok", "a", version).await;
    }
    service.restart().await;

    let versions: Vec<i64> = wait_for(&service, 10)
        .await
        .iter()
        .map(|effect| effect.version)
        .collect();
    assert_eq!(versions, (1..=10).collect::<Vec<i64>>());
}

#[tokio::test]
async fn more_events_than_a_queue_holds_all_have_their_effects() {
    let service = TestService::<Probe>::start(&[]).await;
    let ids: Vec<Uuid> = (0..400).map(|_| Ids.uuid_v7()).collect();
    futures::future::join_all(ids.iter().enumerate().map(|(version, id)| {
        publish_as(
            &service,
            *id,
            "ok",
            if version % 2 == 0 { "a" } else { "b" },
            1,
        )
    }))
    .await;

    let mut seen: Vec<Uuid> = wait_for(&service, 400)
        .await
        .iter()
        .map(|effect| effect.event_id)
        .collect();
    seen.sort();
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_key_that_cannot_go_on_yet_lets_all_other_keys_go_on() {
    let service = TestService::<Probe>::start(&[]).await;
    publish(&service, "hold", "held", 1).await;
    publish(&service, "ok", "held", 2).await;
    for key in 0..20 {
        publish(&service, "ok", &format!("key {key}"), 1).await;
    }
    let others = wait_for(&service, 20).await;
    assert!(others.iter().all(|effect| effect.record_key != "held"));

    publish(&service, "ok", RELEASE, 1).await;
    assert_eq!(versions_of("held", &wait_for(&service, 23).await), [1, 2]);
}

#[tokio::test]
async fn what_waits_for_another_try_is_still_there_after_a_restart_and_in_its_order() {
    let mut service = TestService::<Probe>::start(&[]).await;
    for version in 1..=5 {
        let behaviour = if version == 1 { "hold" } else { "ok" };
        publish(&service, behaviour, "held", version).await;
    }
    let database = service.database();
    eventually("five records wait", async || {
        (parked(&database).await == 5).then_some(())
    })
    .await;
    service.halt().await;
    service.restart().await;
    publish(&service, "ok", "held", 6).await;
    publish(&service, "ok", RELEASE, 1).await;

    let effects = wait_for(&service, 7).await;
    assert_eq!(versions_of("held", &effects), [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn uncleared_crash_count_is_no_crash_of_same_process() {
    let mut service = TestService::<Probe>::start(&[]).await;
    crash(&mut service).await;
    let database = service.database();
    let function =
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'";
    execute(&database, function).await;
    let keep = "CREATE TRIGGER keep BEFORE UPDATE ON parked_records \
                FOR EACH ROW WHEN (NEW.crashes < OLD.crashes) EXECUTE FUNCTION keep()";
    execute(&database, keep).await;
    let id = publish(&service, "unavailable", "a", 1).await;
    assert_eq!(wait_for(&service, 1).await[0].event_id, id);
}

#[tokio::test]
async fn attempt_cut_off_by_stop_is_no_crash() {
    let mut service = TestService::<Probe>::start(&[]).await;
    crash(&mut service).await;
    let id = publish(&service, "stall", "a", 1).await;
    let database = service.database();
    eventually("the record is in flight", async || {
        (crashes(&database).await == [1]).then_some(())
    })
    .await;
    service.halt().await;
    assert_eq!(crashes(&database).await, [0]);
    service.restart().await;
    assert_eq!(wait_for(&service, 1).await[0].event_id, id);
}

#[tokio::test]
async fn unavailable_dependency_uses_up_no_tries() {
    let service = TestService::<Probe>::start(&[]).await;
    let park_nothing = "ALTER TABLE parked_records ADD CHECK (false)";
    execute(&service.database(), park_nothing).await;
    let id = publish(&service, "unavailable", "a", 1).await;
    assert_eq!(wait_for(&service, 1).await[0].event_id, id);
}

/// Records whose offset was not committed in time come again, before the one that may have crashed the process.
#[tokio::test]
async fn parked_records_are_no_crash_suspects() {
    let mut service = TestService::<Probe>::start(&[]).await;
    let partitions = TASK_REMINDERS.partitions;
    let partition = |key: &str| partition_of(key.as_bytes(), partitions);
    let keys = (0..).map(|number| format!("key {number}"));
    let other = keys
        .into_iter()
        .find(|key| partition(key) == partition("held"));
    let other = other.expect("the keys have no end");
    let held = (0..100).map(|version| publish(&service, "hold", "held", version));
    futures::future::join_all(held).await;
    let database = service.database();
    eventually("all records wait", async || {
        (parked(&database).await == 100).then_some(())
    })
    .await;
    service.halt().await;
    let topics = service.topics();
    topics
        .commit_offset(&TASK_REMINDERS, "task-service", 0)
        .await;
    publish(&service, "stall", &other, 1).await;
    crash(&mut service).await;
    eventually("the last record is handled alone", async || {
        (crashes_of(&database, &other).await == [1]).then_some(())
    })
    .await;
    service.halt().await;
    service.restart().await;
    publish(&service, "ok", RELEASE, 1).await;
    wait_for(&service, 102).await;
}

#[tokio::test]
async fn one_bad_event_among_many_takes_no_other_with_it() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    service.halt().await;
    for number in 0..120 {
        let behaviour = match number {
            50 => "reject",
            80 => "panic",
            _ => "ok",
        };
        publish(&service, behaviour, &format!("key {}", number % 10), number).await;
    }
    service.restart().await;

    let effects = wait_for(&service, 119).await;
    for key in 0..10 {
        let versions = versions_of(&format!("key {key}"), &effects);
        let expected: Vec<i64> = (0..120)
            .filter(|number| number % 10 == key && *number != 50)
            .collect();
        assert_eq!(versions, expected, "of key {key}");
    }
}

#[tokio::test]
async fn another_event_with_the_id_of_one_that_was_handled_is_a_dead_letter() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    let id = publish(&service, "ok", "a", 1).await;
    publish_as(&service, id, "ok", "a", 2).await;
    publish_as(&service, id, "ok", "a", 1).await;
    publish(&service, "ok", "a", 3).await;

    assert_eq!(versions_of("a", &wait_for(&service, 2).await), [1, 3]);
    let letters = eventually("a dead letter", async || {
        let letters = service
            .topics()
            .dead_letters(&TASK_REMINDERS, "task-service")
            .await;
        (!letters.is_empty()).then_some(letters)
    })
    .await;
    let reasons: Vec<String> = letters
        .iter()
        .map(|letter| header(letter.headers().unwrap(), "taskmesh-dlt-reason"))
        .collect();
    assert_eq!(reasons, ["another event with this id was handled before"]);
}

#[tokio::test]
async fn dead_letter_of_retry_queue_is_not_handled_when_redelivered() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    service.halt().await;
    let partition = partition_of(b"a", TASK_REMINDERS.partitions);
    let id = Ids.uuid_v7();
    // Without headers it cannot be read. The offset is the one that the first record will have.
    let park = format!(
        "INSERT INTO parked_records (topic, partition, record_offset, record_key, event_id, header_names, header_values, payload, \
                                     tries, next_try_time, reason) \
         VALUES ('task-reminders', {partition}, 0, 'a', '{id}', '{{}}', '{{}}', '', 0, now(), 'test')"
    );
    execute(&service.database(), &park).await;
    service.restart().await;
    eventually("the parked record is a dead letter", async || {
        let letters = service
            .topics()
            .dead_letters(&TASK_REMINDERS, "task-service")
            .await;
        (!letters.is_empty()).then_some(())
    })
    .await;
    publish_as(&service, id, "ok", "a", 1).await;
    publish(&service, "ok", "a", 2).await;
    assert_eq!(versions_of("a", &wait_for(&service, 1).await), [2]);
}

#[tokio::test]
async fn a_partition_whose_next_records_are_gone_stands_still_until_it_is_told_to_go_on() {
    // librdkafka's own broker, because the embedded one does not tell that an offset is out of range.
    let cluster = MockCluster::new(1).unwrap();
    let topics = TestTopics::on_mock(&cluster);
    topics
        .commit_offset(&TASK_REMINDERS, "task-service", 1_000)
        .await;
    let mut service = TestService::<Probe>::start_on(topics, &[], Clock::system()).await;
    publish(&service, "ok", "a", 1).await;
    let address = service.running().admin_address();
    eventually("the partition is known to stand still", async || {
        let metrics = reqwest::get(format!("http://{address}/metrics"))
            .await
            .ok()?;
        let text = metrics.text().await.ok()?;
        text.contains("consumer_partitions_stopped_total{topic=\"task-reminders\"}")
            .then_some(())
    })
    .await;
    assert_eq!(effects(&service.database()).await, []);

    service.halt().await;
    service.set("KAFKA__SKIP_LOST_RECORDS", "true");
    service.restart().await;
    assert_eq!(versions_of("a", &wait_for(&service, 1).await), [1]);
}

/// Restarts a service as if it had crashed: its partitions stay marked.
async fn crash(service: &mut TestService<Probe>) {
    service.halt().await;
    let mark = "INSERT INTO partition_owners SELECT 'task-reminders', partition, gen_random_uuid() FROM generate_series(0, 11) partition";
    execute(&service.database(), mark).await;
    service.restart().await;
}

async fn execute(database: &Database, statement: &str) {
    let executed: Result<usize, DatabaseError> = database
        .transaction("execute", async |tx| {
            Ok(diesel::sql_query(statement).execute(tx).await?)
        })
        .await;
    executed.unwrap();
}

/// Returns the crash counts of the parked records.
async fn crashes(database: &Database) -> Vec<i32> {
    crashes_where(database, "true").await
}

/// Returns the crash counts of the parked records of a key.
async fn crashes_of(database: &Database, key: &str) -> Vec<i32> {
    crashes_where(database, &format!("record_key = '{key}'")).await
}

async fn crashes_where(database: &Database, condition: &str) -> Vec<i32> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        crashes: i32,
    }
    let rows: Vec<Row> = database
        .read("crashes", async |connection: &mut AsyncPgConnection| {
            let query = format!("SELECT crashes FROM parked_records WHERE {condition}");
            let query = diesel::sql_query(query);
            Ok::<_, DatabaseError>(query.load(connection).await?)
        })
        .await
        .unwrap();
    rows.into_iter().map(|row| row.crashes).collect()
}

fn versions_of(key: &str, effects: &[support::Effect]) -> Vec<i64> {
    let own = effects.iter().filter(|effect| effect.record_key == key);
    own.map(|effect| effect.version).collect()
}

fn headers(pairs: &[(&str, &str)]) -> OwnedHeaders {
    pairs
        .iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(*value),
            })
        })
}

fn header(headers: &impl Headers, name: &str) -> String {
    let header = headers
        .iter()
        .find(|header| header.key == name)
        .expect(name);
    String::from_utf8(header.value.unwrap().to_vec()).unwrap()
}
