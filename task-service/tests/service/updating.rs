use futures::future::join_all;
use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;

use crate::support::{
    DAY, HOUR, MONDAY_NINE, UNANSWERED, assert_refused, at, fields, minutes_before, start, titled,
    update, weekly,
};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_named_fields_change() {
    let (_, alice) = start().await;
    let task = alice
        .add(pb::CreateTaskRequest {
            description: "the ones on the balcony".to_owned(),
            reminders: vec![minutes_before(5)],
            ..weekly()
        })
        .await;
    let request = pb::UpdateTaskRequest {
        title: "Water all plants".to_owned(),
        // Not named, so not looked at.
        priority: 99,
        time_zone: "nowhere".to_owned(),
        ..update(&task, &["title"])
    };
    let changed = alice.change(request).await;
    let expected = pb::Task {
        title: "Water all plants".to_owned(),
        etag: changed.etag.clone(),
        update_time: changed.update_time,
        operation_id: changed.operation_id.clone(),
        ..task.clone()
    };
    assert_eq!(changed, expected);
    assert_ne!(changed.etag, task.etag);
    assert_eq!(alice.get(&task.id).await, changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_field_without_a_value_is_emptied() {
    let (_, alice) = start().await;
    let task = alice
        .add(pb::CreateTaskRequest {
            description: "soon".to_owned(),
            priority: pb::Priority::High.into(),
            due_time: at(MONDAY_NINE),
            time_zone: "Europe/Berlin".to_owned(),
            reminders: vec![minutes_before(5)],
            muted: true,
            ..titled("Call Bob")
        })
        .await;
    let all_but_title = [
        "description",
        "priority",
        "due_time",
        "time_zone",
        "reminders",
        "muted",
    ];
    let emptied = alice.change(update(&task, &all_but_title)).await;
    assert_eq!(emptied.title, "Call Bob");
    assert_eq!(emptied.description, "");
    assert_eq!(emptied.priority(), pb::Priority::Medium);
    assert_eq!((emptied.due_time, emptied.time_zone.as_str()), (None, ""));
    assert!(emptied.reminders.is_empty() && !emptied.muted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_names_every_field() {
    let (_, alice) = start().await;
    let task = alice
        .add(pb::CreateTaskRequest {
            description: "soon".to_owned(),
            ..titled("Call Bob")
        })
        .await;
    let request = pb::UpdateTaskRequest {
        title: "Call Carol".to_owned(),
        ..update(&task, &["*"])
    };
    let changed = alice.change(request).await;
    assert_eq!(
        (changed.title.as_str(), changed.description.as_str()),
        ("Call Carol", "")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_an_update_is_told_at_once() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let rows = mesh.row_count().await;

    let request = pb::UpdateTaskRequest {
        task_id: "not-a-uuid".to_owned(),
        priority: 9,
        ..update(&task, &["titel", "title", "priority"])
    };
    let told = fields(alice.update_task(request).await);
    assert_eq!(told, ["task_id", "update_mask", "title", "priority"]);

    let request = pb::UpdateTaskRequest {
        recurrence_rule: "FREQ=DALY".to_owned(),
        ..update(&task, &["title", "recurrence_rule"])
    };
    assert_eq!(
        fields(alice.update_task(request).await),
        ["title", "recurrence_rule"]
    );

    let no_due_time = alice
        .update_task(update(&task, &["title", "due_time"]))
        .await;
    assert_eq!(fields(no_due_time), ["title", "due_time"]);
    assert_eq!(
        fields(alice.update_task(update(&task, &[])).await),
        ["update_mask"]
    );
    assert_eq!(
        fields(alice.update_task(update(&task, &["state"])).await),
        ["update_mask"]
    );
    assert_eq!(alice.get(&task.id).await, task);
    assert_eq!(mesh.row_count().await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_changes_nothing_tells_nobody() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let rows = mesh.row_count().await;
    let request = pb::UpdateTaskRequest {
        title: task.title.clone(),
        due_time: task.due_time,
        time_zone: task.time_zone.clone(),
        recurrence_rule: task.recurrence_rule.clone(),
        ..update(&task, &["*"])
    };
    assert_eq!(alice.change(request).await, task);
    assert_eq!(mesh.row_count().await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_etag_changes_nothing() {
    let (mesh, alice) = start().await;
    let task = alice.create("Call Bob").await;
    let rename = |title: &str, etag: &str| pb::UpdateTaskRequest {
        title: title.to_owned(),
        etag: etag.to_owned(),
        ..update(&task, &["title"])
    };
    let changed = alice.change(rename("Call Carol", &task.etag)).await;
    let rows = mesh.row_count().await;
    for etag in [&task.etag, "nonsense"] {
        let answer = alice.update_task(rename("Call Dora", etag)).await;
        assert_refused(answer, ErrorCode::StaleEtag, "read it again");
    }
    assert_eq!(alice.get(&task.id).await, changed);
    assert_eq!(mesh.row_count().await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_the_due_time_of_an_occurrence_leaves_its_series_alone() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let request = pb::UpdateTaskRequest {
        due_time: at(MONDAY_NINE + HOUR),
        ..update(&task, &["due_time"])
    };
    let moved = alice.change(request).await;
    assert_eq!(moved.due_time, at(MONDAY_NINE + HOUR));
    assert_eq!(moved.series_id, task.series_id);
    assert_eq!(moved.recurrence_id, task.recurrence_id);
    assert_eq!(mesh.recurrence.questions().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_rule_zone_or_anchor_begins_a_new_series() {
    let (_, alice) = start().await;
    let task = alice.add(weekly()).await;

    let request = pb::UpdateTaskRequest {
        recurrence_rule: "FREQ=WEEKLY;BYDAY=TH".to_owned(),
        ..update(&task, &["recurrence_rule"])
    };
    let thursdays = alice.change(request).await;
    assert_ne!(thursdays.series_id, task.series_id);
    assert_eq!(thursdays.recurrence_id, "2026-12-08T09:00:00");
    assert_eq!(thursdays.due_time, at(MONDAY_NINE + DAY));

    let request = pb::UpdateTaskRequest {
        time_zone: "America/New_York".to_owned(),
        ..update(&task, &["time_zone"])
    };
    let elsewhere = alice.change(request).await;
    assert_ne!(elsewhere.series_id, thursdays.series_id);
    assert_eq!(elsewhere.recurrence_id, "2026-12-09T03:00:00");

    let request = pb::UpdateTaskRequest {
        recurrence_anchor: pb::RecurrenceAnchor::Completion.into(),
        ..update(&task, &["recurrence_anchor"])
    };
    let from_completion = alice.change(request).await;
    assert_ne!(from_completion.series_id, elsewhere.series_id);
    assert_eq!(from_completion.recurrence_rule, "FREQ=WEEKLY;BYDAY=TH");
    assert_eq!(alice.get(&task.id).await, from_completion);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_makes_a_plain_task_repeat() {
    let (_, alice) = start().await;
    let task = alice.create("Water the plants").await;
    let request = pb::UpdateTaskRequest {
        due_time: at(MONDAY_NINE),
        time_zone: "Europe/Berlin".to_owned(),
        recurrence_rule: "FREQ=DAILY".to_owned(),
        ..update(&task, &["due_time", "time_zone", "recurrence_rule"])
    };
    let daily = alice.change(request).await;
    assert_eq!(daily.recurrence_id, "2026-12-07T09:00:00");
    assert_eq!(daily.recurrence_anchor(), pb::RecurrenceAnchor::Schedule);

    let no_zone = update(&task, &["time_zone"]);
    assert_eq!(fields(alice.update_task(no_zone).await), ["time_zone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn emptying_the_rule_ends_the_series() {
    let (mesh, alice) = start().await;
    let first = alice.add(weekly()).await;
    alice.complete(&first.id).await.unwrap();
    let answer = mesh.follow(&first).await;
    let second = answer.task.unwrap();

    let once = alice.change(update(&second, &["recurrence_rule"])).await;
    assert_eq!(
        (once.series_id.as_str(), once.recurrence_id.as_str()),
        ("", "")
    );
    assert_eq!(once.recurrence_anchor(), pb::RecurrenceAnchor::Unspecified);
    assert_eq!(once.due_time, second.due_time);

    // Completing an occurrence of the past once more does not bring the series back.
    alice.reopen(&first.id).await.unwrap();
    alice.complete(&first.id).await.unwrap();
    let answer = mesh.follow(&first).await;
    assert_eq!((answer.task, answer.created), (None, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn past_occurrence_leaves_series_without_ending_it() {
    let (mesh, alice) = start().await;
    let first = alice.add(weekly()).await;
    alice.complete(&first.id).await.unwrap();
    let answer = mesh.follow(&first).await;
    let second = answer.task.unwrap();

    alice.reopen(&first.id).await.unwrap();
    alice.change(update(&first, &["recurrence_rule"])).await;
    alice.complete(&second.id).await.unwrap();
    let answer = mesh.follow(&second).await;
    assert!(answer.created);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recurrence_of_a_completed_task_stays_as_it_was() {
    let (_, alice) = start().await;
    let task = alice.add(weekly()).await;
    let done = alice.complete(&task.id).await.unwrap();
    let request = pb::UpdateTaskRequest {
        recurrence_rule: "FREQ=DAILY".to_owned(),
        ..update(&task, &["recurrence_rule"])
    };
    assert_refused(
        alice.update_task(request).await,
        ErrorCode::FailedPrecondition,
        "reopen this one first",
    );
    assert_eq!(alice.get(&task.id).await, done);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_question_leaves_the_task_alone() {
    let (_, alice) = start().await;
    let task = alice.add(weekly()).await;
    let request = pb::UpdateTaskRequest {
        recurrence_rule: UNANSWERED.to_owned(),
        ..update(&task, &["recurrence_rule"])
    };
    assert_refused(
        alice.update_task(request).await,
        ErrorCode::Unavailable,
        "try again",
    );
    assert_eq!(alice.get(&task.id).await, task);
}

#[tokio::test(flavor = "multi_thread")]
async fn task_that_changes_during_rule_check_is_checked_again() {
    let (mesh, alice) = start().await;
    let due = |seconds| pb::CreateTaskRequest {
        due_time: at(seconds),
        ..titled("Water the plants")
    };
    let task = alice.add(due(MONDAY_NINE)).await;
    let held = mesh.recurrence.hold().await;
    let repeats = alice.update_task(pb::UpdateTaskRequest {
        recurrence_rule: "FREQ=DAILY".to_owned(),
        ..update(&task, &["recurrence_rule"])
    });
    let moves = async {
        mesh.recurrence.asked().await;
        let request = pb::UpdateTaskRequest {
            due_time: at(MONDAY_NINE + DAY),
            ..update(&task, &["due_time"])
        };
        alice.change(request).await;
        drop(held);
    };
    let (answer, ()) = futures::join!(repeats, moves);
    let answer = answer.unwrap();
    assert_eq!(answer.due_time, at(MONDAY_NINE + DAY));
    assert!(answer.recurrence_id.starts_with("2026-12-08T"));
    let starts = mesh.recurrence.questions();
    let starts: Vec<_> = starts.iter().map(|asked| asked.start_time).collect();
    assert_eq!(starts, [at(MONDAY_NINE), at(MONDAY_NINE + DAY)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_at_the_same_time_lose_nothing() {
    let (mesh, alice) = start().await;
    let task = alice.add(weekly()).await;
    let priorities = (0..10).map(|turn| {
        alice.update_task(pb::UpdateTaskRequest {
            priority: 3 + turn % 2,
            ..update(&task, &["priority"])
        })
    });
    let rules = ["FREQ=DAILY", "FREQ=MONTHLY", "FREQ=DAILY", "FREQ=MONTHLY"].map(|rule| {
        alice.update_task(pb::UpdateTaskRequest {
            recurrence_rule: rule.to_owned(),
            ..update(&task, &["recurrence_rule"])
        })
    });
    let (priorities, rules) = futures::join!(join_all(priorities), join_all(rules));
    for answer in priorities.into_iter().chain(rules) {
        answer.unwrap();
    }
    let task = alice.get(&task.id).await;
    assert!(task.priority >= 3);
    assert_ne!(task.recurrence_rule, "FREQ=WEEKLY");
    let versions: i64 = task.etag.parse().unwrap();
    assert_eq!(mesh.event_count("task-events").await, versions);
}
