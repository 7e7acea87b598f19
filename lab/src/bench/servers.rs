//! Database and broker of a benchmark: its own ones, or those of DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS.

use std::{env, time::Duration};

use embedded_broker::Broker;
use service_runtime::{BoxError, kafka::KafkaConfig};
use taskmesh::{
    embedded::{
        ports::Claim,
        postgres::{Options, Postgres},
    },
    secrets,
    up::{mesh::declare_topics, settings},
};
use tempfile::TempDir;
use tokio_postgres::Client;
use url::Url;
use uuid::Uuid;

use super::mesh::connect;

const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Running servers with the topics of the mesh.
pub struct Servers {
    pub folder: TempDir,
    pub client: Client,
    pub database_url: Url,
    /// Variables that connect a service with the broker, without their prefix.
    pub variables: Vec<(String, String)>,
    postgres: Option<Postgres>,
    broker: Option<Broker>,
    /// Port of the own broker; none if an external one is used.
    broker_port: Option<Claim>,
}

impl Servers {
    /// Starts the servers for a service with this schema, which must not exist.
    pub async fn start(schema: &str) -> Result<Self, BoxError> {
        let folder = tempfile::Builder::new().prefix("taskmesh-").tempdir()?;
        let (postgres, database_url) = match env::var("DATABASE_URL") {
            Ok(url) => (None, Url::parse(&url)?),
            Err(_) => {
                let postgres = Postgres::start(Options {
                    data_folder: folder.path(),
                    port: Claim::new(0)?.port(),
                    password: &secrets::random(),
                    durable: true,
                    max_connections: 100,
                })
                .await?;
                let url = postgres.url().clone();
                (Some(postgres), url)
            }
        };
        let client = connect(&database_url).await?;
        let exists = "SELECT to_regnamespace($1) IS NOT NULL";
        if client.query_one(exists, &[&schema]).await?.get(0) {
            return Err(format!(
                "DATABASE_URL: the database has a schema {schema}; use another one"
            )
            .into());
        }
        let (broker, broker_port, servers) = match env::var("KAFKA_BOOTSTRAP_SERVERS") {
            Ok(servers) => (None, None, servers),
            Err(_) => {
                let port = Claim::new(0)?;
                let broker = Broker::start(folder.path(), port.port()).await?;
                let servers = broker.address().to_string();
                (Some(broker), Some(port), servers)
            }
        };
        let mut variables = settings::kafka(&servers, false);
        variables.retain(|(name, _)| name != "KAFKA__TOPIC_PREFIX");
        let prefix = format!("bench-{}.", Uuid::new_v4().simple());
        variables.push(("KAFKA__TOPIC_PREFIX".to_owned(), prefix));
        let prefixed = variables
            .iter()
            .map(|(name, value)| (format!("TASKMESH_{name}"), value.clone()));
        let kafka = KafkaConfig::load("TASKMESH", prefixed)?;
        declare_topics(&kafka, broker.is_some()).await?;
        Ok(Self {
            folder,
            client,
            database_url,
            variables,
            postgres,
            broker,
            broker_port,
        })
    }

    /// Returns whether the broker is the benchmark's own.
    pub fn has_own_broker(&self) -> bool {
        self.broker_port.is_some()
    }

    pub async fn stop_broker(&mut self) -> Result<(), BoxError> {
        let broker = self.broker.take();
        broker
            .ok_or("the broker of KAFKA_BOOTSTRAP_SERVERS cannot be stopped")?
            .stop()
            .await;
        Ok(())
    }

    pub async fn start_broker(&mut self) -> Result<(), BoxError> {
        if let Some(port) = &self.broker_port {
            self.broker = Some(Broker::start(self.folder.path(), port.port()).await?);
        }
        Ok(())
    }

    /// Stops the own servers; an external database loses the schema.
    pub async fn end(self, schema: &str) -> Result<(), BoxError> {
        if self.postgres.is_none() {
            let drop_schema = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
            self.client.batch_execute(&drop_schema).await?;
        }
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop(STOP_TIMEOUT).await?;
        }
        Ok(())
    }
}
