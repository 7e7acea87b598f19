//! A private PostgreSQL server: its own cluster, its own superuser, on a loopback port.

use std::{
    fs::{self, File},
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::{Child, ChildStdin},
    time::{Instant, sleep, timeout},
};
use url::Url;

pub use super::cluster::SUPERUSER;
use super::cluster::{Cluster, ClusterError};

/// Starts the server and watches standard input. The end of that input asks the server to stop, and it comes whether we
/// close it, end, or are killed. Asked again every second, because a server that is just starting may not listen yet.
const RUN: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ read -r _ <&3; while kill -INT "$server"; do sleep 1; done; } 4<&- 2>/dev/null &
watch=$!
exec 3<&- 4<&-
wait "$server"
code=$?
kill "$watch"
exit "$code"
"#;

const START_LIMIT: Duration = Duration::from_secs(60);

/// How the server is to run.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Where the cluster and the log lie.
    pub data_folder: &'a Path,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The superuser's password, fixed when the cluster is made.
    pub password: &'a str,
    /// Whether data survives a crash of the machine; tests do without.
    pub durable: bool,
    /// How many connections it takes.
    pub max_connections: u16,
}

/// A running server; dropping it asks the server to stop.
#[derive(Debug)]
pub struct Postgres {
    url: Url,
    process: Child,
    stop: Option<ChildStdin>,
    log: PathBuf,
}

/// A server that does not start, or that stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("PostgreSQL cannot be run")]
    Run(#[source] io::Error),
    #[error("PostgreSQL stopped ({status}); the end of {log}:\n{end}", log = log.display())]
    Stopped {
        status: ExitStatus,
        log: PathBuf,
        end: String,
    },
    #[error("PostgreSQL did not accept connections within {START_LIMIT:?}; see {}", .0.display())]
    Slow(PathBuf),
}

impl Postgres {
    /// Makes the cluster if there is none, starts its server and returns when it takes connections.
    pub async fn start(options: Options<'_>) -> Result<Self, PostgresError> {
        let cluster = Cluster::open(options.data_folder, options.password, options.durable).await?;
        let log = options.data_folder.join("postgres.log");
        let log_file = File::create(&log).map_err(PostgresError::Run)?;
        let mut command =
            cluster
                .account
                .shell(RUN, &cluster.folder, &cluster.programs.path("postgres"));
        command
            .arg("-D")
            .arg(cluster.account.path_of(&cluster.folder));
        for setting in settings(options) {
            command.arg("-c").arg(setting);
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log_file)
            .spawn()
            .map_err(PostgresError::Run)?;

        let mut url = Url::parse("postgres://127.0.0.1/postgres").expect("a constant URL");
        let parts_set = url
            .set_username(SUPERUSER)
            .and_then(|()| url.set_password(Some(options.password)));
        parts_set
            .and_then(|()| url.set_port(Some(options.port)))
            .expect("a URL with a host takes user, password and port");
        let stop = process.stdin.take();
        let mut postgres = Self {
            url,
            process,
            stop,
            log,
        };
        postgres.wait_until_ready().await?;
        Ok(postgres)
    }

    /// Returns the URL of the superuser.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Waits until the server stops by itself, and tells why.
    pub async fn failed(&mut self) -> PostgresError {
        match self.process.wait().await {
            Ok(status) => self.stopped(status),
            Err(error) => PostgresError::Run(error),
        }
    }

    /// Stops the server: connections are closed and a checkpoint is written; after the limit it is cut off, which costs
    /// nothing but a recovery at the next start.
    pub async fn stop(mut self, limit: Duration) -> io::Result<()> {
        drop(self.stop.take());
        if let Ok(status) = timeout(limit, self.process.wait()).await {
            return status.map(drop);
        }
        self.signal(Signal::QUIT)?;
        self.process.wait().await.map(drop)
    }

    /// Has the server die as in a crash: nothing is finished, and the next start recovers from the log.
    pub async fn crash(mut self) -> io::Result<()> {
        self.signal(Signal::QUIT)?;
        self.process.wait().await.map(drop)
    }

    /// Sends a signal to all processes of the server.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        match self
            .process
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
        {
            Some(group) => Ok(kill_process_group(group, signal)?),
            None => Ok(()),
        }
    }

    async fn wait_until_ready(&mut self) -> Result<(), PostgresError> {
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().map_err(PostgresError::Run)? {
                return Err(self.stopped(status));
            }
            if tokio_postgres::connect(self.url.as_str(), tokio_postgres::NoTls)
                .await
                .is_ok()
            {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(PostgresError::Slow(self.log.clone()))
    }

    fn stopped(&self, status: ExitStatus) -> PostgresError {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        PostgresError::Stopped {
            // The shell reports a death by signal as 128 + its number.
            status: match status.code() {
                Some(code @ 129..) => ExitStatus::from_raw(code - 128),
                _ => status,
            },
            log: self.log.clone(),
            end: lines[lines.len().saturating_sub(5)..].join("\n"),
        }
    }
}

fn settings(options: Options<'_>) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={}", options.port),
        // Nobody but the holder of the password comes in, so there is no socket file to guard.
        "unix_socket_directories=".to_owned(),
        format!("max_connections={}", options.max_connections),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        // Its defaults are for a machine of the last century: they write all pages anew every five minutes.
        "shared_buffers=512MB".to_owned(),
        "max_wal_size=4GB".to_owned(),
        // Finished log files are reused: creating one would delay commits.
        "min_wal_size=512MB".to_owned(),
        "checkpoint_timeout=15min".to_owned(),
        // Compresses the whole pages that are logged after a checkpoint.
        "wal_compression=on".to_owned(),
    ];
    if !options.durable {
        settings.extend(
            [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ]
            .map(str::to_owned),
        );
    }
    settings
}
