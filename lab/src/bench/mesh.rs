//! Mesh under measurement: its gRPC API, its database and its topics.

use std::{fs, path::Path, sync::Arc, time::Duration};

use clap::Args;
use openssl::ssl::{SslConnector, SslMethod};
use postgres_openssl::MakeTlsConnector;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, StreamConsumer},
};
use service_runtime::{
    BoxError,
    grpc::{self, Channel},
};
use taskmesh::{data_folder::Location, embedded::postgres::SUPERUSER, secrets, token};
use taskmesh_proto::{task::v1::task_service_client::TaskServiceClient, topics::Topic};
use tokio_postgres::Client;
use tonic::Request;
use url::Url;

use crate::bearer::Bearer;

const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const BROKER_TIMEOUT: Duration = Duration::from_secs(10);
/// Number of HTTP/2 connections over which the calls go.
const CONNECTIONS: usize = 2;
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;
const QUIET_TIMEOUT: Duration = Duration::from_secs(300);
/// Maximum number of transactions per second of an idle mesh, whose timers poll.
const QUIET_TRANSACTIONS: i64 = 60;

/// Location of the mesh, by default the one that `taskmesh up` starts.
#[derive(Debug, Args)]
pub struct Connection {
    #[command(flatten)]
    location: Location,
    #[command(flatten)]
    secret: token::Secret,
    /// gRPC address of the task-service.
    #[arg(long, default_value = "http://127.0.0.1:50051")]
    task_url: Url,
    /// Address of the gateway.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub gateway_url: Url,
    /// Address of the broker.
    #[arg(long, default_value = "127.0.0.1:9092")]
    bootstrap_servers: String,
    /// Database of the mesh, with a user who may write to its tables.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Port of the private PostgreSQL server.
    #[arg(long, env = "TASKMESH_POSTGRES_PORT", default_value_t = 15432)]
    postgres_port: u16,
}

/// Running mesh.
pub struct Mesh<'a> {
    pub connection: &'a Connection,
    pub database: Client,
    pub database_url: Url,
    channels: Vec<Channel>,
}

/// User who calls the task-service.
#[derive(Debug)]
pub struct Caller {
    pub user: String,
    pub bearer: Bearer,
    channels: Vec<Channel>,
}

impl Connection {
    /// Connects to the mesh.
    pub async fn open(&self) -> Result<Mesh<'_>, BoxError> {
        let database_url = self.database_url()?;
        let database = connect(&database_url).await?;
        let has_tasks = "SELECT to_regclass('task.tasks') IS NOT NULL";
        if !database.query_one(has_tasks, &[]).await?.get::<_, bool>(0) {
            return Err(
                "the database has no table task.tasks; give that of a mesh with --database-url"
                    .into(),
            );
        }
        let channels = (0..CONNECTIONS).map(|_| grpc::connect(&self.task_url));
        Ok(Mesh {
            connection: self,
            channels: channels.collect(),
            database,
            database_url,
        })
    }

    fn database_url(&self) -> Result<Url, BoxError> {
        if let Some(url) = &self.database_url {
            return Ok(Url::parse(url)?);
        }
        let folder = &self.location.data_dir;
        if !folder.join("postgres-password").exists() {
            return Err(format!(
                "{} has no private database; start `taskmesh up` first, or give --data-dir or --database-url",
                folder.display()
            )
            .into());
        }
        let password = secrets::read_or_make(folder, "postgres-password")?;
        let port = self.postgres_port;
        let mut url = Url::parse(&format!("postgres://{SUPERUSER}@127.0.0.1:{port}/taskmesh"))?;
        url.set_password(Some(&password))
            .map_err(|()| "the password does not fit into a URL")?;
        Ok(url)
    }

    /// Returns the process that works in the data folder.
    pub fn process(&self) -> Result<String, BoxError> {
        let lock = self.location.data_dir.join("lock");
        let text = fs::read_to_string(&lock).unwrap_or_default();
        match text.trim().parse::<u32>() {
            Ok(process) => Ok(process.to_string()),
            Err(_) => Err(format!(
                "{} names no process; start `taskmesh up` first, or give --data-dir or --process",
                lock.display()
            )
            .into()),
        }
    }
}

impl Mesh<'_> {
    /// Creates a caller for a user.
    pub fn caller(&self, user: &str) -> Result<Arc<Caller>, BoxError> {
        let secret = self.connection.secret.of_mesh(&self.connection.location)?;
        Ok(Arc::new(Caller {
            user: user.to_owned(),
            bearer: Bearer::new(&secret, user, &[])?,
            channels: self.channels.clone(),
        }))
    }

    /// Consumes a topic from its end, without a consumer group.
    pub fn follow(&self, topic: &Topic) -> Result<StreamConsumer, BoxError> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.connection.bootstrap_servers)
            .set("group.id", "taskmesh-bench")
            .set("fetch.wait.max.ms", "10")
            .set("enable.auto.commit", "false");
        let probe: BaseConsumer = config.create()?;
        let mut partitions = TopicPartitionList::new();
        for partition in 0..topic.partitions {
            let (_, end) = probe.fetch_watermarks(topic.name, partition, BROKER_TIMEOUT)?;
            partitions.add_partition_offset(topic.name, partition, Offset::Offset(end))?;
        }
        let consumer: StreamConsumer = config.create()?;
        consumer.assign(&partitions)?;
        Ok(consumer)
    }

    /// Waits until the mesh has processed the events of earlier calls, or for [`QUIET_TIMEOUT`].
    pub async fn wait_until_quiet(&self) -> Result<(), BoxError> {
        let commits = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
        let (mut last, mut quiet) = (i64::MIN / 2, 0);
        for _ in 0..QUIET_TIMEOUT.as_secs() {
            let now: i64 = self.database.query_one(commits, &[]).await?.get(0);
            quiet = if now - last < QUIET_TRANSACTIONS {
                quiet + 1
            } else {
                0
            };
            if quiet == 2 {
                break;
            }
            last = now;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }
}

impl Caller {
    /// Returns a client; successive call numbers use different connections.
    pub fn tasks(&self, number: usize) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.channels[number % self.channels.len()].clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// Adds the token and a timeout to a message.
    pub fn request<T>(&self, message: T) -> Request<T> {
        self.bearer.request(message, CALL_TIMEOUT)
    }
}

/// Connects to a database; the connection ends when the client is dropped.
pub async fn connect(url: &Url) -> Result<Client, BoxError> {
    let tls = MakeTlsConnector::new(SslConnector::builder(SslMethod::tls_client())?.build());
    let (client, connection) =
        tokio_postgres::connect(url.as_str(), tls)
            .await
            .map_err(|error| {
                format!("the database is unavailable; is `taskmesh up` running? {error}")
            })?;
    // The client's calls report a failure of the connection.
    tokio::spawn(connection);
    Ok(client)
}

/// Returns the resident memory of a process in bytes (Linux only); `self` is this one.
pub fn resident_bytes(process: &str) -> Result<u64, BoxError> {
    let path = format!("/proc/{process}/status");
    let status =
        fs::read_to_string(Path::new(&path)).map_err(|error| format!("{path}: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.map(|line| line.trim_end_matches("kB").trim().parse::<u64>());
    Ok(kibibytes.ok_or("the system does not report the memory of processes")?? * 1_024)
}
