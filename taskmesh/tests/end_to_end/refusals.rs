//! What the mesh refuses, and in which words.

use std::net::TcpListener;

use reqwest::StatusCode;
use tempfile::tempdir;

use super::{
    client::Client,
    mesh::{Mesh, program, up},
};

#[tokio::test]
async fn a_port_that_is_taken_is_named_before_anything_starts() {
    let folder = tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = folder.path().join("data");
    let output = up(&data).args(["--kafka-port", &port]).output().await;
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("port {port} of the")), "{text}");
    assert!(
        text.contains("--kafka-port or TASKMESH_KAFKA_PORT"),
        "{text}"
    );
    assert!(!data.join("postgres").exists());
}

#[tokio::test]
async fn a_second_mesh_in_the_same_folder_is_refused() {
    let mesh = Mesh::start().await;
    let output = up(&mesh.data()).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("another mesh"), "{text}");
    assert!(text.contains("--data-dir"), "{text}");
}

#[tokio::test]
async fn a_token_for_another_user_lets_that_user_in_and_shows_nobody_elses_tasks() {
    let mesh = Mesh::start().await;
    Client::of(&mesh).create_task("Alice's").await.unwrap();
    let output = program()
        .args(["token", "--user", "bob", "--ttl", "1h", "--data-dir"])
        .arg(mesh.data())
        .output()
        .await
        .unwrap();
    let mut token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let bob = Client::with_token(&mesh, &token);
    assert!(bob.task_ids().await.is_empty());

    token.push('x');
    let nobody = Client::with_token(&mesh, &token);
    let answer = nobody.request("GET", "/v1/tasks").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}
