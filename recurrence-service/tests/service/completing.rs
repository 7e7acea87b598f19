//! An occurrence is completed, and the task-service is asked for the next one.

use taskmesh_proto::task::v1::{self as pb, RecurrenceAnchor, task_event::Change};
use tonic::Status;

use crate::support::{Asked, Completion, Mesh};

fn scheduled(asked: &Asked) -> (String, String) {
    let due_time = asked.request.due_time.unwrap();
    (asked.request.recurrence_id.clone(), due_time.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn completion_creates_next_occurrence_for_user() {
    let mesh = Mesh::start().await;
    let mut completion = Completion::of("FREQ=WEEKLY;BYDAY=TU", "2026-12-01T10:00:00Z");
    mesh.publish(&completion).await;
    let asked = mesh.asked(1).await;
    assert_eq!(
        asked,
        [Asked {
            user_id: "alice".to_owned(),
            service: "recurrence-service".to_owned(),
            request: pb::CreateOccurrenceRequest {
                series_id: completion.series().series_id.clone(),
                previous_task_id: completion.task().id.clone(),
                recurrence_id: "2026-12-08T09:00:00".to_owned(),
                due_time: Some("2026-12-08T08:00:00Z".parse().unwrap()),
            },
        }]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn completion_anchor_counts_from_completion_day() {
    let mesh = Mesh::start().await;
    let mut completion = Completion::of("FREQ=MONTHLY", "2027-01-31T22:00:00Z");
    completion.series().recurrence_anchor = RecurrenceAnchor::Completion.into();
    mesh.publish(&completion).await;
    let asked = mesh.asked(1).await;
    let expected = (
        "2027-02-28T09:00:00".to_owned(),
        "2027-02-28T08:00:00Z".to_owned(),
    );
    assert_eq!(scheduled(&asked[0]), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn due_time_keeps_distance_from_start() {
    let mesh = Mesh::start().await;
    // Days and seconds from start to due, the completion, the start and the due time of the next occurrence.
    for (days, seconds, complete_time, expected) in [
        // Late, but before the next one is due.
        (
            8,
            Some(3_600),
            "2027-01-08T07:59:59Z",
            ("2026-12-31T09:00:00", "2027-01-08T09:00:00Z"),
        ),
        // Due on a date.
        (
            1,
            None,
            "2026-12-01T10:00:00Z",
            ("2026-12-31T09:00:00", "2026-12-31T23:00:00Z"),
        ),
    ] {
        let before = mesh.tasks.asked().len();
        let mut completion = Completion::of("FREQ=MONTHLY;BYMONTHDAY=-1", complete_time);
        completion.series().start_local = "2026-10-31T09:00:00".to_owned();
        completion.task().recurrence_id = "2026-11-30T09:00:00".to_owned();
        completion.series().due_after_days = Some(days);
        completion.series().due_after_seconds = seconds;
        mesh.publish(&completion).await;
        let asked = mesh.asked(before + 1).await;
        let (start, due) = scheduled(asked.last().unwrap());
        assert_eq!((start.as_str(), due.as_str()), expected, "{complete_time}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_same_event_again_asks_for_nothing_else() {
    let mesh = Mesh::start().await;
    let completion = Completion::of("FREQ=DAILY", "2026-12-01T10:00:00Z");
    let next = Completion::of("FREQ=DAILY", "2026-12-05T10:00:00Z").after(&completion);
    mesh.publish(&completion).await;
    mesh.publish(&completion).await;
    mesh.publish(&next).await;
    let task_id = &next.event.task.as_ref().unwrap().id;
    let asked = service_runtime::testing::eventually("the last event is handled", async || {
        let asked = mesh.tasks.asked();
        let handled = asked.last()?.request.previous_task_id == *task_id;
        handled.then_some(asked)
    })
    .await;
    for repeated in &asked[..asked.len() - 1] {
        assert_eq!(repeated, &asked[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ended_series_creates_nothing() {
    let mesh = Mesh::start().await;
    let ended = Completion::of("FREQ=DAILY;UNTIL=20261201", "2026-12-01T10:00:00Z");
    let counted = Completion::of("FREQ=DAILY;COUNT=31", "2026-12-01T07:00:00Z").after(&ended);
    let mut reopened = Completion::of("FREQ=DAILY", "2026-12-01T10:00:00Z").after(&ended);
    reopened.event.change = Some(Change::Reopened(pb::TaskReopened {}));
    let going_on = Completion::of("FREQ=DAILY;COUNT=32", "2026-12-01T07:00:00Z").after(&ended);
    for completion in [&ended, &counted, &reopened, &going_on] {
        mesh.publish(completion).await;
    }
    let asked = mesh.asked(1).await;
    let task_id = &going_on.event.task.as_ref().unwrap().id;
    assert_eq!(
        &asked[0].request.previous_task_id, task_id,
        "the last of the four events"
    );
    assert_eq!(asked[0].request.recurrence_id, "2026-12-02T09:00:00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn unavailable_task_service_is_retried() {
    let mesh = Mesh::start().await;
    mesh.tasks.refuse(Status::unavailable("away"));
    mesh.tasks.refuse(Status::deadline_exceeded("slow"));
    mesh.tasks.refuse(Status::internal("broken"));
    let completion = Completion::of("FREQ=DAILY", "2026-12-01T10:00:00Z");
    mesh.publish(&completion).await;
    let asked = mesh.asked(4).await;
    assert!(asked.iter().all(|again| *again == asked[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refusal_is_dead_letter_with_reason() {
    let mut mesh = Mesh::start().await;
    mesh.tasks
        .refuse(Status::not_found("task 1 does not exist"));
    mesh.publish(&Completion::of("FREQ=DAILY", "2026-12-01T10:00:00Z"))
        .await;
    let letter = mesh.dead_letter().await;
    assert!(letter.contains("task 1 does not exist"), "{letter}");
    assert_eq!(mesh.tasks.asked().len(), 1, "asked once, not again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn malformed_event_is_dead_letter_with_field() {
    type Spoil = fn(&mut Completion);
    let spoils: [(Spoil, &str); 3] = [
        (
            |completion| completion.event.series = None,
            "series is missing",
        ),
        (
            |completion| completion.series().start_local = "tomorrow".to_owned(),
            "series.start_local is not a local time",
        ),
        (
            |completion| completion.series().recurrence_rule = "FREQ=DALY".to_owned(),
            "series.recurrence_rule has FREQ=DALY",
        ),
    ];
    for (spoil, reason) in spoils {
        let mut mesh = Mesh::start().await;
        let mut completion = Completion::of("FREQ=DAILY", "2026-12-01T10:00:00Z");
        spoil(&mut completion);
        mesh.publish(&completion).await;
        let letter = mesh.dead_letter().await;
        assert!(letter.contains(reason), "{reason}: {letter}");
        assert_eq!(mesh.tasks.asked(), []);
    }
}
