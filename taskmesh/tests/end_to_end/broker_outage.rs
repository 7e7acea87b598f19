//! The broker is away for ten seconds: creates go on without an error, and their events arrive when it is back.

use std::{path::Path, process::Stdio, time::Duration};

use taskmesh_proto::task::v1::{self as pb, TaskEvent};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
    time::Instant,
};

use super::{
    doors::{authorized, grpc_client},
    mesh::{Mesh, program, until},
    topics,
};

const OUTAGE: Duration = Duration::from_secs(10);

async fn start_broker(folder: &Path, port: u16) -> (Child, u16) {
    let mut broker = program()
        .args(["broker", "--port", &port.to_string(), "--data-dir"])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(broker.stdout.take().unwrap()).lines();
    let address = lines
        .next_line()
        .await
        .unwrap()
        .expect("the broker tells its address");
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    (broker, port)
}

async fn create(mesh: &Mesh, title: String) -> String {
    let message = pb::CreateTaskRequest {
        title,
        ..pb::CreateTaskRequest::default()
    };
    let answer = grpc_client(&mesh.addresses)
        .create_task(authorized(&mesh.addresses, message))
        .await;
    answer.unwrap().into_inner().id
}

#[tokio::test]
async fn creates_go_on_while_the_broker_is_away_and_their_events_arrive_when_it_is_back() {
    let folder = TempDir::new().unwrap();
    let (mut broker, port) = start_broker(folder.path(), 0).await;
    let servers = format!("127.0.0.1:{port}");
    let mesh = Mesh::start_with(&[("KAFKA_BOOTSTRAP_SERVERS", &servers)]).await;
    let mut created = vec![create(&mesh, "before".to_owned()).await];

    broker.kill().await.unwrap();
    let outage = Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(100));
    while outage.elapsed() < OUTAGE {
        every.tick().await;
        created.push(create(&mesh, format!("meanwhile {}", created.len())).await);
    }
    let (_broker, _) = start_broker(folder.path(), port).await;
    created.push(create(&mesh, "after".to_owned()).await);

    let told = until("every event arrives", async || {
        let events = topics::read::<TaskEvent>(&mesh.addresses, "task-events").await;
        let told: Vec<String> = events.into_iter().map(|event| event.key).collect();
        created.iter().all(|id| told.contains(id)).then_some(told)
    })
    .await;
    assert!(told.len() >= created.len());
}
