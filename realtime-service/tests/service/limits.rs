//! Clients that want too much, or take too little.

use service_runtime::testing::{TestTopics, eventually};
use taskmesh_proto::realtime::v1::{ResyncReason, WatchRequest, watch_response::Event};
use tonic::Code;

use crate::support::{Replica, publish_task};

#[tokio::test]
async fn slow_client_gets_resync_others_continue() {
    let topics = TestTopics::create().await;
    // Without heartbeats, however long the machine takes.
    let settings = [
        ("WATCH__MAX_PENDING", "50"),
        ("WATCH__HEARTBEAT_MS", "600000"),
    ];
    let replica = Replica::start_with(&topics, &settings).await;
    let mut slow = replica.watch_now("alice").await;
    let mut quick = replica.watch_now("alice").await;
    let mut bob = replica.watch_now("bob").await;
    let long = "x".repeat(20_000);
    let total = 400;
    for _ in 0..total {
        publish_task(&topics, "alice", &long).await;
        quick.title().await;
    }
    publish_task(&topics, "bob", "undisturbed").await;
    assert_eq!(bob.title().await, "undisturbed");
    let mut taken = 0;
    let reason = loop {
        match slow.event().await {
            Event::Change(_) => taken += 1,
            Event::Resync(resync) => break resync.reason(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reason, ResyncReason::TooSlow);
    assert!(taken < total, "{taken}");
    assert!(slow.next().await.unwrap().is_none());
    replica.stop().await;
}

#[tokio::test]
async fn stream_limit_of_user_is_enforced() {
    let topics = TestTopics::create().await;
    let replica = Replica::start_with(&topics, &[("WATCH__MAX_STREAMS_PER_USER", "2")]).await;
    let one = replica.watch_now("alice").await;
    let _two = replica.watch_now("alice").await;
    let refusal = replica.try_watch("alice", WatchRequest::default()).await;
    let refusal = refusal.map(drop).unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    assert!(refusal.message().contains("2 open streams"), "{refusal}");
    replica.watch_now("bob").await;
    drop(one);
    eventually("the service sees that the client is gone", async || {
        let opened = replica.try_watch("alice", WatchRequest::default()).await;
        opened.ok()
    })
    .await;
    replica.stop().await;
}

#[tokio::test]
async fn a_start_that_does_not_exist_is_refused() {
    let topics = TestTopics::create().await;
    let replica = Replica::start(&topics).await;
    let request = WatchRequest {
        start: 7,
        ..WatchRequest::default()
    };
    let refusal = replica.try_watch("alice", request).await;
    assert_eq!(refusal.map(drop).unwrap_err().code(), Code::InvalidArgument);
    replica.stop().await;
}
