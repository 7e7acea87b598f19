//! The mesh keeps its data, and recovers from what a kill leaves behind.

use std::fs;

use rustix::process::Signal;

use super::{
    client::Client,
    mesh::{Mesh, send},
};

#[tokio::test]
async fn a_task_is_still_there_after_a_stop_and_after_a_kill() {
    let mut mesh = Mesh::start().await;
    let client = Client::of(&mesh);
    let id = client.create_task("Water the plants").await.unwrap();
    let token = mesh.addresses.token.clone();
    mesh.terminate();
    let (status, _) = mesh.ended().await;
    assert!(status.success(), "{status}");

    mesh.restart().await;
    // The token of before the stop is good as well.
    let client = Client::with_token(&mesh, &token);
    assert_eq!(client.task_ids().await, [id.as_str()]);

    mesh.kill_and_restart().await;
    assert_eq!(Client::of(&mesh).task_ids().await, [id]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_database_server_that_outlived_its_mesh_is_stopped_by_the_next_one() {
    let mut mesh = Mesh::start().await;
    let client = Client::of(&mesh);
    let id = client.create_task("Water the plants").await.unwrap();
    let server = postmaster(&mesh);
    // The shells that would stop the server with its mesh are killed first.
    for shell in processes_of_group(group_of(server))
        .into_iter()
        .filter(|process| name_of(*process) == "sh")
    {
        send(shell, Signal::KILL);
    }
    mesh.kill().await;
    assert_eq!(name_of(server), "postgres", "the server is still there");

    mesh.restart().await;
    assert_ne!(postmaster(&mesh), server);
    assert_eq!(Client::of(&mesh).task_ids().await, [id]);
}

#[tokio::test]
async fn a_mesh_whose_database_dies_ends_with_a_failure_that_says_so() {
    let mut mesh = Mesh::start().await;
    send(postmaster(&mesh), Signal::KILL);
    let (status, _) = mesh.ended().await;
    assert_eq!(status.code(), Some(1));
    let log = mesh.log();
    assert!(log.contains("PostgreSQL stopped"), "{log}");
}

fn postmaster(mesh: &Mesh) -> i32 {
    let file = fs::read_to_string(mesh.data().join("postgres/postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
fn name_of(process: i32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    name.trim().to_owned()
}

#[cfg(target_os = "linux")]
fn group_of(process: i32) -> i32 {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name in brackets: state, parent, group.
    let fields = status.rsplit(')').next().unwrap_or_default();
    fields
        .split_whitespace()
        .nth(2)
        .and_then(|group| group.parse().ok())
        .unwrap_or(-1)
}

#[cfg(target_os = "linux")]
fn processes_of_group(group: i32) -> Vec<i32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|process| group_of(*process) == group).collect()
}
