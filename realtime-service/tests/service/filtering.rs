//! Streams of some tasks only.

use service_runtime::{grpc::FieldViolation, testing::TestTopics};
use taskmesh_proto::realtime::v1::{WatchRequest, watch_response::Event};
use tonic::Code;

use crate::support::{FakeTasks, Replica, change_of, publish, publish_tag, task};

fn with_filter(filter: &str) -> WatchRequest {
    WatchRequest {
        filter: filter.to_owned(),
        ..WatchRequest::default()
    }
}

#[tokio::test]
async fn a_task_that_does_not_match_or_no_longer_is_told_as_such() {
    let topics = TestTopics::create().await;
    let tasks = FakeTasks::default();
    let url = tasks.serve().await;
    let replica = Replica::start_with(&topics, &[("TASK_URL", &url)]).await;
    let mut alice = replica.watch("alice", with_filter("title = tea")).await;
    alice.live().await;

    let (mut tea, coffee) = (task("tea"), task("coffee"));
    tasks.add(&tea);
    tasks.add(&coffee);
    publish(&topics, &change_of("alice", &tea, 1)).await;
    assert_eq!(alice.title().await, "tea");
    publish(&topics, &change_of("alice", &coffee, 1)).await;
    let Event::Unmatched(unmatched) = alice.event().await else {
        panic!("coffee does not match");
    };
    assert_eq!((unmatched.task_id, unmatched.task_version), (coffee.id, 1));
    tea.title = "cold tea".to_owned();
    tasks.rename(&tea.id, &tea.title);
    publish(&topics, &change_of("alice", &tea, 2)).await;
    let Event::Unmatched(unmatched) = alice.event().await else {
        panic!("cold tea does not match");
    };
    assert_eq!((unmatched.task_id, unmatched.task_version), (tea.id, 2));
    publish_tag(&topics, "alice", "urgent").await;
    assert!(alice.change().await.tag.is_some());
    replica.stop().await;
}

#[tokio::test]
async fn a_filter_that_is_wrong_is_refused_in_the_words_of_the_task_service() {
    let topics = TestTopics::create().await;
    let url = FakeTasks::default().serve().await;
    let replica = Replica::start_with(&topics, &[("TASK_URL", &url)]).await;
    let refusal = replica.try_watch("alice", with_filter("nonsense")).await;
    let refusal = refusal.map(drop).unwrap_err();
    assert_eq!(refusal.code(), Code::InvalidArgument);
    let violations = FieldViolation::all_of(&refusal);
    assert_eq!(violations, [FieldViolation::new("filter", "is wrong")]);
    replica.stop().await;
}

#[tokio::test]
async fn without_the_task_service_streams_of_everything_go_on() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let refusal = replica.try_watch("alice", with_filter("title = tea")).await;
    assert_eq!(refusal.map(drop).unwrap_err().code(), Code::Unavailable);
    replica.watch_now("alice").await;
    replica.stop().await;
}
