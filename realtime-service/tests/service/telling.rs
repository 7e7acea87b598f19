//! Messages of streams, and their ends.

use service_runtime::{ids::Ids, testing::TestTopics};
use taskmesh_proto::{
    notification::v1::Reminder,
    realtime::v1::{TaskChange, watch_response::Event},
    topics,
};
use tonic::Code;

use crate::support::{Replica, change_of, publish, publish_tag, publish_task, task};

#[tokio::test]
async fn stream_has_only_changes_of_its_user() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    let mut bob = replica.watch_now("bob").await;
    for (user, title) in [
        ("alice", "1"),
        ("bob", "2"),
        ("alice", "3"),
        ("carol", "4"),
        ("alice", "5"),
    ] {
        publish_task(&topics, user, title).await;
    }
    assert_eq!(alice.titles().await, ["1", "3", "5"]);
    assert_eq!(bob.titles().await, ["2"]);
    replica.stop().await;
}

#[tokio::test]
async fn every_kind_of_change_is_told_whole() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    publish_tag(&topics, "alice", "urgent").await;
    let reminder = TaskChange {
        event_id: Ids.uuid_v7().to_string(),
        user_id: "alice".to_owned(),
        task_version: 3,
        reminder: Some(Reminder {
            task_title: "water the plants".to_owned(),
            ..Reminder::default()
        }),
        ..TaskChange::default()
    };
    publish(&topics, &reminder).await;
    let tag = alice.change().await.tag.unwrap();
    assert_eq!(tag.display_name, "urgent");
    assert_eq!(alice.change().await, reminder);
    replica.stop().await;
}

#[tokio::test]
async fn every_replica_tells_everybody() {
    let topics = TestTopics::create().await;
    let replicas = [Replica::start(&topics).await, Replica::start(&topics).await];
    let mut streams = Vec::new();
    for replica in &replicas {
        for user in ["alice", "bob", "carol", "dave"] {
            streams.push((user, replica.watch_now(user).await));
        }
    }
    for user in ["alice", "bob", "carol", "dave"] {
        publish_task(&topics, user, user).await;
    }
    for (user, stream) in &mut streams {
        assert_eq!(stream.title().await, *user);
    }
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test]
async fn resent_event_is_sent_once() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    let change = change_of("alice", &task("once"), 1);
    publish(&topics, &change).await;
    publish(&topics, &change).await;
    publish_task(&topics, "alice", "next").await;
    assert_eq!(alice.titles().await, ["once", "next"]);
    replica.stop().await;
}

#[tokio::test]
async fn invalid_record_is_skipped() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    let headers = rdkafka::message::OwnedHeaders::new();
    let garbage = b"no message".to_vec();
    topics
        .publish_raw(&topics::TASK_UPDATES, "alice", headers, garbage)
        .await;
    let of_another = change_of("bob", &task("not for alice"), 1);
    let id = Ids.uuid_v7();
    topics
        .publish(&topics::TASK_UPDATES, "alice", id, "x", &of_another)
        .await;
    publish_task(&topics, "alice", "next").await;
    assert_eq!(alice.title().await, "next");
    replica.stop().await;
}

#[tokio::test]
async fn heartbeats_can_be_resumed_from() {
    let topics = TestTopics::create().await;
    let replica = Replica::start_with(&topics, &[("WATCH__HEARTBEAT_MS", "50")]).await;
    let mut alice = replica.watch_now("alice").await;
    let event = alice.event().await;
    assert!(matches!(event, Event::Heartbeat(_)), "{event:?}");
    let mut again = replica.watch_behind("alice", &alice.resume_token).await;
    again.live().await;
    replica.stop().await;
}

#[tokio::test]
async fn shutdown_ends_streams_as_unavailable() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    let stopping = tokio::spawn(replica.stop());
    let end = alice.next().await.unwrap_err();
    assert_eq!(end.code(), Code::Unavailable);
    stopping.await.unwrap();
}
