//! A mesh in a process and a folder of its own.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use service_runtime::testing::eventually;
use tempfile::TempDir;
use tokio::process::{Child, Command};

const PORTS: [&str; 15] = [
    "http",
    "task",
    "recurrence",
    "notification",
    "realtime",
    "audit",
    "gateway-admin",
    "task-admin",
    "recurrence-admin",
    "notification-admin",
    "realtime-admin",
    "audit-admin",
    "kafka",
    "postgres",
    "smtp",
];
const START_PATIENCE: Duration = Duration::from_secs(120);
const STOP_PATIENCE: Duration = Duration::from_secs(20);

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

    /// Kills the process as `kill -9` does; its PostgreSQL follows it by itself.
    pub async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    /// Kills the process as `kill -9` does, and starts it again on its data.
    pub async fn kill_and_restart(&mut self) {
        self.kill().await;
        self.restart().await;
    }

    /// Asks the process to stop as Ctrl-C does; returns its exit code.
    pub async fn stop(&mut self) -> i32 {
        self.signal(Signal::INT);
        let (status, _) = self.ended().await;
        status.code().unwrap()
    }

    /// Asks the process to stop as a supervisor does.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits until the process has ended; returns how, and how long that took.
    pub async fn ended(&mut self) -> (ExitStatus, Duration) {
        let begin = Instant::now();
        let ended = tokio::time::timeout(STOP_PATIENCE, self.process.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("the mesh does not end:\n{}", self.log()));
        (status.unwrap(), begin.elapsed())
    }

    /// Starts the ended process again on its data.
    pub async fn restart(&mut self) {
        (self.process, self.addresses) = launch(self.folder.path(), &self.environment).await;
    }

    /// Returns the folder that holds its data.
    pub fn data(&self) -> PathBuf {
        data(self.folder.path())
    }

    /// Returns what it has logged.
    pub fn log(&self) -> String {
        log(self.folder.path())
    }

    fn signal(&self, signal: Signal) {
        send(i32::try_from(self.process.id().unwrap()).unwrap(), signal);
    }
}

/// Sends a signal to a process.
pub fn send(process: i32, signal: Signal) {
    kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap()
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Returns the program, without the variables that would lead it to other servers than its own.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskmesh"));
    let leads_elsewhere = |name: &str| {
        name.starts_with("TASKMESH_") || ["DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"].contains(&name)
    };
    for (name, _) in std::env::vars().filter(|(name, _)| leads_elsewhere(name)) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Returns the program with the arguments that start a mesh on free ports.
pub fn up(data: &Path) -> Command {
    let mut command = program();
    command
        .args(["up", "--data-dir"])
        .arg(data)
        .args(PORTS.iter().map(|port| format!("--{port}-port=0")));
    command
}

async fn launch(folder: &Path, environment: &[(String, String)]) -> (Child, Addresses) {
    let ready = folder.join("addresses.json");
    if ready.exists() {
        std::fs::remove_file(&ready).unwrap();
    }
    let output = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let mut process = up(&data(folder))
        .arg("--addresses-file")
        .arg(&ready)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::null())
        .stderr(output)
        .spawn()
        .unwrap();
    let addresses = async {
        loop {
            if let Ok(text) = std::fs::read(&ready) {
                return serde_json::from_slice(&text).unwrap();
            }
            if let Ok(ended) = tokio::time::timeout(Duration::from_millis(50), process.wait()).await
            {
                panic!("the mesh ended with {ended:?}:\n{}", log(folder));
            }
        }
    };
    let addresses = tokio::time::timeout(START_PATIENCE, addresses).await;
    let addresses = addresses.unwrap_or_else(|_| {
        panic!(
            "the mesh did not start within {START_PATIENCE:?}:\n{}",
            log(folder)
        )
    });
    (process, addresses)
}

/// Waits for a condition of the mesh.
pub async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    eventually(what, ask).await
}
