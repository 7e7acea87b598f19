//! Records that may have crashed the process before.

mod support;

use diesel_async::RunQueryDsl;
use service_runtime::{
    ids::Ids,
    kafka::partition_of,
    postgres::{AsyncPgConnection, Database, DatabaseError},
    testing::{TestService, eventually},
};
use support::{
    Probe, RELEASE, execute, parked, publish, publish_as, wait_for, wait_for_dead_letters,
};
use taskmesh_proto::topics::TASK_REMINDERS;

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
    wait_for_dead_letters(&service).await;
    publish_as(&service, id, "ok", "a", 1).await;
    publish(&service, "ok", "a", 2).await;
    let effects = wait_for(&service, 1).await;
    assert_eq!(effects[0].version, 2);
}

/// Restarts a service as if it had crashed: its partitions stay marked.
async fn crash(service: &mut TestService<Probe>) {
    service.halt().await;
    let mark = "INSERT INTO partition_owners SELECT 'task-reminders', partition, gen_random_uuid() FROM generate_series(0, 11) partition";
    execute(&service.database(), mark).await;
    service.restart().await;
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
