//! Snapshots and the changes after them.

use service_runtime::testing::TestTopics;
use taskmesh_proto::realtime::v1::{Snapshot, watch_response::Event};

use crate::support::{FakeTasks, Replica, Stream, change_of, publish, publish_task, task};

/// Takes the parts of a snapshot up to its end and puts them together.
async fn snapshot(stream: &mut Stream) -> Snapshot {
    let mut whole = Snapshot::default();
    loop {
        match stream.event().await {
            Event::Snapshot(part) => {
                assert_eq!(stream.resume_token, "");
                whole.categories.extend(part.categories);
                whole.tags.extend(part.tags);
                whole.tasks.extend(part.tasks);
            }
            Event::Live(_) => return whole,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn changes_during_snapshot_follow_without_gap() {
    let topics = std::sync::Arc::new(TestTopics::create().await);
    let tasks = FakeTasks::default();
    let url = tasks.serve().await;
    let replica = Replica::start_with(&topics, &[("TASK_URL", &url)]).await;
    publish_task(&topics, "alice", "long ago").await;
    let mut first = replica.watch_now("alice").await;
    publish_task(&topics, "alice", "before").await;
    // What came before it may have been read after this stream began.
    while first.title().await != "before" {}

    let [told, not_told, moved] = ["told", "not told", "later"].map(task);
    tasks.add(&told);
    tasks.add(&moved);
    let (changing, renamed) = (topics.clone(), told.clone());
    tasks.meanwhile(move || async move {
        // A task that was told already changes, and one appears on a page that was told.
        let mut renamed = renamed;
        renamed.title = "renamed".to_owned();
        publish(&changing, &change_of("alice", &renamed, 2)).await;
        publish(&changing, &change_of("alice", &not_told, 1)).await;
    });
    let mut alice = replica.watch_snapshot("alice").await;
    let whole = snapshot(&mut alice).await;
    assert_eq!(whole.categories[0].display_name, "home");
    assert_eq!(whole.tags[0].display_name, "urgent");
    assert_eq!(whole.tasks, [told, moved]);
    assert_eq!(alice.titles().await, ["renamed", "not told"]);
    replica.stop().await;
}

#[tokio::test]
async fn snapshot_end_resumes_at_another_replica() {
    let topics = TestTopics::create().await;
    let tasks = FakeTasks::default();
    let url = tasks.serve().await;
    let settings = [("TASK_URL", url.as_str())];
    let one = Replica::start_with(&topics, &settings).await;
    let other = Replica::start_with(&topics, &settings).await;
    let mut alice = one.watch_snapshot("alice").await;
    snapshot(&mut alice).await;
    publish_task(&topics, "alice", "1").await;
    let mut again = other.watch_behind("alice", &alice.resume_token).await;
    again.live().await;
    assert_eq!(again.titles().await, ["1"]);
    one.stop().await;
    other.stop().await;
}
