//! The brokers: an embedded one in a process of its own, or a cluster of somebody else's with the commands that strike it.

use std::{path::Path, process::Stdio, time::Duration};

use clap::Args;
use service_runtime::BoxError;
use tokio::{
    process::Command,
    time::{sleep, timeout},
};

use super::{
    mesh::open,
    process::{Launch, Process},
};
use taskmesh::up::ports::loopback;

const START_PATIENCE: Duration = Duration::from_secs(30);

/// A cluster to be used instead of an embedded broker.
#[derive(Debug, Clone, Args)]
pub struct Given {
    /// Use these Kafka brokers instead of an embedded one; TASKMESH_KAFKA__… variables say how.
    #[arg(long = "kafka-bootstrap-servers", env = "KAFKA_BOOTSTRAP_SERVERS")]
    servers: Option<String>,
    /// A shell command that kills broker {n} of these, such as `./dev kafka kill {n}`.
    #[arg(long, requires = "broker_start_command")]
    broker_kill_command: Option<String>,
    /// A shell command that starts broker {n} again.
    #[arg(long, requires = "broker_kill_command")]
    broker_start_command: Option<String>,
    /// How many brokers there are: {n} is one of 1 to this.
    #[arg(long, default_value_t = 3)]
    brokers: usize,
    /// What the names of this run's topics and groups begin with.
    #[arg(skip)]
    prefix: String,
}

impl Given {
    /// Tells whether there is a cluster to be used.
    pub fn is_given(&self) -> bool {
        self.servers
            .as_ref()
            .is_some_and(|servers| !servers.is_empty())
    }

    /// Has the names of topics and groups begin like this, for others use the cluster too.
    pub fn under(self, prefix: String) -> Self {
        Self { prefix, ..self }
    }

    /// Tells whether its brokers can be killed.
    pub fn can_kill(&self) -> bool {
        self.broker_kill_command.is_some()
    }
}

/// The running brokers.
pub enum Brokers {
    /// One, embedded.
    Embedded {
        process: Process,
        address: String,
        port: u16,
    },
    /// Somebody else's.
    Given(Given),
}

impl Brokers {
    /// Starts the embedded broker, unless there is a cluster.
    pub async fn start(given: Option<Given>, folder: &Path, port: u16) -> Result<Self, BoxError> {
        if let Some(given) = given {
            return Ok(Self::Given(given));
        }
        let mut arguments: Vec<_> = ["serve", "broker", "--port"].map(Into::into).into();
        arguments.push(port.to_string().into());
        arguments.push("--data-dir".into());
        arguments.push(folder.join("broker").into());
        let process = Process::start(Launch {
            name: "broker".to_owned(),
            arguments,
            variables: Vec::new(),
            log: folder.join("broker.log"),
        });
        wait_for(port).await?;
        Ok(Self::Embedded {
            process,
            address: loopback(port).to_string(),
            port,
        })
    }

    /// Returns where they are.
    pub fn address(&self) -> &str {
        match self {
            Self::Embedded { address, .. } => address,
            Self::Given(given) => given.servers.as_deref().unwrap_or_default(),
        }
    }

    /// Returns what the names of topics and groups begin with, on a cluster that others use too.
    pub fn prefix(&self) -> Option<&str> {
        match self {
            Self::Embedded { .. } => None,
            Self::Given(given) => Some(&given.prefix),
        }
    }

    /// Returns the process of the embedded broker.
    pub fn process(&self) -> Option<&Process> {
        match self {
            Self::Embedded { process, .. } => Some(process),
            Self::Given(_) => None,
        }
    }

    /// Kills a broker and starts it again after this time; returns which.
    pub async fn kill(&self, target: usize, down: Duration) -> Result<String, BoxError> {
        match self {
            Self::Embedded { process, port, .. } => {
                process.kill(down).await?;
                wait_for(*port).await?;
                Ok("broker".to_owned())
            }
            Self::Given(given) => {
                let number = target % given.brokers.max(1) + 1;
                run(given.broker_kill_command.as_deref(), number).await?;
                sleep(down).await;
                run(given.broker_start_command.as_deref(), number).await?;
                Ok(format!("broker {number}"))
            }
        }
    }

    /// Stops the embedded broker for this time.
    pub async fn freeze(&self, length: Duration) -> Result<String, BoxError> {
        let process = self
            .process()
            .ok_or("only the embedded broker can be stopped and continued")?;
        process.freeze(length).await?;
        Ok(process.name().to_owned())
    }

    /// Ends the embedded broker.
    pub async fn end(self) {
        if let Self::Embedded { process, .. } = self {
            process.end().await;
        }
    }
}

async fn wait_for(port: u16) -> Result<(), BoxError> {
    timeout(START_PATIENCE, open(port))
        .await
        .map_err(|_| format!("the broker does not answer within {START_PATIENCE:?}").into())
}

async fn run(command: Option<&str>, number: usize) -> Result<(), BoxError> {
    let command = command
        .ok_or("give --broker-kill-command and --broker-start-command to have brokers killed")?
        .replace("{n}", &number.to_string());
    let status = Command::new("/bin/sh")
        .arg("-c")
        .arg(&command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .await?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{command}` failed: {status}").into())
    }
}
