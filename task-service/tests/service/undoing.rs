use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;

use crate::support::{assert_refused, mask, start, titled, update, weekly};

/// Returns the values of a task, without what every change changes.
fn values(task: pb::Task) -> pb::Task {
    pb::Task {
        etag: String::new(),
        update_time: None,
        operation_id: String::new(),
        ..task
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_can_be_undone_and_the_undo_too() {
    let (_, alice) = start().await;
    alice.category("Home").await;
    let request = pb::CreateTaskRequest {
        description: "the ones on the balcony".to_owned(),
        category: "Home".to_owned(),
        tags: vec!["plants".to_owned()],
        ..weekly()
    };
    let task = alice.add(request).await;
    let fields = [
        "title",
        "description",
        "category",
        "tags",
        "recurrence_rule",
        "due_time",
    ];
    let request = pb::UpdateTaskRequest {
        title: "Something else".to_owned(),
        ..update(&task, &fields)
    };
    let changed = alice.change(request).await;
    let undone = alice.undo(&changed.operation_id).await.unwrap();
    assert_eq!(values(undone.tasks[0].clone()), values(task.clone()));
    assert_eq!(alice.get(&task.id).await, undone.tasks[0]);
    let redone = alice.undo(&undone.operation_id).await.unwrap();
    assert_eq!(values(redone.tasks[0].clone()), values(changed));
    alice.undo(&redone.operation_id).await.unwrap();

    let done = alice.complete(&task.id).await.unwrap();
    alice.undo(&done.operation_id).await.unwrap();
    assert_eq!(values(alice.get(&task.id).await), values(task.clone()));
    let deleted = alice.delete(&task.id).await.unwrap();
    alice.undo(&deleted.operation_id).await.unwrap();
    assert_eq!(values(alice.get(&task.id).await), values(task));
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_a_creation_deletes_what_was_created() {
    let (_, alice) = start().await;
    let task = alice.create("Water the plants").await;
    let undone = alice.undo(&task.operation_id).await.unwrap();
    assert!(undone.tasks[0].delete_time.is_some());
    alice.undo(&undone.operation_id).await.unwrap();
    assert_eq!(values(alice.get(&task.id).await), values(task));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_newer_stays_and_is_named() {
    let (_, alice) = start().await;
    let request = pb::BatchCreateTasksRequest {
        tasks: vec![titled("one"), titled("two")],
        ..Default::default()
    };
    let batch = alice.batch_create_tasks(request).await.unwrap();
    let one = batch.results[0].task.clone().unwrap();
    let newer = pb::UpdateTaskRequest {
        title: "newer".to_owned(),
        ..update(&one, &["title"])
    };
    alice.change(newer).await;
    let undone = alice.undo(&batch.operation_id).await.unwrap();
    assert_eq!(
        (undone.tasks.len(), undone.tasks[0].title.as_str()),
        (1, "two")
    );
    assert_eq!(undone.not_undone[0].id, one.id);
    assert!(undone.not_undone[0].reason.contains("has changed since"));
    assert_eq!(alice.get(&one.id).await.title, "newer");

    let again = alice.undo(&batch.operation_id).await.unwrap();
    assert_eq!(
        (again.operation_id.as_str(), again.not_undone.len()),
        ("", 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_a_completion_leaves_the_next_occurrence_and_says_so() {
    let (mesh, alice) = start().await;
    let first = alice.add(weekly()).await;
    let done = alice.complete(&first.id).await.unwrap();
    let next = mesh.follow(&first).await.task.unwrap();
    let undone = alice.undo(&done.operation_id).await.unwrap();
    assert_eq!(undone.tasks[0].state(), pb::TaskState::Open);
    assert_eq!(undone.not_undone[0].id, next.id);
    assert!(
        undone.not_undone[0]
            .reason
            .contains("is the next occurrence")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_was_left_goes_on_after_the_undo() {
    let (mesh, alice) = start().await;
    let first = alice.add(weekly()).await;
    let ended = alice.change(update(&first, &["recurrence_rule"])).await;
    assert_eq!(ended.series_id, "");
    alice.undo(&ended.operation_id).await.unwrap();
    let back = alice.get(&first.id).await;
    assert_eq!(back.series_id, first.series_id);
    alice.complete(&first.id).await.unwrap();
    let next = mesh.follow(&first).await;
    assert!(next.created);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_makes_no_circle() {
    let (_, alice) = start().await;
    let whole = alice.create("whole").await;
    let part = alice.create_part("part", &whole).await;
    let out = alice.change(update(&part, &["parent_task_id"])).await;
    let under = pb::UpdateTaskRequest {
        parent_task_id: part.id.clone(),
        ..update(&whole, &["parent_task_id"])
    };
    alice.change(under).await;
    let undone = alice.undo(&out.operation_id).await.unwrap();
    assert!(undone.tasks.is_empty());
    assert!(undone.not_undone[0].reason.starts_with("parent_task_id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_names_are_undone_too() {
    let (_, alice) = start().await;
    let request = |zone: &str| pb::UpdateSettingsRequest {
        update_mask: mask(&["time_zone"]),
        time_zone: zone.to_owned(),
        ..Default::default()
    };
    alice
        .update_settings(request("Europe/Berlin"))
        .await
        .unwrap();
    let changed = alice.update_settings(request("Asia/Tokyo")).await.unwrap();
    let undone = alice.undo(&changed.operation_id).await.unwrap();
    assert_eq!(undone.others[0].kind, "settings");
    let settings = alice.settings().await;
    assert_eq!(
        (settings.time_zone.as_str(), settings.etag.as_str()),
        ("Europe/Berlin", "3")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_ones_own_operations_can_be_undone() {
    let (mesh, _) = start().await;
    let task = mesh.user("alice").create("Water the plants").await;
    let refusal = mesh.user("bob").undo(&task.operation_id).await;
    assert_refused(refusal, ErrorCode::NotFound, "does not exist");
    let refusal = mesh.user("alice").undo("x").await;
    assert_refused(refusal, ErrorCode::InvalidArgument, "must be a UUID");
    assert_eq!(mesh.user("alice").get(&task.id).await, task);
}
