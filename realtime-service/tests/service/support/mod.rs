mod fake_tasks;
mod replica;
mod stream;

pub use fake_tasks::FakeTasks;
pub use replica::{Replica, behind};
pub use stream::Stream;

use service_runtime::{ids::Ids, testing::TestTopics};
use taskmesh_proto::{
    realtime::v1::TaskChange,
    task::v1::{Tag, Task},
    topics,
};

pub fn task(title: &str) -> Task {
    Task {
        id: Ids.uuid_v7().to_string(),
        title: title.to_owned(),
        ..Task::default()
    }
}

/// Returns the change of a task, as the task-service tells it.
pub fn change_of(user: &str, task: &Task, version: i64) -> TaskChange {
    TaskChange {
        event_id: Ids.uuid_v7().to_string(),
        user_id: user.to_owned(),
        task_version: version,
        task: Some(task.clone()),
        ..TaskChange::default()
    }
}

/// Puts a change on the topic.
pub async fn publish(topics: &TestTopics, change: &TaskChange) {
    let id = change.event_id.parse().unwrap();
    let kind = "taskmesh.task.v1.TaskUpdated";
    topics
        .publish(&topics::TASK_UPDATES, &change.user_id, id, kind, change)
        .await;
}

/// Puts the change of a new task with this title on the topic.
pub async fn publish_task(topics: &TestTopics, user: &str, title: &str) {
    publish(topics, &change_of(user, &task(title), 1)).await;
}

/// Puts the change of a new tag with this name on the topic.
pub async fn publish_tag(topics: &TestTopics, user: &str, name: &str) {
    let tag = Tag {
        id: Ids.uuid_v7().to_string(),
        display_name: name.to_owned(),
        ..Tag::default()
    };
    let change = TaskChange {
        event_id: Ids.uuid_v7().to_string(),
        user_id: user.to_owned(),
        task_version: 1,
        tag: Some(tag),
        ..TaskChange::default()
    };
    publish(topics, &change).await;
}
