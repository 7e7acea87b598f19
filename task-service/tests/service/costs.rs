//! Commits and statements of the main calls: a further one is a decision.

use service_runtime::testing::Count;
use taskmesh_proto::task::v1 as pb;

use crate::support::{Mesh, start, titled};

/// Returns the cost of the calls since the last time, without background work.
fn costs(mesh: &Mesh) -> Vec<(&'static str, u32, u32)> {
    let counts = mesh.service.take_counts().into_iter();
    let calls = counts.filter(|(name, _)| !["fold_words", "claim_partition"].contains(name));
    let cost = |(
        name,
        Count {
            commits,
            statements,
        },
    )| (name, commits, statements);
    calls.map(cost).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_have_exact_numbers_of_commits_and_statements() {
    let (mesh, alice) = start().await;
    let task = alice.create("Call Bob").await;
    let create = costs(&mesh);
    alice.get(&task.id).await;
    let get = costs(&mesh);
    let list = pb::ListTasksRequest::default();
    alice.list_tasks(list).await.unwrap();
    let list = costs(&mesh);
    alice.complete(&task.id).await.unwrap();
    let complete = costs(&mesh);
    assert_eq!(
        [create, get, list, complete].concat(),
        [
            ("create_task", 1, 8),
            ("find_tasks", 0, 1),
            ("list_tasks", 0, 1),
            ("complete_task", 1, 7),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_a_page_are_read_at_once() {
    let (mesh, alice) = start().await;
    alice.category("Home").await;
    for title in ["Sweep", "Mow"] {
        let labelled = pb::CreateTaskRequest {
            category: "Home".to_owned(),
            tags: ["garden", title].map(str::to_owned).to_vec(),
            ..titled(title)
        };
        alice.add(labelled).await;
    }
    costs(&mesh);
    let list = pb::ListTasksRequest::default();
    let page = alice.list_tasks(list).await.unwrap().tasks;
    assert_eq!(page[0].tags, ["garden", "Mow"]);
    assert_eq!(costs(&mesh), [("list_tasks", 0, 2)]);
}
