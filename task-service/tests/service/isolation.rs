use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;
use tonic::Status;

use crate::support::{User, start, update, week_after, weekly};

/// Makes every call that names a task, and returns the refusals with the task's id blotted out.
async fn refusals(user: &User, task: &pb::Task) -> Vec<Status> {
    let rename = pb::UpdateTaskRequest {
        title: "mine now".to_owned(),
        ..update(task, &["title"])
    };
    let get = pb::GetTaskRequest {
        task_id: task.id.clone(),
    };
    vec![
        user.get_task(get).await.unwrap_err(),
        user.update_task(rename).await.unwrap_err(),
        user.complete(&task.id).await.unwrap_err(),
        user.reopen(&task.id).await.unwrap_err(),
        user.delete(&task.id).await.unwrap_err(),
        user.undelete(&task.id).await.unwrap_err(),
    ]
}

fn words(refusals: &[Status], task: &pb::Task) -> Vec<String> {
    refusals
        .iter()
        .map(|refusal| {
            assert_eq!(ErrorCode::of(refusal), ErrorCode::NotFound, "{refusal}");
            refusal.message().replace(&task.id, "…")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_users_task_is_told_in_the_same_words_as_none() {
    let (mesh, alice) = start().await;
    let bob = mesh.user("bob");
    let task = alice.add(weekly()).await;
    let none = pb::Task {
        id: "019ab8c0-6f4e-7cc2-9d5b-0123456789ab".to_owned(),
        ..task.clone()
    };
    let rows = mesh.row_count().await;
    let of_another = refusals(&bob, &task).await;
    let of_none = refusals(&bob, &none).await;
    assert_eq!(words(&of_another, &task), words(&of_none, &none));
    assert_eq!(alice.get(&task.id).await, task);
    assert_eq!(mesh.row_count().await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_ones_own_tasks_only() {
    let (mesh, alice) = start().await;
    let bob = mesh.user("bob");
    for _ in 0..3 {
        alice.create("Call Bob").await;
    }
    let own = bob.create("Call Alice").await;
    let request = pb::ListTasksRequest {
        show_completed: true,
        show_deleted: true,
        ..Default::default()
    };
    assert_eq!(bob.list_tasks(request).await.unwrap().tasks, [own]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recurrence_service_acts_for_one_user_at_a_time() {
    let (mesh, alice) = start().await;
    let bob = mesh.user("bob");
    let task = alice.add(weekly()).await;
    let done = alice.complete(&task.id).await.unwrap();
    let rows = mesh.row_count().await;
    let refusal = mesh
        .create_occurrence("bob", week_after(&done))
        .await
        .unwrap_err();
    assert_eq!(ErrorCode::of(&refusal), ErrorCode::NotFound);

    // A task of one's own gives no access to the series of another user.
    let own = bob.add(weekly()).await;
    let own = bob.complete(&own.id).await.unwrap();
    let mixed = pb::CreateOccurrenceRequest {
        series_id: task.series_id,
        ..week_after(&own)
    };
    let refusal = mesh.create_occurrence("bob", mixed).await.unwrap_err();
    assert_eq!(ErrorCode::of(&refusal), ErrorCode::NotFound);
    // Bob's task, its series, its two changes on two topics, and its completion on a third.
    assert_eq!(mesh.row_count().await, rows + 2 + 4 + 1);
}
