//! The mesh stops when it is told to, under load, and loses nothing that it has answered.

use std::time::Duration;

use tokio::task::JoinSet;

use super::{
    client::Client,
    mesh::{Mesh, until},
};

#[tokio::test]
async fn a_mesh_under_load_stops_cleanly_and_keeps_every_task_it_has_answered_for() {
    let mut mesh = Mesh::start().await;
    let mut clients = JoinSet::new();
    for client in 0..8 {
        let door = Client::of(&mesh);
        clients.spawn(async move {
            let mut answered = Vec::new();
            // Ends when the mesh no longer answers.
            while let Ok(id) = door.create_task(&format!("client {client}")).await {
                answered.push(id);
            }
            answered
        });
    }
    let door = Client::of(&mesh);
    until("the load is on", async || {
        (door.task_ids().await.len() >= 50).then_some(())
    })
    .await;

    mesh.terminate();
    let answered: Vec<String> = clients.join_all().await.into_iter().flatten().collect();
    let (status, time) = mesh.ended().await;
    println!(
        "{} tasks; stopped in {time:?} after the last answer",
        answered.len()
    );
    assert!(status.success(), "{status}");
    assert!(time < Duration::from_secs(10), "{time:?}");

    mesh.restart().await;
    let kept = Client::of(&mesh).task_ids().await;
    let lost: Vec<&String> = answered.iter().filter(|id| !kept.contains(id)).collect();
    assert!(lost.is_empty(), "lost {lost:?}");
}

#[tokio::test]
async fn an_idle_mesh_with_open_connections_stops_cleanly() {
    let mut mesh = Mesh::start().await;
    let client = Client::of(&mesh);
    client.create_task("one").await.unwrap();
    mesh.terminate();
    let (status, time) = mesh.ended().await;
    println!("stopped in {time:?}");
    assert!(status.success(), "{status}");
    assert!(time < Duration::from_secs(10), "{time:?}");
}
