//! The same journey with `kill -9` of the whole mesh after each step: nothing lost, nothing twice.

use chrono::TimeDelta;

use super::{
    doors::Door,
    journey::{draft, followed_once, reminded_once, told},
    mesh::Mesh,
};

async fn journey(door: Door) {
    let mut mesh = Mesh::start().await;
    let title = format!("Survive by {door:?}");
    let draft = draft(&title, TimeDelta::seconds(30));
    let task = door.create(&mesh.addresses, &draft).await;

    // Right after the answer: the event may not have left the outbox.
    mesh.kill_and_restart().await;
    let series = door.list_occurrences(&mesh.addresses, &task.title).await;
    assert_eq!(series, std::slice::from_ref(&task));
    told(&mesh, &task, &["TaskCreated"]).await;

    // Before the reminder fires: it is armed in the database only.
    mesh.kill_and_restart().await;
    reminded_once(&mesh, &task).await;

    let completed = door.complete(&mesh.addresses, &task.id).await;
    // Right after the answer: the next occurrence may not exist yet.
    mesh.kill_and_restart().await;
    let next = followed_once(&mesh, door, &completed).await;
    told(&mesh, &task, &["TaskCreated", "TaskCompleted"]).await;
    told(&mesh, &next, &["TaskCreated"]).await;
    reminded_once(&mesh, &task).await;
}

#[tokio::test]
async fn a_mesh_that_is_killed_loses_and_doubles_nothing_over_json() {
    journey(Door::Json).await;
}

#[tokio::test]
async fn a_mesh_that_is_killed_loses_and_doubles_nothing_over_mcp() {
    journey(Door::Mcp).await;
}

#[tokio::test]
async fn a_mesh_that_is_killed_loses_and_doubles_nothing_over_grpc() {
    journey(Door::Grpc).await;
}
