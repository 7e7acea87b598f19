use chrono::TimeDelta;
use futures::future::join_all;
use service_runtime::{grpc::FieldViolation, ids::Ids};
use taskmesh_proto::notification::v1::{self as pb, ReminderState};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::{TaskBuilder, Wire};

const MINUTES: &[&str] = &["default_reminder_minutes"];

fn minutes(request_id: &str, minutes: i32) -> pb::UpdatePreferencesRequest {
    pb::UpdatePreferencesRequest {
        request_id: request_id.to_owned(),
        default_reminder_minutes: minutes,
        ..Default::default()
    }
}

fn new_id() -> String {
    Ids.uuid_v7().to_string()
}

fn reason(refusal: &Status) -> String {
    let details = refusal.get_error_details();
    details.error_info().unwrap().reason.clone()
}

/// Starts the service with a task that has its default reminder.
async fn with_a_reminder() -> (Wire, TaskBuilder) {
    let wire = Wire::start().await;
    let task = TaskBuilder::new("alice", TimeDelta::hours(5));
    wire.publish(&task).await;
    wire.reminder_in("alice", ReminderState::Scheduled).await;
    (wire, task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn repeated_call_is_one_change_with_one_response() {
    let (wire, task) = with_a_reminder().await;
    let id = new_id();
    let first = wire
        .update("alice", MINUTES, minutes(&id, 30))
        .await
        .unwrap();
    // What happens in between does not change what the first call was answered.
    let between = wire
        .update("alice", MINUTES, minutes("", 20))
        .await
        .unwrap();
    for _ in 0..9 {
        let again = wire.update("alice", MINUTES, minutes(&id, 30)).await;
        assert_eq!(again.unwrap(), first);
    }
    assert_eq!(wire.preferences("alice").await, between);
    assert_eq!(wire.versions(&task).await, [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn request_id_of_another_call_is_refused() {
    let wire = Wire::start().await;
    let id = new_id();
    let first = wire
        .update("alice", MINUTES, minutes(&id, 30))
        .await
        .unwrap();
    let mut rehearsal = minutes(&id, 31);
    rehearsal.validate_only = true;
    for other in [minutes(&id, 31), rehearsal] {
        let refusal = wire.update("alice", MINUTES, other).await.unwrap_err();
        assert_eq!(refusal.code(), Code::AlreadyExists);
        assert_eq!(reason(&refusal), "IDEMPOTENCY_CONFLICT");
        assert!(refusal.message().contains("request_id"), "{refusal:?}");
    }
    assert_eq!(wire.preferences("alice").await, first);
    // Ids are each user's own.
    let of_bob = wire.update("bob", MINUTES, minutes(&id, 31)).await;
    assert_eq!(of_bob.unwrap().default_reminder_minutes, 31);

    let refusal = wire.update("alice", MINUTES, minutes("7", 30)).await;
    let violations = FieldViolation::all_of(&refusal.unwrap_err());
    assert_eq!(violations[0].field, "request_id");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_repeated_call_is_one_change() {
    let (wire, task) = with_a_reminder().await;
    let before = wire.preferences("alice").await;
    for round in 1..=5 {
        let mut call = minutes(&new_id(), round);
        // Stale for all but the first, which must not show.
        call.etag = wire.preferences("alice").await.etag;
        let calls = (0..8).map(|_| wire.update("alice", MINUTES, call.clone()));
        let answers: Vec<_> = join_all(calls)
            .await
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap();
        let now = wire.preferences("alice").await;
        assert!(answers.iter().all(|answer| *answer == now), "{answers:?}");
        assert_eq!(now.default_reminder_minutes, round);
    }
    let changes = |etag: &str| etag.parse::<i64>().unwrap();
    let after = wire.preferences("alice").await;
    assert_eq!(changes(&after.etag) - changes(&before.etag), 5);
    assert_eq!(wire.versions(&task).await, [6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn validate_only_responds_and_changes_nothing() {
    let (wire, task) = with_a_reminder().await;
    let before = (
        wire.preferences("alice").await,
        wire.reminders("alice").await,
    );
    let call = minutes(&new_id(), 30);
    let rehearsal = pb::UpdatePreferencesRequest {
        validate_only: true,
        ..call.clone()
    };
    let rehearsed = wire.update("alice", MINUTES, rehearsal.clone()).await;
    let rehearsed = rehearsed.unwrap();
    assert_eq!(rehearsed.default_reminder_minutes, 30);
    let after = (
        wire.preferences("alice").await,
        wire.reminders("alice").await,
    );
    assert_eq!(after, before);

    // It has not used up the id of the call, which is answered in the same way.
    let answer = wire.update("alice", MINUTES, call).await.unwrap();
    assert_eq!(answer, rehearsed);
    let again = wire.update("alice", MINUTES, rehearsal).await.unwrap();
    assert_eq!(again, answer);
    // Had the rehearsal moved the reminder, this would be one more.
    assert_eq!(wire.versions(&task).await, [2]);
}
