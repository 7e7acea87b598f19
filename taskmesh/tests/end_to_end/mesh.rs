//! A mesh in a process and a folder of its own.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use service_runtime::testing::eventually;
use tempfile::TempDir;
use tokio::process::{Child, Command};

const PORTS: [&str; 11] = [
    "http",
    "task",
    "recurrence",
    "notification",
    "gateway-admin",
    "task-admin",
    "recurrence-admin",
    "notification-admin",
    "kafka",
    "postgres",
    "smtp",
];
const START_PATIENCE: Duration = Duration::from_secs(120);

/// What `taskmesh up --addresses-file` writes.
#[derive(Debug, Clone, Deserialize)]
pub struct Addresses {
    pub http: String,
    pub task: String,
    pub kafka: String,
    pub token: String,
}

/// A running mesh; it is killed when the value is dropped.
pub struct Mesh {
    folder: TempDir,
    environment: Vec<(String, String)>,
    process: Child,
    pub addresses: Addresses,
}

impl Mesh {
    /// Starts a mesh with nothing in it.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a mesh with nothing in it and these variables.
    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("taskmesh-test-")
            .tempdir()
            .unwrap();
        let environment: Vec<(String, String)> = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (process, addresses) = launch(folder.path(), &environment).await;
        Self {
            folder,
            environment,
            process,
            addresses,
        }
    }

    /// Kills the process as `kill -9` does, and starts it again on its data.
    pub async fn kill_and_restart(&mut self) {
        self.process.kill().await.unwrap();
        (self.process, self.addresses) = launch(self.folder.path(), &self.environment).await;
    }

    /// Asks the process to stop as Ctrl-C does; returns its exit code.
    pub async fn stop(&mut self) -> i32 {
        let id = i32::try_from(self.process.id().unwrap()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        self.process.wait().await.unwrap().code().unwrap()
    }

    /// Starts the stopped process again on its data.
    pub async fn restart(&mut self) {
        (self.process, self.addresses) = launch(self.folder.path(), &self.environment).await;
    }

    /// Returns the folder that holds its data.
    pub fn data(&self) -> PathBuf {
        data(self.folder.path())
    }
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Returns the program, without the variables that would lead it to other servers than its own.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskmesh"));
    command
        .env_remove("DATABASE_URL")
        .env_remove("KAFKA_BOOTSTRAP_SERVERS")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn launch(folder: &Path, environment: &[(String, String)]) -> (Child, Addresses) {
    let ready = folder.join("addresses.json");
    if ready.exists() {
        std::fs::remove_file(&ready).unwrap();
    }
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let mut command = program();
    command
        .arg("up")
        .arg("--data-dir")
        .arg(data(folder))
        .arg("--addresses-file")
        .arg(&ready)
        .args(PORTS.iter().map(|port| format!("--{port}-port=0")))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::null())
        .stderr(log);
    let mut process = command.spawn().unwrap();
    let addresses = async {
        loop {
            if let Ok(text) = std::fs::read(&ready) {
                return serde_json::from_slice(&text).unwrap();
            }
            if let Ok(ended) = tokio::time::timeout(Duration::from_millis(50), process.wait()).await
            {
                let log = std::fs::read_to_string(folder.join("log")).unwrap();
                panic!("the mesh ended with {ended:?}:\n{log}");
            }
        }
    };
    let addresses = tokio::time::timeout(START_PATIENCE, addresses).await;
    let addresses = addresses.unwrap_or_else(|_| {
        let log = std::fs::read_to_string(folder.join("log")).unwrap();
        panic!("the mesh did not start within {START_PATIENCE:?}:\n{log}")
    });
    (process, addresses)
}

/// Waits for a condition of the mesh.
pub async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    eventually(what, ask).await
}
