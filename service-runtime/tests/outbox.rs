//! The outbox and its relay on a real database and a real broker: what was committed arrives, in the order of its key.

#![expect(
    clippy::disallowed_methods,
    reason = "tasks of a test end with its runtime"
)]

mod support;

use service_runtime::{postgres::DatabaseError, testing::TestService};
use support::{
    Probe,
    changes::{KIND, change, commit, versions},
};
use taskmesh_proto::{notification::v1::ReminderEvent, topics::TASK_EVENTS};
use tokio::sync::oneshot;

#[tokio::test]
async fn an_event_is_told_if_and_only_if_its_transaction_commits() {
    let service = TestService::<Probe>::start(&[]).await;
    let database = service.database();
    commit(&database, "a").await;
    let refused: Result<(), DatabaseError> = database
        .transaction("refused", async |tx| {
            change(tx, "a").await?;
            Err(DatabaseError::from(
                diesel::result::Error::RollbackTransaction,
            ))
        })
        .await;
    assert!(refused.is_err());
    commit(&database, "a").await;

    let events = service.events::<ReminderEvent>(&TASK_EVENTS).await;
    assert_eq!(versions(&events, "a"), [1, 2]);
}

#[tokio::test]
async fn events_of_one_key_arrive_in_the_order_of_their_commits() {
    let service = TestService::<Probe>::start(&[]).await;
    let database = service.database();
    let writers = (0..200).map(|number| {
        let database = &database;
        async move { commit(database, ["a", "b", "c"][number % 3]).await }
    });
    futures::future::join_all(writers).await;

    let events = service.events::<ReminderEvent>(&TASK_EVENTS).await;
    assert_eq!(events.len(), 200);
    for (key, count) in [("a", 67), ("b", 67), ("c", 66)] {
        assert_eq!(versions(&events, key), (1..=count).collect::<Vec<i64>>());
    }
}

#[tokio::test]
async fn a_transaction_that_stays_open_holds_up_nobody_and_loses_nothing() {
    let service = TestService::<Probe>::start(&[]).await;
    let database = service.database();
    let (written, wait_until_written) = oneshot::channel();
    let (may_commit, wait_for_permission) = oneshot::channel::<()>();
    let (signals, slow) = (
        std::sync::Mutex::new(Some((written, wait_for_permission))),
        service.database(),
    );
    let slow = tokio::spawn(async move {
        slow.transaction("slow", async |tx| {
            let version = change(tx, "slow").await?;
            let taken = signals.lock().unwrap().take();
            if let Some((written, permission)) = taken {
                written.send(()).unwrap();
                permission.await.unwrap();
            }
            Ok::<i64, DatabaseError>(version)
        })
        .await
        .unwrap()
    });
    wait_until_written.await.unwrap();
    for _ in 0..3 {
        commit(&database, "quick").await;
    }
    service_runtime::testing::eventually("the quick events arrive", async || {
        let events = service.topics().events::<ReminderEvent>(&TASK_EVENTS).await;
        (versions(&events, "quick") == [1, 2, 3]).then_some(())
    })
    .await;
    may_commit.send(()).unwrap();
    slow.await.unwrap();

    let events = service.events::<ReminderEvent>(&TASK_EVENTS).await;
    assert_eq!(versions(&events, "slow"), [1]);
    assert_eq!(versions(&events, "quick"), [1, 2, 3]);
}

#[tokio::test]
async fn events_that_wait_while_the_service_is_away_arrive_when_it_is_back() {
    let mut service = TestService::<Probe>::start(&[]).await;
    let database = service.database();
    service.halt().await;
    for _ in 0..3 {
        commit(&database, "a").await;
    }
    service.restart().await;

    let events = service.events::<ReminderEvent>(&TASK_EVENTS).await;
    assert_eq!(versions(&events, "a"), [1, 2, 3]);
}

#[tokio::test]
async fn a_record_is_a_cloud_event_in_binary_mode() {
    let service = TestService::<Probe>::start(&[]).await;
    commit(&service.database(), "a").await;

    let events = service.events::<ReminderEvent>(&TASK_EVENTS).await;
    let names: Vec<&str> = events[0]
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "ce_specversion",
            "ce_id",
            "ce_type",
            "ce_source",
            "ce_subject",
            "ce_time",
            "ce_dataschema",
            "ce_aggregateversion",
            "content-type"
        ]
    );
    let value = |name: &str| {
        &events[0]
            .headers
            .iter()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
    };
    assert_eq!(value("ce_specversion"), "1.0");
    assert_eq!(value("ce_type"), KIND);
    assert_eq!(value("ce_source"), "/taskmesh/task-service");
    assert_eq!(value("ce_dataschema"), "taskmesh.task.v1.TaskEvent");
    assert_eq!(value("content-type"), "application/protobuf");
}
