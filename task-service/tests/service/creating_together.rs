//! Creations at the same time, which share transactions.

use std::{collections::HashSet, time::Duration};

use diesel_async::RunQueryDsl;
use futures::future::{join, join_all};
use service_runtime::{
    grpc::ErrorCode,
    postgres::{AsyncPgConnection, DatabaseError},
};
use taskmesh_proto::task::v1 as pb;
use tokio::{sync::Notify, time::timeout};

use crate::support::{assert_refused, start, titled};

const COUNT: usize = 60;

fn tagged(title: &str, tag: &str) -> pb::CreateTaskRequest {
    pb::CreateTaskRequest {
        tags: vec![tag.to_owned()],
        ..titled(title)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_has_answer_events_and_undo_of_its_own() {
    let (mesh, alice) = start().await;
    let users = [alice, mesh.user("bob"), mesh.user("carol")];
    for user in &users {
        user.add(tagged("First", "shared")).await;
    }
    let before = mesh.event_count("task-events").await;
    mesh.service.take_counts();

    let calls = (0..COUNT).map(|index| {
        let title = format!("Item{index}");
        let user = &users[index % users.len()];
        async move { user.add(tagged(&title, "shared")).await }
    });
    let tasks = join_all(calls).await;

    let counts = mesh.service.take_counts();
    let commits = counts["create_task"].commits;
    assert!(commits < u32::try_from(COUNT / 2).unwrap(), "{commits}");
    let operations: HashSet<_> = tasks.iter().map(|task| &task.operation_id).collect();
    assert_eq!(operations.len(), COUNT);
    let events = mesh.event_count("task-events").await - before;
    assert_eq!(events, i64::try_from(COUNT).unwrap());
    for (index, task) in tasks.iter().enumerate() {
        let user = &users[index % users.len()];
        assert_eq!(task.title, format!("Item{index}"));
        assert_eq!(task.tags, ["shared"]);
        assert_eq!(user.get(&task.id).await, *task);
    }
    let undone = users[0].undo(&tasks[0].operation_id).await.unwrap();
    assert_eq!(undone.tasks.len(), 1);
    assert!(undone.tasks[0].delete_time.is_some());
    let found = pb::SearchTasksRequest {
        query: "item3".to_owned(),
        ..Default::default()
    };
    let found = users[0].search_tasks(found).await.unwrap();
    let found: Vec<_> = found
        .matches
        .into_iter()
        .map(|result| result.task.unwrap().title)
        .collect();
    assert!(found.contains(&"Item3".to_owned()), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_call_does_not_hinder_others() {
    let (mesh, alice) = start().await;
    let bob = mesh.user("bob");
    let wrong = pb::CreateTaskRequest {
        category: "None".to_owned(),
        tags: vec!["new".to_owned()],
        ..titled("Wrong")
    };
    let (right, wrong) = join(
        join_all((0..COUNT).map(|index| bob.create_task(tagged(&format!("Item{index}"), "new")))),
        join_all((0..COUNT).map(|_| alice.create_task(wrong.clone()))),
    )
    .await;
    for answer in right {
        assert_eq!(answer.unwrap().tags, ["new"]);
    }
    for answer in wrong {
        assert_refused(answer, ErrorCode::InvalidArgument, "category");
    }
    assert_eq!(bob.tags().await, ["new"]);
    assert!(alice.tags().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_has_settings_of_their_own() {
    let (mesh, alice) = start().await;
    let users = [alice, mesh.user("bob")];
    users[1].live_in("Asia/Tokyo").await;
    let due = pb::CreateTaskRequest {
        due_date: "2026-12-07".to_owned(),
        ..titled("Call")
    };
    let calls = (0..COUNT).map(|index| users[index % 2].create_task(due.clone()));
    let zones = join_all(calls)
        .await
        .into_iter()
        .map(|task| task.unwrap().time_zone);
    for (index, zone) in zones.enumerate() {
        assert_eq!(zone, ["UTC", "Asia/Tokyo"][index % 2]);
    }
}

/// A call that waits for a lock would stop all others who share its transaction.
#[tokio::test(flavor = "multi_thread")]
async fn call_that_waits_for_lock_does_not_hold_up_others() {
    const TAG: &str = "INSERT INTO tags (user_id, id, display_name, name_key, version, operation_id, create_time, update_time)
        SELECT user_id, gen_random_uuid(), 'slow', 'slow', version, operation_id, create_time, update_time FROM tags";
    let (mesh, alice) = start().await;
    let bob = mesh.user("bob");
    alice.add(tagged("First", "quick")).await;
    let (locked, release) = (Notify::new(), Notify::new());
    let database = mesh.service.database();
    let holding = database.transaction("hold", async |tx: &mut AsyncPgConnection| {
        diesel::sql_query(TAG).execute(tx).await?;
        locked.notify_one();
        release.notified().await;
        Err::<(), DatabaseError>(DatabaseError::invalid_value("rolled back"))
    });
    let calls = async {
        locked.notified().await;
        let waiting = alice.create_task(tagged("Slow", "slow"));
        let others = async {
            let others = join_all((0..COUNT).map(|_| bob.create_task(titled("Quick")))).await;
            release.notify_one();
            others
        };
        join(waiting, others).await
    };
    let (held, (slow, others)) = timeout(Duration::from_secs(60), join(holding, calls))
        .await
        .unwrap();
    assert!(held.is_err());
    assert_eq!(slow.unwrap().tags, ["slow"]);
    assert!(others.iter().all(Result::is_ok));
}
