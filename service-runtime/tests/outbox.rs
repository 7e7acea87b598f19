//! Events of a service on a real database and a real broker: which are published, and as what.

mod support;

use service_runtime::{postgres::DatabaseError, testing::TestService};
use support::{
    Probe,
    changes::{KIND, change, commit, versions},
};
use taskmesh_proto::{notification::v1::ReminderEvent, topics::TASK_EVENTS};

#[tokio::test]
async fn event_is_published_only_if_its_transaction_commits() {
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
async fn record_is_a_cloud_event_in_binary_mode() {
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
