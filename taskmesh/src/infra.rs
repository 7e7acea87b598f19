//! `taskmesh infra -- <command>`: runs a command, such as the tests, beside a database and a broker of its own.

use embedded_broker::Broker;
use std::{
    env,
    io::{self, IsTerminal},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitCode, ExitStatus},
    time::Duration,
};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use service_runtime::BoxError;
use tokio::{
    process::{Child, Command},
    signal::unix::{self, SignalKind},
};

use crate::{
    embedded::{
        ports::Claim,
        postgres::{Options, Postgres},
    },
    secrets,
};

/// Run a command with its own database and broker, in TEST_DATABASE_URL and TEST_KAFKA_BOOTSTRAP_SERVERS.
///
/// Both use a temporary folder and stop with the command, whose exit code is returned. If DATABASE_URL or
/// KAFKA_BOOTSTRAP_SERVERS is set, that server is used instead; TASKMESH_KAFKA__… variables configure the connection to
/// those brokers.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Keep the data in this folder instead of a temporary one.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Maximum number of database connections.
    #[arg(long, default_value_t = 300)]
    max_connections: u16,
    /// The command and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// Starts the servers, runs the command and stops the servers.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let temporary = tempfile::Builder::new().prefix("taskmesh-").tempdir()?;
    let folder = match &arguments.data_dir {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            folder.canonicalize()?
        }
        None => temporary.path().to_owned(),
    };
    let mut signals = Signals::new()?;
    let mut servers = tokio::select! {
        servers = Servers::start(&folder, arguments.max_connections) => servers?,
        signal = signals.next() => return Ok(exit_code(128 + signal.as_raw())),
    };
    let result = run_beside(&mut servers, &arguments.command, &mut signals).await;
    servers.stop().await?;
    result
}

/// The signals that ask this process to stop.
struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
        }
    }
}

struct Servers {
    postgres: Option<Postgres>,
    broker: Option<Broker>,
}

impl Servers {
    async fn start(folder: &Path, max_connections: u16) -> Result<Self, BoxError> {
        let postgres = match env::var_os("DATABASE_URL") {
            Some(_) => None,
            None => {
                let port = Claim::new(0)?;
                let password = secrets::read_or_make(folder, "postgres-password")?;
                let options = Options {
                    data_folder: folder,
                    port: port.port(),
                    password: &password,
                    durable: false,
                    max_connections,
                };
                Some(Postgres::start(options).await?)
            }
        };
        let broker = match env::var_os("KAFKA_BOOTSTRAP_SERVERS") {
            Some(_) => None,
            None => Some(Broker::start(folder, 0).await?),
        };
        Ok(Self { postgres, broker })
    }

    fn environment(&self) -> Vec<(String, String)> {
        let given = |name| env::var(name).unwrap_or_default();
        let database = self.postgres.as_ref().map_or_else(
            || given("DATABASE_URL"),
            |postgres| postgres.url().to_string(),
        );
        let brokers = self.broker.as_ref().map_or_else(
            || given("KAFKA_BOOTSTRAP_SERVERS"),
            |broker| broker.address().to_string(),
        );
        let mut variables = vec![
            ("TEST_DATABASE_URL".to_owned(), database),
            ("TEST_KAFKA_BOOTSTRAP_SERVERS".to_owned(), brokers),
        ];
        if self.broker.is_none() {
            // Somebody else's cluster knows best how many copies it keeps.
            variables.push(("TEST_KAFKA_REPLICATION".to_owned(), "-1".to_owned()));
            variables.extend(env::vars().filter_map(|(name, value)| {
                let name = name.strip_prefix("TASKMESH_")?;
                name.starts_with("KAFKA__")
                    .then(|| (format!("TEST_{name}"), value))
            }));
        }
        variables
    }

    /// Waits until one of the servers stops by itself.
    async fn failed(&mut self) -> BoxError {
        let postgres = async {
            match &mut self.postgres {
                Some(postgres) => postgres.failed().await,
                None => std::future::pending().await,
            }
        };
        let broker = async {
            match &mut self.broker {
                Some(broker) => broker.failed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            error = postgres => error.into(),
            error = broker => error.into(),
        }
    }

    async fn stop(self) -> io::Result<()> {
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop(Duration::from_secs(10)).await?;
        }
        Ok(())
    }
}

async fn run_beside(
    servers: &mut Servers,
    command: &[String],
    signals: &mut Signals,
) -> Result<ExitCode, BoxError> {
    let (program, arguments) = command
        .split_first()
        .ok_or("command is missing; give it after --")?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(servers.environment())
        .spawn()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit_code_of(status?)),
            error = servers.failed() => {
                // Without its servers the command could only fail more slowly and less clearly.
                child.kill().await?;
                return Err(error);
            }
            // The command decides what a signal means; its end is ours.
            signal = signals.next() => pass_on(&child, signal),
        }
    }
}

fn pass_on(child: &Child, signal: Signal) {
    // A terminal has sent its Ctrl-C to the command too, and a second one would mean something else.
    if signal == Signal::INT && io::stdin().is_terminal() {
        return;
    }
    if let Some(id) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        // It fails only when the command has just ended, which is noticed next.
        let _ = kill_process(id, signal);
    }
}

/// Passes an exit code on; a death by signal becomes 128 + its number, as shells have it.
fn exit_code_of(status: ExitStatus) -> ExitCode {
    let killed = status.signal().map(|signal| 128 + signal);
    exit_code(status.code().or(killed).unwrap_or(1))
}

fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
