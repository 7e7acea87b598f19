//! Streams that are taken up again: where, and where not.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use realtime_service::{Position, TokenKeys};
use service_runtime::{grpc::FieldViolation, ids::Ids, testing::TestTopics};
use taskmesh_proto::{realtime::v1::ResyncReason, topics::TASK_UPDATES};
use tonic::Code;

use crate::support::{Replica, behind, change_of, publish, publish_task, task};

#[tokio::test]
async fn stream_resumes_at_another_replica() {
    let topics = TestTopics::create().await;
    let [one, other] = [Replica::start(&topics).await, Replica::start(&topics).await];
    let mut alice = one.watch_now("alice").await;
    for title in ["1", "2", "3", "4"] {
        publish_task(&topics, "alice", title).await;
        publish_task(&topics, "bob", title).await;
    }
    assert_eq!(alice.titles().await, ["1", "2"]);
    let mut again = other.watch_behind("alice", &alice.resume_token).await;
    again.live().await;
    assert_eq!(again.titles().await, ["3", "4"]);
    publish_task(&topics, "alice", "5").await;
    assert_eq!(again.titles().await, ["5"]);
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn stream_resumes_on_empty_topic() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let alice = replica.watch_now("alice").await;
    publish_task(&topics, "alice", "1").await;
    let mut again = replica.watch_behind("alice", &alice.resume_token).await;
    again.live().await;
    assert_eq!(again.titles().await, ["1"]);
    replica.stop().await;
}

#[tokio::test]
async fn old_changes_are_read_from_topic() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    for number in 0..20 {
        publish_task(&topics, "alice", &number.to_string()).await;
        publish_task(&topics, "bob", "of bob").await;
    }
    assert_eq!(alice.titles().await, ["0", "1"]);
    replica.stop().await;

    let fresh = Replica::start_with(&topics, &[("FEED__MAX_RECORDS", "5")]).await;
    let mut again = fresh.watch_behind("alice", &alice.resume_token).await;
    again.live().await;
    for number in 2..20 {
        assert_eq!(again.title().await, number.to_string());
    }
    publish_task(&topics, "alice", "new").await;
    assert_eq!(again.titles().await, ["new"]);
    fresh.stop().await;
}

#[tokio::test]
async fn event_before_token_is_not_repeated() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    let change = change_of("alice", &task("once"), 1);
    publish(&topics, &change).await;
    publish_task(&topics, "alice", "seen").await;
    assert_eq!(alice.titles().await, ["once", "seen"]);
    replica.stop().await;
    publish(&topics, &change).await;
    publish_task(&topics, "alice", "next").await;

    // With one record in memory, the one before it is read from the topic.
    for records in ["1", "2"] {
        let fresh = Replica::start_with(&topics, &[("FEED__MAX_RECORDS", records)]).await;
        let mut again = fresh.watch_behind("alice", &alice.resume_token).await;
        again.live().await;
        assert_eq!(again.title().await, "next", "with {records} in memory");
        fresh.stop().await;
    }
}

#[tokio::test]
async fn token_of_deleted_records_gets_resync() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    for title in ["1", "2", "3"] {
        publish_task(&topics, "alice", title).await;
    }
    assert_eq!(alice.titles().await, ["1"]);
    replica.stop().await;
    topics.forget(&TASK_UPDATES).await;

    let fresh = Replica::start(&topics).await;
    let mut again = fresh.watch_behind("alice", &alice.resume_token).await;
    assert_eq!(again.resync().await, ResyncReason::TooOld);
    fresh.stop().await;
}

#[tokio::test]
async fn client_too_far_behind_gets_resync() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let alice = replica.watch_now("alice").await;
    for number in 0..10 {
        publish_task(&topics, "alice", &number.to_string()).await;
    }
    let settings = [("FEED__MAX_RECORDS", "2"), ("WATCH__MAX_PENDING", "5")];
    let strict = Replica::start_with(&topics, &settings).await;
    let mut again = strict.watch_behind("alice", &alice.resume_token).await;
    assert_eq!(again.resync().await, ResyncReason::TooOld);
    replica.stop().await;
    strict.stop().await;
}

#[tokio::test]
async fn token_of_recreated_topic_gets_resync() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    for title in ["1", "2", "3"] {
        publish_task(&topics, "alice", title).await;
    }
    assert_eq!(alice.titles().await, ["1", "2"]);
    let keys = TokenKeys::new(replica.config.tokens.secrets()).unwrap();
    let user = "alice".parse().unwrap();
    let position = keys.open(&user, &alice.resume_token).unwrap();
    let elsewhere = [
        Position {
            event_id: Ids.uuid_v7(),
            ..position
        },
        Position {
            offset: position.offset + 1_000,
            ..position
        },
        Position {
            partition: (position.partition + 1) % 3,
            ..position
        },
    ];
    for position in elsewhere {
        let token = keys.seal(&user, &position);
        let mut again = replica.watch_behind("alice", &token).await;
        assert_eq!(again.resync().await, ResyncReason::Unknown, "{position:?}");
    }
    // What was sealed with the secret, but is read from the topic, is looked at as well.
    let fresh = Replica::start_with(&topics, &[("FEED__MAX_RECORDS", "1")]).await;
    let token = keys.seal(
        &user,
        &Position {
            event_id: Ids.uuid_v7(),
            offset: position.offset - 1,
            ..position
        },
    );
    let mut again = fresh.watch_behind("alice", &token).await;
    assert_eq!(again.resync().await, ResyncReason::Unknown);
    replica.stop().await;
    fresh.stop().await;
}

#[tokio::test]
async fn foreign_or_changed_token_is_refused() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let mut alice = replica.watch_now("alice").await;
    publish_task(&topics, "alice", "1").await;
    alice.title().await;
    let token = alice.resume_token;
    let mut changed = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
    *changed.last_mut().unwrap() ^= 1;
    let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
    let cases = [
        ("bob", token.as_str()),
        ("alice", &changed),
        ("alice", &token[1..]),
        ("alice", "made up"),
    ];
    for (user, token) in cases {
        let refusal = replica.try_watch(user, behind(token)).await;
        let refusal = refusal.map(drop).unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument, "{user} {token}");
        assert_eq!(FieldViolation::all_of(&refusal)[0].field, "resume_token");
    }
    replica.stop().await;
}
