//! The mesh's main job, through each door: a recurring task with a reminder, from its creation to its next occurrence.

use std::collections::BTreeSet;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use service_runtime::clock::Clock;
use taskmesh_proto::{notification::v1::ReminderEvent, task::v1::TaskEvent};
use uuid::Uuid;

use super::{
    doors::{Door, Draft, Seen},
    mailbox,
    mesh::{Mesh, until},
    topics::{self, Event},
};

/// Returns the current time.
pub fn now() -> DateTime<Utc> {
    Clock::system().now()
}

/// A daily task that is due at the next full hour but one, in a zone without summer time.
pub fn draft(title: &str, remind_in: TimeDelta) -> Draft {
    Draft {
        title: title.to_owned(),
        due_time: (now() + TimeDelta::hours(2))
            .duration_trunc(TimeDelta::hours(1))
            .unwrap(),
        time_zone: "Asia/Kolkata",
        recurrence_rule: "FREQ=DAILY",
        remind_at: Some(now() + remind_in),
    }
}

/// Waits until the reminder of a task has reached its user, once.
pub async fn reminded_once(mesh: &Mesh, task: &Seen) {
    until("the reminder arrives as mail", async || {
        (mailbox::count(&mesh.data(), &task.title) > 0).then_some(())
    })
    .await;
    until("the reminder's event arrives", async || {
        let sent = kinds::<ReminderEvent>(mesh, "task-reminders", &task.id).await;
        sent.contains(&"ReminderSent".to_owned()).then_some(())
    })
    .await;
    assert_eq!(mailbox::count(&mesh.data(), &task.title), 1);
}

/// Waits until a completed task has a next occurrence, and checks that it has one only, a day later.
pub async fn followed_once(mesh: &Mesh, door: Door, completed: &Seen) -> Seen {
    let next = until("the next occurrence appears", async || {
        let tasks = door
            .list_occurrences(&mesh.addresses, &completed.title)
            .await;
        tasks.into_iter().find(|task| task.open)
    })
    .await;
    let series = door
        .list_occurrences(&mesh.addresses, &completed.title)
        .await;
    assert_eq!(series.len(), 2, "{series:?}");
    assert!(
        series
            .iter()
            .any(|task| task.id == completed.id && !task.open),
        "history stays"
    );
    assert_eq!(next.title, completed.title);
    assert_eq!(next.due_time, completed.due_time + TimeDelta::days(1));
    next
}

/// Checks that the topic tells of a task what happened to it, in order, and each thing once.
pub async fn told(mesh: &Mesh, task: &Seen, expected: &[&str]) {
    let kinds = until("the task's events are told", async || {
        let kinds = kinds::<TaskEvent>(mesh, "task-events", &task.id).await;
        (kinds.len() >= expected.len()).then_some(kinds)
    })
    .await;
    assert_eq!(kinds, expected);
}

/// Returns what a topic tells of one task; an event that was sent twice after a crash counts once.
async fn kinds<E: prost::Message + Default + 'static>(
    mesh: &Mesh,
    topic: &str,
    task_id: &str,
) -> Vec<String> {
    let mut known: BTreeSet<Uuid> = BTreeSet::new();
    let events: Vec<Event> = topics::read::<E>(&mesh.addresses, topic).await;
    events
        .into_iter()
        .filter(|event| event.key == task_id && known.insert(event.id))
        .map(|event| event.kind)
        .collect()
}

async fn journey(door: Door) {
    let mut mesh = Mesh::start().await;
    let title = format!("Water the plants by {door:?}");
    let task = door
        .create(&mesh.addresses, &draft(&title, TimeDelta::seconds(3)))
        .await;
    assert_eq!(task.title, title);
    reminded_once(&mesh, &task).await;

    let completed = door.complete(&mesh.addresses, &task.id).await;
    assert!(!completed.open);
    let again = door.complete(&mesh.addresses, &task.id).await;
    assert_eq!(again, completed);
    let next = followed_once(&mesh, door, &completed).await;
    told(&mesh, &task, &["TaskCreated", "TaskCompleted"]).await;
    told(&mesh, &next, &["TaskCreated"]).await;

    assert_eq!(mesh.stop().await, 0);
    mesh.restart().await;
    let series = door.list_occurrences(&mesh.addresses, &task.title).await;
    assert_eq!(series, [next, completed]);
}

#[tokio::test]
async fn a_recurring_task_lives_its_life_over_json() {
    journey(Door::Json).await;
}

#[tokio::test]
async fn a_recurring_task_lives_its_life_over_mcp() {
    journey(Door::Mcp).await;
}

#[tokio::test]
async fn a_recurring_task_lives_its_life_over_grpc() {
    journey(Door::Grpc).await;
}
