//! Streams of some tasks only.

use service_runtime::{clock::timestamp, grpc::FieldViolation, ids::Ids, testing::TestTopics};
use taskmesh_proto::{
    realtime::v1::{TaskChange, WatchRequest, watch_response::Event},
    task::v1::{SavedFilter, Settings, Task},
};
use tonic::Code;

use crate::support::{FakeTasks, Replica, Stream, change_of, publish, publish_tag, task};

fn with_filter(filter: &str) -> WatchRequest {
    WatchRequest {
        filter: filter.to_owned(),
        ..WatchRequest::default()
    }
}

fn with_saved_filter(name: &str) -> WatchRequest {
    WatchRequest {
        saved_filter: name.to_owned(),
        ..WatchRequest::default()
    }
}

fn saved_filter(filter: &str) -> SavedFilter {
    SavedFilter {
        id: Ids.uuid_v7().to_string(),
        display_name: "Hot drinks".to_owned(),
        filter: filter.to_owned(),
        ..SavedFilter::default()
    }
}

/// Returns a change that is not of a task.
fn change() -> TaskChange {
    TaskChange {
        event_id: Ids.uuid_v7().to_string(),
        user_id: "alice".to_owned(),
        task_version: 1,
        ..TaskChange::default()
    }
}

/// Publishes a version of a task and returns whether the stream reports a match.
async fn matches(topics: &TestTopics, stream: &mut Stream, task: &Task, version: i64) -> bool {
    publish(topics, &change_of("alice", task, version)).await;
    match stream.event().await {
        Event::Change(change) => {
            assert_eq!(change.task.as_ref(), Some(task));
            true
        }
        Event::Unmatched(unmatched) => {
            let reported = (unmatched.task_id.as_str(), unmatched.task_version);
            assert_eq!(reported, (task.id.as_str(), version));
            false
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn filter_is_evaluated_on_reported_version() {
    let topics = TestTopics::create().await;
    let url = FakeTasks::default().serve().await;
    let replica = Replica::start_with(&topics, &[("TASK_URL", &url)]).await;
    let mut stream = replica.watch("alice", with_filter("title = tea")).await;
    stream.live().await;
    let (mut tea, coffee) = (task("tea"), task("coffee"));
    assert!(matches(&topics, &mut stream, &tea, 1).await);
    assert!(!matches(&topics, &mut stream, &coffee, 1).await);
    tea.title = "cold tea".to_owned();
    assert!(!matches(&topics, &mut stream, &tea, 2).await);
    tea.title = "tea".to_owned();
    assert!(matches(&topics, &mut stream, &tea, 3).await);
    // An older version that is delivered late is judged as it was.
    tea.title = "iced tea".to_owned();
    assert!(!matches(&topics, &mut stream, &tea, 2).await);
    publish_tag(&topics, "alice", "urgent").await;
    assert!(stream.change().await.tag.is_some());
    replica.stop().await;
}

#[tokio::test]
async fn completed_and_deleted_tasks_match_as_in_lists() {
    let topics = TestTopics::create().await;
    let url = FakeTasks::default().serve().await;
    let replica = Replica::start_with(&topics, &[("TASK_URL", &url)]).await;
    let open = task("tea");
    let completed = Task {
        complete_time: Some(timestamp(chrono::DateTime::UNIX_EPOCH)),
        ..open.clone()
    };
    let deleted = Task {
        delete_time: completed.complete_time,
        ..open.clone()
    };
    for (filter, show_completed, expected) in [
        ("title = tea", false, [true, false, false]),
        ("title = tea", true, [true, true, false]),
        ("state = completed", false, [false, true, false]),
        ("NOT complete:*", true, [true, false, false]),
    ] {
        let request = WatchRequest {
            show_completed,
            ..with_filter(filter)
        };
        let mut stream = replica.watch("alice", request).await;
        stream.live().await;
        for (task, expected) in [&open, &completed, &deleted].into_iter().zip(expected) {
            let found = matches(&topics, &mut stream, task, 1).await;
            assert_eq!(found, expected, "{filter}: {task:?}");
        }
    }
    replica.stop().await;
}

#[tokio::test]
async fn saved_filter_change_affects_open_streams() {
    let topics = TestTopics::create().await;
    let tasks = FakeTasks::default();
    tasks.save_filters(&[saved_filter("title = tea")]);
    let url = tasks.serve().await;
    let replica = Replica::start_with(&topics, &[("TASK_URL", &url)]).await;
    let mut stream = replica
        .watch("alice", with_saved_filter("hot drinks"))
        .await;
    stream.live().await;
    let (tea, coffee) = (task("tea"), task("coffee"));
    assert!(matches(&topics, &mut stream, &tea, 1).await);
    assert!(!matches(&topics, &mut stream, &coffee, 1).await);
    let changed = saved_filter("title = coffee");
    tasks.save_filters(std::slice::from_ref(&changed));
    let update = || TaskChange {
        saved_filter: Some(changed.clone()),
        ..change()
    };
    publish(&topics, &update()).await;
    assert!(stream.change().await.saved_filter.is_some());
    assert!(!matches(&topics, &mut stream, &tea, 2).await);
    assert!(matches(&topics, &mut stream, &coffee, 2).await);

    tasks.save_filters(&[]);
    publish(&topics, &update()).await;
    let refusal = stream.next().await.unwrap_err();
    let violations = FieldViolation::all_of(&refusal);
    assert_eq!(violations[0].field, "saved_filter");
    replica.stop().await;
}

#[tokio::test]
async fn today_is_in_time_zone_of_user() {
    let topics = TestTopics::create().await;
    let tasks = FakeTasks::default();
    let url = tasks.serve().await;
    let replica = Replica::start_with(&topics, &[("TASK_URL", &url)]).await;
    let in_zone = |time_zone: &str| Settings {
        time_zone: time_zone.to_owned(),
        ..Settings::default()
    };
    // The zones are 25 hours apart, so their dates always differ.
    tasks.set_settings(&in_zone("Pacific/Kiritimati"));
    let mut stream = replica.watch("alice", with_filter("due > today")).await;
    stream.live().await;
    let now = service_runtime::clock::Clock::system().now();
    let due = Task {
        due_date: (now + chrono::TimeDelta::hours(14))
            .date_naive()
            .to_string(),
        ..task("tea")
    };
    assert!(!matches(&topics, &mut stream, &due, 1).await);
    tasks.set_settings(&in_zone("Pacific/Pago_Pago"));
    let change = TaskChange {
        settings: Some(in_zone("Pacific/Pago_Pago")),
        ..change()
    };
    publish(&topics, &change).await;
    assert!(stream.change().await.settings.is_some());
    assert!(matches(&topics, &mut stream, &due, 2).await);
    replica.stop().await;
}

#[tokio::test]
async fn invalid_filter_has_error_of_task_service() {
    let topics = TestTopics::create().await;
    let url = FakeTasks::default().serve().await;
    let replica = Replica::start_with(&topics, &[("TASK_URL", &url)]).await;
    for (request, field) in [
        (with_filter("titel = tea"), "filter"),
        (with_saved_filter("nothing"), "saved_filter"),
    ] {
        let refusal = replica.try_watch("alice", request).await;
        let refusal = refusal.map(drop).unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument);
        let violations = FieldViolation::all_of(&refusal);
        assert_eq!(violations[0].field, field, "{violations:?}");
    }
    replica.stop().await;
}

#[tokio::test]
async fn unfiltered_streams_work_without_task_service() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let refusal = replica.try_watch("alice", with_filter("title = tea")).await;
    assert_eq!(refusal.map(drop).unwrap_err().code(), Code::Unavailable);
    replica.watch_now("alice").await;
    replica.stop().await;
}
