use embedded_broker::Broker;
use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use audit_service::AuditService;
use service_runtime::{BoxError, Running, grpc, kafka::KafkaConfig, service};
use taskmesh_proto::audit::v1::audit_service_client::AuditServiceClient;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};
use tonic::{Request, transport::Channel};
use url::Url;

use crate::bench::old::events::start_postgres;
use taskmesh::{
    embedded::{ports::Claim, postgres::Postgres},
    secrets, token, topics,
    up::{
        mesh::{declare_topics, migrate_schema},
        ports::Ports,
        settings::{self, AUDIT_KEY, Common},
    },
};

const STOP_PATIENCE: Duration = Duration::from_secs(30);
const TTL: Duration = Duration::from_secs(3_600);
const PATIENCE: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(5);
const LARGEST_MESSAGE: usize = 64 * 1024 * 1024;

/// A database, a broker, and the audit-service on them.
pub struct Stage {
    folder: TempDir,
    postgres: Option<Postgres>,
    broker: Option<(Broker, Claim)>,
    common: Common,
    kafka: KafkaConfig,
    database_url: Url,
    client: Client,
    driver: JoinHandle<()>,
    service: Option<Running>,
}

impl Stage {
    /// Starts what is not given by DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS, and prepares both.
    pub async fn open() -> Result<Self, BoxError> {
        let folder = tempfile::Builder::new().prefix("taskmesh-").tempdir()?;
        let (postgres, database_url) = match env::var("DATABASE_URL") {
            Ok(url) => (None, Url::parse(&url)?),
            Err(_) => {
                let postgres = start_postgres(&folder).await?;
                let url = postgres.url().clone();
                (Some(postgres), url)
            }
        };
        let (client, connection) = tokio_postgres::connect(database_url.as_str(), NoTls).await?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer learns why there is none.
            let _ = connection.await;
        });
        let taken = "SELECT to_regnamespace('audit') IS NOT NULL";
        if client.query_one(taken, &[]).await?.get(0) {
            return Err(
                "DATABASE_URL names the database of a mesh: give one without a schema audit".into(),
            );
        }
        let (broker, servers) = match env::var("KAFKA_BOOTSTRAP_SERVERS") {
            Ok(servers) => (None, servers),
            Err(_) => {
                let claim = Claim::new(0)?;
                let broker = Broker::start(folder.path(), claim.port()).await?;
                let servers = broker.address().to_string();
                (Some((broker, claim)), servers)
            }
        };
        let prefix = format!("bench-{}.", service_runtime::ids::Ids.uuid_v7().simple());
        let mut kafka = settings::kafka(&servers, false);
        kafka.retain(|(name, _)| name != "KAFKA__TOPIC_PREFIX");
        kafka.push(("KAFKA__TOPIC_PREFIX".to_owned(), prefix));
        let config = topics::kafka_config(
            kafka
                .iter()
                .map(|(name, value)| (format!("TASKMESH_{name}"), value.clone())),
        )?;
        declare_topics(&config, broker.is_some()).await?;
        secrets::make_signing_key(folder.path(), AUDIT_KEY)?;
        let common = Common {
            ports: Ports::any(),
            log: "warn".to_owned(),
            kafka,
            users_secret: secrets::random(),
            mesh_secret: secrets::random(),
            resume_secret: secrets::random(),
        };
        Ok(Self {
            folder,
            postgres,
            broker,
            common,
            kafka: config,
            database_url,
            client,
            driver,
            service: None,
        })
    }

    /// Returns the version of the database.
    pub async fn version(&self) -> Result<String, BoxError> {
        let row = self.client.query_one("SHOW server_version", &[]).await?;
        Ok(row.get(0))
    }

    /// Returns how the broker is reached.
    pub fn kafka(&self) -> &KafkaConfig {
        &self.kafka
    }

    /// Returns the folder with the signing key and the checkpoint file.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the file that checkpoints are appended to.
    pub fn checkpoint_file(&self) -> PathBuf {
        self.folder().join(settings::AUDIT_CHECKPOINTS)
    }

    /// Starts the service.
    pub async fn start(&mut self) -> Result<(), BoxError> {
        let settings = self
            .common
            .audit(Some(&self.database_url), self.folder.path());
        let config = settings.load::<AuditService>()?;
        migrate_schema::<AuditService>(&config).await?;
        self.service = Some(service::start::<AuditService>(config).await?);
        Ok(())
    }

    /// Waits until so many records are there; returns how many they are.
    pub async fn recorded(&self, count: i64) -> Result<i64, BoxError> {
        let begun = Instant::now();
        loop {
            let query = "SELECT coalesce(sum(sequence), 0)::bigint FROM audit.chain_heads";
            let recorded: i64 = self.client.query_one(query, &[]).await?.get(0);
            if recorded >= count {
                return Ok(recorded);
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{recorded} of {count} records after {PATIENCE:?}").into());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Cleans the tables and has the planner look at them, as the server does by itself some time later.
    pub async fn vacuum(&self) -> Result<(), BoxError> {
        let tables = "audit.records, audit.chain_heads, audit.checkpoint_leaves";
        let statement = format!("VACUUM (ANALYZE) {tables}");
        Ok(self.client.batch_execute(&statement).await?)
    }

    /// Returns a client of the service.
    pub fn audit(&self) -> Result<AuditServiceClient<Channel>, BoxError> {
        let address = self.service.as_ref().and_then(Running::grpc_address);
        let address = address.ok_or("the service runs and answers gRPC")?;
        let channel = grpc::connect(&Url::parse(&format!("http://{address}"))?);
        Ok(AuditServiceClient::new(channel).max_decoding_message_size(LARGEST_MESSAGE))
    }

    /// Makes a request of a user with these roles.
    pub fn request<T>(
        &self,
        user: &str,
        roles: &[String],
        message: T,
    ) -> Result<Request<T>, BoxError> {
        let token = token::mint(self.common.users_secret.clone(), &user.parse()?, roles, TTL)?;
        let mut request = Request::new(message);
        request
            .metadata_mut()
            .insert("authorization", format!("Bearer {token}").parse()?);
        Ok(request)
    }

    /// Stops what was started; a given database keeps nothing of the benchmark.
    pub async fn close(self) -> Result<(), BoxError> {
        if let Some(service) = self.service {
            service.stop().await?;
        }
        if self.postgres.is_none() {
            let drop_schema = "DROP SCHEMA IF EXISTS audit CASCADE";
            self.client.batch_execute(drop_schema).await?;
        }
        self.driver.abort();
        if let Some((broker, _claim)) = self.broker {
            broker.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop(STOP_PATIENCE).await?;
        }
        Ok(())
    }
}
