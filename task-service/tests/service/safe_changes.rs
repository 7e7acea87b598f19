use futures::future::join_all;
use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;
use uuid::Uuid;

use crate::support::{assert_refused, fields, mask, start, titled, update, weekly};

fn named(request_id: Uuid, title: &str) -> pb::CreateTaskRequest {
    pb::CreateTaskRequest {
        request_id: request_id.to_string(),
        tags: vec!["new".to_owned()],
        ..titled(title)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_ten_times_has_one_effect_and_one_answer() {
    let (mesh, alice) = start().await;
    let request = named(Uuid::from_u128(1), "Water the plants");
    let first = alice.add(request.clone()).await;
    alice.complete(&first.id).await.unwrap();
    for _ in 0..9 {
        assert_eq!(alice.add(request.clone()).await, first);
    }
    assert_eq!(mesh.event_count("task-events").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_concurrent_equal_calls_have_one_effect() {
    let (mesh, alice) = start().await;
    let request = pb::CreateTaskRequest {
        request_id: Uuid::from_u128(1).to_string(),
        ..weekly()
    };
    let answers = join_all((0..10).map(|_| alice.create_task(request.clone()))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(mesh.event_count("task-events").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_call_needs_no_recurrence_service() {
    let (mesh, alice) = start().await;
    let request = pb::CreateTaskRequest {
        request_id: Uuid::from_u128(1).to_string(),
        ..weekly()
    };
    let first = alice.add(request.clone()).await;
    mesh.recurrence.fail();
    assert_eq!(alice.add(request).await, first);
    let other = alice.create_task(weekly()).await;
    assert_refused(other, ErrorCode::Unavailable, "try again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_belongs_to_one_call_of_one_user() {
    let (mesh, alice) = start().await;
    let id = Uuid::from_u128(1);
    let task = alice.add(named(id, "Water the plants")).await;
    let other = alice.create_task(named(id, "Water the flowers")).await;
    assert_refused(
        other,
        ErrorCode::AlreadyExists,
        "request_id was used for a different call",
    );
    let delete = pb::DeleteTaskRequest {
        task_id: task.id.clone(),
        request_id: id.to_string(),
        ..Default::default()
    };
    assert_refused(
        alice.delete_task(delete).await,
        ErrorCode::AlreadyExists,
        "a new UUID for each call",
    );
    let bobs = mesh
        .user("bob")
        .create_task(named(id, "Water the flowers"))
        .await
        .unwrap();
    assert_ne!(bobs.id, task.id);
    assert_eq!(alice.get(&task.id).await, task);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_failed_can_be_made_again_with_the_same_id() {
    let (_, alice) = start().await;
    let request = pb::CreateTaskRequest {
        category: "Home".to_owned(),
        ..named(Uuid::from_u128(1), "Water the plants")
    };
    assert_eq!(
        fields(alice.create_task(request.clone()).await),
        ["category"]
    );
    alice.category("Home").await;
    alice.add(request).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_answers_as_the_real_call_and_changes_nothing() {
    let (mesh, alice) = start().await;
    let request = pb::CreateTaskRequest {
        validate_only: true,
        ..named(Uuid::from_u128(1), "Water the plants")
    };
    let before = mesh.row_count().await;
    let rehearsed = alice.add(request.clone()).await;
    assert_eq!(
        (rehearsed.title.as_str(), rehearsed.etag.as_str()),
        ("Water the plants", "1")
    );
    assert!(alice.tags().await.is_empty());
    assert_eq!(mesh.row_count().await, before);

    let wrong = pb::CreateTaskRequest {
        title: String::new(),
        ..request
    };
    assert_eq!(fields(alice.create_task(wrong).await), ["title"]);
    // The rehearsal did not use up the id.
    alice
        .add(named(Uuid::from_u128(1), "Water the plants"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_can_be_rehearsed() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let gone = alice.create("gone").await;
    let gone = alice.delete(&gone.id).await.unwrap();
    let home = alice.category("Home").await;
    let before = mesh.row_count().await;

    macro_rules! rehearse {
        ($($call:ident($request:ident { $($field:ident: $value:expr),* $(,)? });)*) => {$(
            let request = pb::$request { $($field: $value,)* validate_only: true, ..Default::default() };
            alice.$call(request).await.unwrap();
        )*};
    }
    let (task_id, gone_id, category_id) =
        (|| task.id.clone(), || gone.id.clone(), || home.id.clone());
    let name = || "Garden".to_owned();
    rehearse! {
        create_task(CreateTaskRequest { title: name() });
        update_task(UpdateTaskRequest { task_id: task_id(), update_mask: mask(&["title"]), title: name() });
        complete_task(CompleteTaskRequest { task_id: task_id() });
        reopen_task(ReopenTaskRequest { task_id: task_id() });
        delete_task(DeleteTaskRequest { task_id: task_id() });
        undelete_task(UndeleteTaskRequest { task_id: gone_id() });
        set_recurrence(SetRecurrenceRequest { task_id: task_id() });
        set_reminders(SetRemindersRequest { task_id: task_id(), muted: true });
        tag_task(TagTaskRequest { task_id: task_id(), tag: name() });
        untag_task(UntagTaskRequest { task_id: task_id(), tag: name() });
        batch_create_tasks(BatchCreateTasksRequest { tasks: vec![titled("a"), titled("b")] });
        batch_update_tasks(BatchUpdateTasksRequest { tasks: vec![pb::UpdateTaskRequest { title: name(), ..update(&task, &["title"]) }] });
        batch_complete_tasks(BatchCompleteTasksRequest { task_ids: vec![task_id()] });
        batch_delete_tasks(BatchDeleteTasksRequest { task_ids: vec![task_id()] });
        undo_operation(UndoOperationRequest { operation_id: task.operation_id.clone() });
        create_category(CreateCategoryRequest { display_name: name() });
        update_category(UpdateCategoryRequest { category_id: category_id(), update_mask: mask(&["display_name"]), display_name: name() });
        delete_category(DeleteCategoryRequest { category_id: category_id() });
        create_tag(CreateTagRequest { display_name: name() });
        update_settings(UpdateSettingsRequest { update_mask: mask(&["time_zone"]), time_zone: "Asia/Tokyo".to_owned() });
    }
    assert_eq!(mesh.row_count().await, before);
    assert_eq!(alice.get(&task.id).await, task);
    let settings = alice.settings().await;
    assert_eq!(settings.time_zone, "UTC");
    let categories = alice
        .list_categories(pb::ListCategoriesRequest::default())
        .await
        .unwrap();
    assert_eq!(categories.categories, [home]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_etag_changes_nothing_and_tells_the_current_one() {
    let (_, alice) = start().await;
    let home = alice.category("Home").await;
    let rename = |etag: &str, name: &str| pb::UpdateCategoryRequest {
        category_id: home.id.clone(),
        update_mask: mask(&["display_name"]),
        etag: etag.to_owned(),
        display_name: name.to_owned(),
        ..Default::default()
    };
    alice.update_category(rename("1", "House")).await.unwrap();
    let stale = alice.update_category(rename("1", "Flat")).await;
    assert_refused(stale, ErrorCode::StaleEtag, "has changed since it was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_at_once_never_meets_what_the_first_one_did() {
    let (_, alice) = start().await;
    for round in 0..10 {
        let task = alice.add(titled("Water the plants")).await;
        let delete = pb::DeleteTaskRequest {
            task_id: task.id,
            // Stale as soon as the first of the calls is done.
            etag: task.etag,
            request_id: Uuid::from_u128(round).to_string(),
            ..Default::default()
        };
        let answers = join_all((0..8).map(|_| alice.delete_task(delete.clone()))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
}
