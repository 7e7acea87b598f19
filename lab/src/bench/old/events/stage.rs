use embedded_broker::Broker;
use std::{env, io, time::Duration};

use service_runtime::{
    BoxError, Running, Service,
    config::{self, Redacted},
    ids::Ids,
    kafka::KafkaConfig,
    postgres::{self, DatabaseConfig},
    start,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use super::{
    command::Arguments,
    disk::Disk,
    service::{EventsBench, EventsBenchConfig, SCHEMA},
};
use taskmesh::{
    embedded::{
        ports::Claim,
        postgres::{Options, Postgres},
    },
    secrets,
    topics::{Cluster, declared},
    up::settings,
};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS events_bench.aggregates (name text PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS events_bench.effects (event_id uuid NOT NULL);
    CREATE INDEX IF NOT EXISTS effects_by_event ON events_bench.effects (event_id);";
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// A database and a broker with the tables and topics of the benchmark.
pub struct Stage {
    folder: TempDir,
    postgres: Option<Postgres>,
    broker: Option<Broker>,
    claim: Option<Claim>,
    database_url: String,
    kafka: Vec<(String, String)>,
    /// For statements of the benchmark's own.
    pub client: Client,
    driver: JoinHandle<()>,
}

/// Which parts of the service run.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    pub relays: bool,
    pub consumes: bool,
}

impl Stage {
    /// Starts what is not given by DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS, and prepares both.
    pub async fn open(arguments: &Arguments) -> Result<Self, BoxError> {
        let folder = tempfile::Builder::new().prefix("taskmesh-").tempdir()?;
        let (postgres, database_url) = match env::var("DATABASE_URL") {
            Ok(url) => (None, url),
            Err(_) => {
                let postgres = start_postgres(&folder).await?;
                let url = postgres.url().to_string();
                (Some(postgres), url)
            }
        };
        let (broker, claim, servers) = match env::var("KAFKA_BOOTSTRAP_SERVERS") {
            Ok(servers) => (None, None, servers),
            Err(_) if arguments.broker_stop.is_some() => {
                return Err(
                    "--broker-stop is for a broker that KAFKA_BOOTSTRAP_SERVERS names".into(),
                );
            }
            Err(_) => {
                let claim = Claim::new(0)?;
                let broker = Broker::start(folder.path(), claim.port()).await?;
                let servers = broker.address().to_string();
                (Some(broker), Some(claim), servers)
            }
        };
        let mut kafka = settings::kafka(&servers, false);
        let prefix = format!("bench-{}.", Ids.uuid_v7().simple());
        kafka.push(("KAFKA__TOPIC_PREFIX".to_owned(), prefix));
        let config = DatabaseConfig {
            url: Redacted::new(database_url.clone()),
            ssl_root_certificate: None,
            pool_size: 16,
            statement_timeout_ms: 600_000,
        };
        let schema = EventsBench::SCHEMA.ok_or("the benchmark has a schema")?;
        // On a thread of its own, because diesel's migrations block the one they run on.
        let migrating = config.clone();
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            runtime.block_on(postgres::migrate(&migrating, schema))
        })
        .await??;
        let (client, connection) = tokio_postgres::connect(&database_url, NoTls).await?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer learns why there is none.
            let _ = connection.await;
        });
        client.batch_execute(TABLES).await?;
        let stage = Self {
            folder,
            postgres,
            broker,
            claim,
            database_url,
            kafka,
            client,
            driver,
        };
        let kafka = stage.kafka_config()?;
        Cluster::new(&kafka)?
            .create_missing(&declared(&kafka), stage.replication())
            .await?;
        Ok(stage)
    }

    /// Returns the version of the database.
    pub async fn version(&self) -> Result<String, BoxError> {
        let row = self.client.query_one("SHOW server_version", &[]).await?;
        Ok(row.get(0))
    }

    /// Returns how often topics are kept; a broker that is given knows best.
    pub fn replication(&self) -> i32 {
        if self.broker.is_some() { 1 } else { -1 }
    }

    /// Opens a connection of its own.
    pub async fn connect(&self) -> Result<Client, BoxError> {
        let (client, connection) = tokio_postgres::connect(&self.database_url, NoTls).await?;
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(client)
    }

    /// Starts the service with these parts.
    pub async fn start(&self, parts: Parts) -> Result<Running, BoxError> {
        Ok(start::<EventsBench>(self.config(parts)?).await?)
    }

    /// Forgets all events, as if none had ever been.
    pub async fn clear(&self) -> Result<(), BoxError> {
        let tables = "events_bench.effects, events_bench.inbox, events_bench.outbox";
        self.client
            .batch_execute(&format!("TRUNCATE {tables}"))
            .await?;
        self.vacuum(&format!("{tables}, events_bench.aggregates"))
            .await
    }

    /// Cleans tables and has the planner look at them.
    pub async fn vacuum(&self, tables: &str) -> Result<(), BoxError> {
        let statement = format!("VACUUM (ANALYZE) {tables}");
        Ok(self.client.batch_execute(&statement).await?)
    }

    /// Returns how many rows there are.
    pub async fn count(&self, relation: &str) -> Result<i64, BoxError> {
        // A session that plans anew each time knows how the tables have grown.
        let query = format!("SELECT count(*) FROM {relation}");
        self.client
            .batch_execute("SET search_path = events_bench")
            .await?;
        Ok(self.client.query_one(&query, &[]).await?.get(0))
    }

    /// Takes the broker away.
    pub async fn stop_broker(&mut self, arguments: &Arguments) -> Result<(), BoxError> {
        match (self.broker.take(), &arguments.broker_stop) {
            (Some(broker), _) => broker.stop().await,
            (None, Some(command)) => shell(command).await?,
            (None, None) => return Err("--broker-stop says how to stop this broker".into()),
        }
        Ok(())
    }

    /// Begins to watch the disk that has the benchmark's data.
    pub fn watch_disk(&self) -> io::Result<Disk> {
        Disk::watch(self.folder.path())
    }

    /// Returns whether the broker is the embedded one, not one that was given.
    pub fn has_own_broker(&self) -> bool {
        self.claim.is_some()
    }

    /// Brings the broker back.
    pub async fn start_broker(&mut self, arguments: &Arguments) -> Result<(), BoxError> {
        match (&self.claim, &arguments.broker_start) {
            (Some(claim), _) => {
                self.broker = Some(Broker::start(self.folder.path(), claim.port()).await?);
            }
            (None, Some(command)) => shell(command).await?,
            (None, None) => return Err("--broker-start says how to start this broker".into()),
        }
        Ok(())
    }

    /// Stops what was started; a given database keeps nothing of the benchmark.
    pub async fn close(self) -> Result<(), BoxError> {
        if self.postgres.is_none() {
            let drop_schema = format!("DROP SCHEMA {SCHEMA} CASCADE");
            self.client.batch_execute(&drop_schema).await?;
        }
        self.driver.abort();
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop(STOP_PATIENCE).await?;
        }
        Ok(())
    }

    fn config(&self, parts: Parts) -> Result<EventsBenchConfig, BoxError> {
        let own = [
            ("ADMIN__ADDRESS", "127.0.0.1:0".to_owned()),
            ("DATABASE__URL", self.database_url.clone()),
            ("RELAYS", parts.relays.to_string()),
            ("CONSUMES", parts.consumes.to_string()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let prefix = EventsBench::ENV_PREFIX;
        let variables = own
            .into_iter()
            .chain(self.kafka.iter().cloned())
            .map(|(name, value)| (format!("{prefix}_{name}"), value));
        Ok(config::load(prefix, variables)?)
    }

    /// Returns how the broker is reached.
    pub fn kafka_config(&self) -> Result<KafkaConfig, BoxError> {
        let parts = Parts {
            relays: false,
            consumes: false,
        };
        let config = self.config(parts)?;
        let kafka = service_runtime::config::ServiceConfig::kafka(&config);
        Ok(kafka.ok_or("the benchmark has a broker")?.clone())
    }
}

/// Starts a database server with its data in a folder.
pub async fn start_postgres(folder: &TempDir) -> Result<Postgres, BoxError> {
    let port = Claim::new(0)?;
    let password = secrets::read_or_make(folder.path(), "postgres-password")?;
    let options = Options {
        data_folder: folder.path(),
        port: port.port(),
        password: &password,
        durable: true,
        max_connections: 100,
    };
    Ok(Postgres::start(options).await?)
}

async fn shell(command: &str) -> Result<(), BoxError> {
    let status = tokio::process::Command::new("sh")
        .args(["-c", command])
        .status()
        .await?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{command}` ended with {status}").into())
    }
}
