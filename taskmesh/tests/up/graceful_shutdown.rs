//! The mesh stops when it is told to, under load, and loses nothing that it has answered.

use std::{sync::Arc, time::Duration};

use tempfile::tempdir;
use tokio::{task::JoinSet, time::sleep};

use crate::test_mesh::TestMesh;

#[tokio::test]
async fn a_mesh_under_load_stops_cleanly_and_keeps_every_task_it_has_answered_for() {
    let folder = tempdir().unwrap();
    let mesh = Arc::new(TestMesh::start(&folder).await);
    let mut clients = JoinSet::new();
    for client in 0..8 {
        let mesh = Arc::clone(&mesh);
        clients.spawn(async move {
            let mut answered = Vec::new();
            // Ends when the mesh no longer answers.
            while let Ok(id) = mesh.create_task(&format!("client {client}")).await {
                answered.push(id);
            }
            answered
        });
    }
    // Until the load is on.
    while mesh.task_ids().await.len() < 50 {
        sleep(Duration::from_millis(10)).await;
    }

    mesh.terminate();
    let answered: Vec<String> = clients.join_all().await.into_iter().flatten().collect();
    let mesh = Arc::into_inner(mesh).unwrap();
    let (status, time) = mesh.ended().await;
    println!(
        "{} tasks; stopped in {time:?} after the last answer",
        answered.len()
    );
    assert!(status.success(), "{status}");
    assert!(time < Duration::from_secs(10), "{time:?}");

    let mesh = TestMesh::start(&folder).await;
    let kept = mesh.task_ids().await;
    let lost: Vec<&String> = answered.iter().filter(|id| !kept.contains(id)).collect();
    assert!(lost.is_empty(), "lost {lost:?}");
}

#[tokio::test]
async fn an_idle_mesh_with_open_connections_stops_cleanly() {
    let folder = tempdir().unwrap();
    let mesh = TestMesh::start(&folder).await;
    // The client keeps the connection.
    mesh.create_task("one").await.unwrap();
    mesh.terminate();
    let (status, time) = mesh.ended().await;
    println!("stopped in {time:?}");
    assert!(status.success(), "{status}");
    assert!(time < Duration::from_secs(10), "{time:?}");
}
