use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;

use crate::support::{assert_refused, start, update, weekly};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_task_can_be_restored_as_it_was() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let done = alice.complete(&task.id).await.unwrap();

    let deleted = alice.delete(&task.id).await.unwrap();
    assert!(deleted.delete_time.is_some());
    assert_eq!(alice.delete(&task.id).await.unwrap(), deleted);
    assert_eq!(alice.get(&task.id).await, deleted);

    let restored = alice.undelete(&task.id).await.unwrap();
    let expected = pb::Task {
        etag: restored.etag.clone(),
        update_time: restored.update_time,
        operation_id: restored.operation_id.clone(),
        ..done
    };
    assert_eq!(restored, expected);
    assert_eq!(alice.undelete(&task.id).await.unwrap(), restored);
    assert_eq!(mesh.event_count("task-events").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_task_can_only_be_restored() {
    let (mesh, alice) = start().await;
    let task = alice.create("Call Bob").await;
    let deleted = alice.delete(&task.id).await.unwrap();
    let rows = mesh.row_count().await;
    let code = ErrorCode::FailedPrecondition;
    assert_refused(
        alice.complete(&task.id).await,
        code,
        "is deleted; restore it first",
    );
    assert_refused(
        alice.reopen(&task.id).await,
        code,
        "is deleted; restore it first",
    );
    let rename = pb::UpdateTaskRequest {
        title: "Call Carol".to_owned(),
        ..update(&task, &["title"])
    };
    assert_refused(
        alice.update_task(rename).await,
        code,
        "is deleted; restore it first",
    );
    assert_eq!(alice.get(&task.id).await, deleted);
    assert_eq!(mesh.row_count().await, rows);
}
