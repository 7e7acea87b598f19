use futures::future::join_all;
use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;

use crate::support::{assert_refused, fields, start, weekly};

#[tokio::test(flavor = "multi_thread")]
async fn completing_a_task_twice_emits_one_event() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let done = alice.complete(&task.id).await.unwrap();
    assert_eq!(done.state(), pb::TaskState::Completed);
    assert_eq!(done.complete_time, done.update_time);
    assert_ne!(done.etag, task.etag);

    assert_eq!(alice.complete(&task.id).await.unwrap(), done);
    assert_eq!(alice.get(&task.id).await, done);
    assert_eq!(mesh.event_count("task-events").await, 2);
    assert_eq!(mesh.event_count("task-recurrence").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_completions_at_the_same_time_are_one() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let answers = join_all((0..20).map(|_| alice.complete(&task.id))).await;
    let done = alice.get(&task.id).await;
    for answer in answers {
        assert_eq!(answer.unwrap(), done);
    }
    assert_eq!(mesh.event_count("task-events").await, 2);
    assert_eq!(mesh.event_count("task-recurrence").await, 1);
    assert_eq!(mesh.event_count("task-updates").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_task_can_be_reopened() {
    let (mesh, alice) = start().await;
    let task = alice.create("Call Bob").await;
    assert_eq!(alice.reopen(&task.id).await.unwrap(), task);

    alice.complete(&task.id).await.unwrap();
    let reopened = alice.reopen(&task.id).await.unwrap();
    assert_eq!(reopened.state(), pb::TaskState::Open);
    assert_eq!(reopened.complete_time, None);
    assert_eq!(alice.reopen(&task.id).await.unwrap(), reopened);
    assert_eq!(mesh.event_count("task-events").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_etag_is_refused_even_if_there_is_nothing_to_do() {
    let (mesh, alice) = start().await;
    let task = alice.create("Call Bob").await;
    let complete = |etag: &str| {
        alice.complete_task(pb::CompleteTaskRequest {
            task_id: task.id.clone(),
            etag: etag.to_owned(),
            ..pb::CompleteTaskRequest::default()
        })
    };
    let done = complete(&task.etag).await.unwrap();
    assert_eq!(complete(&done.etag).await.unwrap(), done);
    assert_refused(
        complete(&task.etag).await,
        ErrorCode::StaleEtag,
        "read it again",
    );

    let reopen = alice.reopen_task(pb::ReopenTaskRequest {
        task_id: task.id.clone(),
        etag: task.etag.clone(),
        ..pb::ReopenTaskRequest::default()
    });
    assert_refused(reopen.await, ErrorCode::StaleEtag, "read it again");
    let delete = alice.delete_task(pb::DeleteTaskRequest {
        task_id: task.id.clone(),
        etag: task.etag.clone(),
        ..pb::DeleteTaskRequest::default()
    });
    assert_refused(delete.await, ErrorCode::StaleEtag, "read it again");
    let undelete = alice.undelete_task(pb::UndeleteTaskRequest {
        task_id: task.id.clone(),
        etag: task.etag.clone(),
        ..pb::UndeleteTaskRequest::default()
    });
    assert_refused(undelete.await, ErrorCode::StaleEtag, "read it again");
    assert_eq!(alice.get(&task.id).await, done);
    assert_eq!(mesh.event_count("task-events").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_id_is_named_by_every_call() {
    let (_, alice) = start().await;
    for id in ["", "1", "not-a-uuid", "\u{0}"] {
        let get = alice.get_task(pb::GetTaskRequest {
            task_id: id.to_owned(),
        });
        assert_refused(
            get.await,
            ErrorCode::InvalidArgument,
            "task_id: must be a UUID",
        );
        assert_eq!(fields(alice.complete(id).await), ["task_id"]);
        assert_eq!(fields(alice.reopen(id).await), ["task_id"]);
        assert_eq!(fields(alice.delete(id).await), ["task_id"]);
        assert_eq!(fields(alice.undelete(id).await), ["task_id"]);
    }
}
