use futures::future::join_all;
use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;

use crate::support::{
    DAY, HOUR, MONDAY_NINE, assert_refused, at, at_time, fields, minutes_before, start, update,
    week_after, weekly,
};

const NONE: pb::CreateOccurrenceResponse = pb::CreateOccurrenceResponse {
    task: None,
    created: false,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_next_occurrence_takes_over_everything_but_its_time() {
    let (mesh, alice) = start().await;
    let first = alice
        .add(pb::CreateTaskRequest {
            description: "the ones on the balcony".to_owned(),
            priority: pb::Priority::High.into(),
            recurrence_anchor: pb::RecurrenceAnchor::Completion.into(),
            reminders: vec![minutes_before(30), at_time(MONDAY_NINE - HOUR)],
            muted: true,
            ..weekly()
        })
        .await;
    alice.complete(&first.id).await.unwrap();
    let answer = mesh.follow(&first).await;
    assert!(answer.created);
    let second = answer.task.unwrap();
    let expected = pb::Task {
        id: second.id.clone(),
        due_time: at(MONDAY_NINE + 7 * DAY),
        due_local_time: "2026-12-14T09:00:00".to_owned(),
        recurrence_id: "2026-12-14T09:00:00".to_owned(),
        operation_id: second.operation_id.clone(),
        reminders: vec![minutes_before(30), at_time(MONDAY_NINE + 7 * DAY - HOUR)],
        create_time: second.create_time,
        update_time: second.create_time,
        ..first
    };
    assert_eq!(second, expected);
    assert_eq!(alice.get(&second.id).await, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_next_occurrence_exists_however_often_it_is_asked_for() {
    let (mesh, alice) = start().await;
    let first = alice.add(weekly()).await;
    alice.complete(&first.id).await.unwrap();

    let answers =
        join_all((0..20).map(|_| mesh.create_occurrence("alice", week_after(&first)))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.created).count(), 1);
    let second = answers[0].task.clone().unwrap();
    assert!(
        answers
            .iter()
            .all(|answer| answer.task.as_ref() == Some(&second))
    );
    assert_eq!(mesh.event_count("task-events").await, 3);

    // The same call after the series has continued, and for another date.
    alice.complete(&second.id).await.unwrap();
    mesh.follow(&second).await;
    let later = pb::CreateOccurrenceRequest {
        recurrence_id: "2027-01-04T09:00:00".to_owned(),
        due_time: at(MONDAY_NINE + 28 * DAY),
        ..week_after(&first)
    };
    let answer = mesh.create_occurrence("alice", later).await.unwrap();
    assert_eq!(
        (answer.task.unwrap().id, answer.created),
        (second.id, false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reopening_and_completing_again_brings_no_second_occurrence() {
    let (mesh, alice) = start().await;
    let first = alice.add(weekly()).await;
    alice.complete(&first.id).await.unwrap();
    let second = mesh.follow(&first).await.task;
    alice.reopen(&first.id).await.unwrap();
    alice.complete(&first.id).await.unwrap();
    let answer = mesh.follow(&first).await;
    assert_eq!((answer.task, answer.created), (second, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_occurrence_that_is_not_done_has_no_next_one() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    assert_eq!(mesh.follow(&task).await, NONE);

    alice.complete(&task.id).await.unwrap();
    alice.reopen(&task.id).await.unwrap();
    assert_eq!(mesh.follow(&task).await, NONE);

    alice.complete(&task.id).await.unwrap();
    assert!(mesh.follow(&task).await.created);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_completed_occurrence_has_next_one() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    alice.complete(&task.id).await.unwrap();
    alice.delete(&task.id).await.unwrap();
    let next = mesh.follow(&task).await;
    assert!(next.created);
    assert_eq!(next.task.unwrap().delete_time, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_occurrence_that_left_its_series_has_no_next_one() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let request = pb::UpdateTaskRequest {
        recurrence_rule: "FREQ=DAILY".to_owned(),
        ..update(&task, &["recurrence_rule"])
    };
    let daily = alice.change(request).await;
    alice.complete(&task.id).await.unwrap();
    assert_eq!(mesh.follow(&task).await, NONE);
    assert!(mesh.follow(&daily).await.created);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_recurrence_service_creates_occurrences() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    alice.complete(&task.id).await.unwrap();
    let rows = mesh.row_count().await;

    let answer = alice.create_occurrence(week_after(&task)).await;
    assert_refused(
        answer,
        ErrorCode::PermissionDenied,
        "only the recurrence-service",
    );
    // A caller without permission learns nothing about the fields.
    let answer = alice
        .create_occurrence(pb::CreateOccurrenceRequest::default())
        .await;
    assert_refused(
        answer,
        ErrorCode::PermissionDenied,
        "only the recurrence-service",
    );
    let request = mesh
        .service
        .request_from("notification-service", "alice", week_after(&task));
    let mut client = taskmesh_proto::task::v1::task_service_client::TaskServiceClient::new(
        mesh.service.channel(),
    );
    let answer = client.create_occurrence(request).await;
    assert_refused(
        answer,
        ErrorCode::PermissionDenied,
        "only the recurrence-service",
    );
    assert_eq!(mesh.row_count().await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_gets_a_clear_answer() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    alice.complete(&task.id).await.unwrap();
    let rows = mesh.row_count().await;
    let good = week_after(&task);

    let answer = mesh
        .create_occurrence("alice", pb::CreateOccurrenceRequest::default())
        .await;
    assert_eq!(
        fields(answer),
        ["series_id", "previous_task_id", "recurrence_id", "due_time"]
    );
    let earlier = pb::CreateOccurrenceRequest {
        recurrence_id: task.recurrence_id.clone(),
        ..good.clone()
    };
    assert_eq!(
        fields(mesh.create_occurrence("alice", earlier).await),
        ["recurrence_id"]
    );

    let unknown = "019ab8c0-6f4e-7cc2-9d5b-0123456789ab".to_owned();
    let no_series = pb::CreateOccurrenceRequest {
        series_id: unknown.clone(),
        ..good.clone()
    };
    assert_refused(
        mesh.create_occurrence("alice", no_series).await,
        ErrorCode::NotFound,
        "series",
    );
    let no_task = pb::CreateOccurrenceRequest {
        previous_task_id: unknown,
        ..good
    };
    assert_refused(
        mesh.create_occurrence("alice", no_task).await,
        ErrorCode::NotFound,
        "task",
    );
    assert_eq!(mesh.row_count().await, rows);
}
