//! Brokers of the mesh: an embedded one in its own process, or an external cluster with commands that kill and start its brokers.

use std::{path::Path, process::Stdio, time::Duration};

use clap::Args;
use service_runtime::BoxError;
use taskmesh::up::{ports::loopback, settings};
use tokio::{
    process::Command,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{
    fault::Kind,
    process::{Launch, Process, wait_for_port},
};

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// External cluster.
#[derive(Debug, Clone, Args)]
pub struct External {
    /// Use these Kafka brokers instead of an embedded one; TASKMESH_KAFKA__… variables configure the connection.
    #[arg(long = "kafka-bootstrap-servers", env = "KAFKA_BOOTSTRAP_SERVERS")]
    servers: Option<String>,
    /// Shell command that kills broker {n} of these, such as `./dev kafka kill {n}`.
    #[arg(long, requires = "broker_start_command")]
    broker_kill_command: Option<String>,
    /// Shell command that starts broker {n} again.
    #[arg(long, requires = "broker_kill_command")]
    broker_start_command: Option<String>,
    /// Number of brokers: {n} is one of 1 to this.
    #[arg(long, default_value_t = 3)]
    brokers: usize,
}

impl External {
    /// Returns the bootstrap servers, unless the embedded broker is used.
    pub fn servers(&self) -> Option<&str> {
        self.servers
            .as_deref()
            .filter(|servers| !servers.is_empty())
    }

    /// Returns whether a fault can be injected into these brokers.
    pub fn allows(&self, kind: Kind) -> bool {
        self.servers().is_none()
            || match kind {
                Kind::KillBroker => self.broker_kill_command.is_some(),
                Kind::FreezeBroker => false,
                _ => true,
            }
    }
}

/// Running brokers.
pub struct Brokers {
    /// None with an external cluster.
    pub embedded: Option<Process>,
    /// Variables that connect a service with the brokers, without their prefix.
    pub variables: Vec<(String, String)>,
    port: u16,
    external: External,
}

impl Brokers {
    /// Starts the embedded broker, unless there is an external cluster.
    pub async fn start(external: External, folder: &Path, port: u16) -> Result<Self, BoxError> {
        let mut variables;
        let embedded = if let Some(servers) = external.servers() {
            variables = settings::kafka(servers, false);
            // Other clients use the cluster too.
            let prefix = format!("chaos-{}.", Uuid::new_v4().simple());
            variables.push(("KAFKA__TOPIC_PREFIX".to_owned(), prefix));
            None
        } else {
            variables = settings::kafka(&loopback(port).to_string(), false);
            let mut arguments: Vec<_> = ["serve", "broker", "--port"].map(Into::into).into();
            arguments.push(port.to_string().into());
            arguments.push("--data-dir".into());
            arguments.push(folder.join("broker").into());
            let process = Process::start(Launch {
                name: "broker".to_owned(),
                arguments,
                variables: Vec::new(),
                log: folder.join("broker.log"),
            })?;
            wait_until_ready(port).await?;
            Some(process)
        };
        Ok(Self {
            embedded,
            variables,
            port,
            external,
        })
    }

    /// Kills a broker and starts it again after this time; returns its name.
    pub async fn kill(&self, target: usize, down: Duration) -> Result<String, BoxError> {
        if let Some(process) = &self.embedded {
            process.kill(down).await?;
            wait_until_ready(self.port).await?;
            return Ok("broker".to_owned());
        }
        let number = target % self.external.brokers.max(1) + 1;
        run(self.external.broker_kill_command.as_deref(), number).await?;
        sleep(down).await;
        run(self.external.broker_start_command.as_deref(), number).await?;
        Ok(format!("broker {number}"))
    }

    /// Suspends the embedded broker for this time.
    pub async fn freeze(&self, length: Duration) -> Result<String, BoxError> {
        let process = self.embedded.as_ref();
        let process = process.ok_or("only the embedded broker can be suspended")?;
        process.freeze(length).await;
        Ok(process.name().to_owned())
    }
}

async fn wait_until_ready(port: u16) -> Result<(), BoxError> {
    timeout(START_TIMEOUT, wait_for_port(port))
        .await
        .map_err(|_| format!("the broker does not answer within {START_TIMEOUT:?}").into())
}

async fn run(command: Option<&str>, number: usize) -> Result<(), BoxError> {
    let command = command
        .ok_or("killing brokers needs --broker-kill-command and --broker-start-command")?
        .replace("{n}", &number.to_string());
    let status = Command::new("/bin/sh")
        .args(["-c", &command])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .await?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("`{command}` failed: {status}").into()),
    }
}
