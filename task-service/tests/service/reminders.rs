use std::sync::Arc;

use service_runtime::{clock::Clock, testing::eventually};
use taskmesh_proto::{
    notification::v1::{self as pb, reminder_event::Change},
    topics,
};
use uuid::Uuid;

use crate::support::{HOUR, MONDAY_NINE, Mesh, at, start};

fn sent(user_id: &str, task_id: &str, seconds: i64) -> pb::ReminderEvent {
    pb::ReminderEvent {
        event_time: at(seconds),
        user_id: user_id.to_owned(),
        reminder: Some(pb::Reminder {
            task_id: task_id.to_owned(),
            ..Default::default()
        }),
        change: Some(Change::Sent(pb::ReminderSent::default())),
        ..Default::default()
    }
}

async fn publish(mesh: &Mesh, number: u128, event: &pb::ReminderEvent) {
    let key = &event.reminder.as_ref().unwrap().task_id;
    let kind = "taskmesh.notification.v1.ReminderSent";
    let id = Uuid::from_u128(number);
    mesh.service
        .publish(&topics::TASK_REMINDERS, key, id, kind, event)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sent_reminder_shows_on_its_task_without_a_new_version() {
    let (mesh, alice) = start().await;
    let task = alice.create("Call Bob").await;
    let failed = pb::ReminderEvent {
        change: Some(Change::Failed(pb::ReminderFailed::default())),
        ..sent("alice", &task.id, MONDAY_NINE + 2 * HOUR)
    };
    publish(&mesh, 1, &failed).await;
    publish(&mesh, 2, &sent("bob", &task.id, MONDAY_NINE + 2 * HOUR)).await;
    publish(&mesh, 3, &sent("alice", &task.id, MONDAY_NINE)).await;
    // One that was sent earlier and comes later.
    publish(&mesh, 4, &sent("alice", &task.id, MONDAY_NINE - HOUR)).await;
    publish(&mesh, 5, &sent("alice", &task.id, MONDAY_NINE + HOUR)).await;

    let shown = eventually("the last reminder shows", async || {
        let shown = alice.get(&task.id).await;
        (shown.remind_time == at(MONDAY_NINE + HOUR)).then_some(shown)
    })
    .await;
    assert_eq!(
        (&shown.etag, &shown.update_time),
        (&task.etag, &task.update_time)
    );
    assert_eq!(mesh.event_count("task-events").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn reminder_without_task_is_ignored_and_invalid_one_rejected() {
    let mut mesh = Mesh::start(Clock::system()).await;
    mesh.service.expect_dead_letters();
    let mesh = Arc::new(mesh);
    let task_id = mesh.user("alice").create("Call Bob").await.id;
    let unknown = "019ab8c0-6f4e-7cc2-9d5b-0123456789ab";
    publish(&mesh, 1, &sent("alice", unknown, MONDAY_NINE)).await;
    publish(&mesh, 2, &sent("alice", "not-a-uuid", MONDAY_NINE)).await;
    publish(&mesh, 3, &sent("alice", &task_id, MONDAY_NINE)).await;

    eventually("the good reminder shows", async || {
        let shown = mesh.user("alice").get(&task_id).await;
        (shown.remind_time == at(MONDAY_NINE)).then_some(())
    })
    .await;
    let letters = eventually("the bad one is set aside", async || {
        let letters = mesh
            .service
            .topics()
            .dead_letters(&topics::TASK_REMINDERS, "task-service")
            .await;
        (!letters.is_empty()).then_some(letters)
    })
    .await;
    assert_eq!(letters.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_task_keeps_the_last_reminder() {
    let (mesh, alice) = start().await;
    let task_id = alice.create("Call Bob").await.id;
    publish(&mesh, 1, &sent("alice", &task_id, MONDAY_NINE)).await;
    eventually("the reminder shows", async || {
        let shown = alice.get(&task_id).await;
        (shown.remind_time == at(MONDAY_NINE)).then_some(())
    })
    .await;
    let done = alice.complete(&task_id).await.unwrap();
    assert_eq!(done.remind_time, at(MONDAY_NINE));
}
