use service_runtime::grpc::{ErrorCode, FieldViolation};
use taskmesh_proto::task::v1 as pb;

use crate::support::{assert_refused, fields, start, titled, update, weekly};

fn creates(titles: &[&str], partial: bool) -> pb::BatchCreateTasksRequest {
    pb::BatchCreateTasksRequest {
        tasks: titles.iter().map(|title| titled(title)).collect(),
        partial,
        ..Default::default()
    }
}

fn errors(answer: &pb::BatchTasksResponse) -> Vec<Option<&str>> {
    let reason = |result: &pb::BatchResult| result.error.is_some();
    assert!(
        answer
            .results
            .iter()
            .all(|result| reason(result) != result.task.is_some())
    );
    answer
        .results
        .iter()
        .map(|result| result.error.as_ref().map(|error| error.reason.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_does_all_or_nothing() {
    let (mesh, alice) = start().await;
    let refusal = alice
        .batch_create_tasks(creates(&["one", "", "three"], false))
        .await
        .unwrap_err();
    assert_eq!(FieldViolation::all_of(&refusal)[0].field, "tasks[1].title");
    assert_eq!(mesh.row_count().await, 0);

    let answer = alice
        .batch_create_tasks(creates(&["one", "two", "three"], false))
        .await
        .unwrap();
    assert_eq!(errors(&answer), [None, None, None]);
    let ids: Vec<_> = answer
        .results
        .iter()
        .flat_map(|result| &result.task)
        .map(|task| &task.operation_id)
        .collect();
    assert!(ids.iter().all(|id| **id == answer.operation_id));
    assert_eq!(mesh.event_count("task-events").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_batch_does_what_is_right_and_reports_the_rest() {
    let (_, alice) = start().await;
    let answer = alice
        .batch_create_tasks(creates(&["one", "", "three"], true))
        .await
        .unwrap();
    assert_eq!(errors(&answer), [None, Some("INVALID_FIELD"), None]);
    let error = answer.results[1].error.as_ref().unwrap();
    assert_eq!(
        (error.code.as_str(), error.fields[0].field.as_str()),
        ("INVALID_ARGUMENT", "title")
    );

    let known: Vec<_> = answer
        .results
        .iter()
        .flat_map(|result| &result.task)
        .cloned()
        .collect();
    let stale = pb::UpdateTaskRequest {
        title: "changed".to_owned(),
        etag: "7".to_owned(),
        ..update(&known[0], &["title"])
    };
    let right = pb::UpdateTaskRequest {
        title: "changed".to_owned(),
        ..update(&known[1], &["title"])
    };
    let request = pb::BatchUpdateTasksRequest {
        tasks: vec![stale, right],
        partial: true,
        ..Default::default()
    };
    let answer = alice.batch_update_tasks(request).await.unwrap();
    assert_eq!(errors(&answer), [Some("STALE_ETAG"), None]);
    assert_eq!(alice.get(&known[0].id).await, known[0]);
    assert_eq!(alice.get(&known[1].id).await.title, "changed");

    let request = pb::BatchDeleteTasksRequest {
        task_ids: vec![
            known[0].id.clone(),
            uuid::Uuid::from_u128(7).to_string(),
            "x".to_owned(),
        ],
        partial: true,
        ..Default::default()
    };
    let answer = alice.batch_delete_tasks(request).await.unwrap();
    assert_eq!(
        errors(&answer),
        [None, Some("TASK_NOT_FOUND"), Some("INVALID_FIELD")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_completes_subtasks_and_dependents_in_any_order() {
    let (_, alice) = start().await;
    let whole = alice.create("whole").await;
    let part = alice.create_part("part", &whole).await;
    let waits = pb::CreateTaskRequest {
        depends_on: vec![whole.id.clone()],
        ..titled("waits")
    };
    let waits = alice.add(waits).await;
    let request = pb::BatchCompleteTasksRequest {
        task_ids: [&waits, &whole, &part].map(|task| task.id.clone()).to_vec(),
        ..Default::default()
    };
    let answer = alice.batch_complete_tasks(request.clone()).await.unwrap();
    assert_eq!(errors(&answer), [None, None, None]);
    for result in answer.results {
        assert_eq!(result.task.unwrap().state(), pb::TaskState::Completed);
    }
    alice.reopen(&part.id).await.unwrap();
    alice.reopen(&whole.id).await.unwrap();
    alice.reopen(&waits.id).await.unwrap();
    let only = pb::BatchCompleteTasksRequest {
        task_ids: vec![waits.id.clone(), whole.id.clone()],
        ..Default::default()
    };
    assert_refused(
        alice.batch_complete_tasks(only).await,
        ErrorCode::FailedPrecondition,
        "task_ids[0]",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_items_are_a_batch_and_one_more_is_not() {
    let (mesh, alice) = start().await;
    let titles: Vec<String> = (0..501).map(|number| format!("task {number}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let answer = alice.batch_create_tasks(creates(&titles, false)).await;
    assert_eq!(fields(answer), ["tasks"]);
    assert_eq!(
        fields(alice.batch_create_tasks(creates(&[], false)).await),
        ["tasks"]
    );
    let answer = alice
        .batch_create_tasks(creates(&titles[..500], false))
        .await
        .unwrap();
    assert_eq!(answer.results.len(), 500);
    assert_eq!(mesh.event_count("task-events").await, 500);

    let undone = alice.undo(&answer.operation_id).await.unwrap();
    assert_eq!((undone.tasks.len(), undone.not_undone.len()), (500, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_recurring_tasks_too_and_no_task_twice() {
    let (_, alice) = start().await;
    let wrong_rule = pb::CreateTaskRequest {
        recurrence_rule: "FREQ=SOMETIMES".to_owned(),
        ..weekly()
    };
    let request = pb::BatchCreateTasksRequest {
        tasks: vec![weekly(), titled("once"), wrong_rule],
        partial: true,
        ..Default::default()
    };
    let answer = alice.batch_create_tasks(request).await.unwrap();
    assert_eq!(errors(&answer), [None, None, Some("INVALID_FIELD")]);
    let task = answer.results[0].task.clone().unwrap();
    assert!(!task.series_id.is_empty());

    let twice = pb::BatchDeleteTasksRequest {
        task_ids: vec![task.id.clone(), task.id.clone()],
        ..Default::default()
    };
    assert_eq!(
        fields(alice.batch_delete_tasks(twice).await),
        ["task_ids[1]"]
    );
    let nested = pb::BatchCreateTasksRequest {
        tasks: vec![pb::CreateTaskRequest {
            validate_only: true,
            ..titled("nested")
        }],
        ..Default::default()
    };
    assert_eq!(
        fields(alice.batch_create_tasks(nested).await),
        ["tasks[0].validate_only"]
    );
}
