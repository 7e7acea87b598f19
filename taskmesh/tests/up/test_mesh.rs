//! A mesh of its own for a test: the program as a user runs it, in a temporary folder, on free ports.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use reqwest::{RequestBuilder, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

const START_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const PORTS: [&str; 11] = [
    "--http-port",
    "--task-port",
    "--recurrence-port",
    "--notification-port",
    "--gateway-admin-port",
    "--task-admin-port",
    "--recurrence-admin-port",
    "--notification-admin-port",
    "--kafka-port",
    "--postgres-port",
    "--smtp-port",
];

/// Where the parts of a mesh answer.
#[derive(Debug, Clone, Deserialize)]
pub struct Addresses {
    pub http: String,
    pub token: String,
    pub process: i32,
}

/// A running mesh; dropping it kills it.
pub struct TestMesh {
    process: Child,
    folder: PathBuf,
    pub addresses: Addresses,
    client: reqwest::Client,
}

impl TestMesh {
    /// Starts a mesh in the folder and returns when it is ready.
    pub async fn start(folder: &TempDir) -> Self {
        let data = folder.path().join("data");
        let ready = folder.path().join("addresses.json");
        let _ = fs::remove_file(&ready);
        let output = folder.path().join("output");
        let mut process = command(&data)
            .arg("--addresses-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(File::create(&output).unwrap())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + START_LIMIT;
        while !ready.exists() {
            let status = process.try_wait().unwrap();
            let waits = status.is_none() && Instant::now() < deadline;
            assert!(
                waits,
                "the mesh does not start ({status:?}):\n{}",
                fs::read_to_string(&output).unwrap()
            );
            sleep(Duration::from_millis(20)).await;
        }
        let addresses = serde_json::from_slice(&fs::read(&ready).unwrap()).unwrap();
        Self {
            process,
            folder: data,
            addresses,
            client: reqwest::Client::new(),
        }
    }

    /// Returns the mesh's data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Prepares a request to the gateway as the demo user.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.addresses.http);
        self.client
            .request(method.parse().unwrap(), url)
            .bearer_auth(&self.addresses.token)
    }

    /// Creates a task; returns its id.
    pub async fn create_task(&self, title: &str) -> Result<String, reqwest::Error> {
        let body = serde_json::json!({ "title": title });
        let answer = self.request("POST", "/v1/tasks").json(&body).send().await?;
        let task: Value = answer.error_for_status()?.json().await?;
        Ok(task["id"].as_str().unwrap().to_owned())
    }

    /// Returns the ids of all tasks.
    pub async fn task_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        let mut page_token = String::new();
        loop {
            let path = format!("/v1/tasks?page_size=500&page_token={page_token}");
            let answer = self.request("GET", &path).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            let page: Value = answer.json().await.unwrap();
            let tasks = page["tasks"].as_array().unwrap();
            ids.extend(
                tasks
                    .iter()
                    .map(|task| task["id"].as_str().unwrap().to_owned()),
            );
            page_token = page["next_page_token"].as_str().unwrap().to_owned();
            if page_token.is_empty() {
                return ids;
            }
        }
    }

    /// Asks the mesh to stop.
    pub fn terminate(&self) {
        send(self.addresses.process, Signal::TERM);
    }

    /// Waits until the mesh has ended; returns how, and how long that took.
    pub async fn ended(mut self) -> (ExitStatus, Duration) {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return (status, begin.elapsed());
            }
            assert!(begin.elapsed() < STOP_LIMIT, "the mesh does not end");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for TestMesh {
    fn drop(&mut self) {
        // It has ended already where a test waited for that. Its PostgreSQL follows it by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Prepares `taskmesh up` on free ports, untouched by what the environment says.
pub fn command(data_folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskmesh"));
    let ours = |name: &str| {
        name.starts_with("TASKMESH_") || ["DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"].contains(&name)
    };
    for (name, _) in env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command.arg("up").arg("--data-dir").arg(data_folder);
    command.args(PORTS.iter().flat_map(|port| [*port, "0"]));
    command
}

/// Sends a signal to a process.
pub fn send(process: i32, signal: Signal) {
    kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
}
