//! The running parts of the mesh, in the order in which they start and the other way round.

use embedded_broker::Broker;
use std::{future::pending, time::Duration};

use api_gateway::ApiGateway;
use audit_service::AuditService;
use futures::future::{join_all, select_all};
use notification_service::NotificationService;
use realtime_service::RealtimeService;
use recurrence_service::RecurrenceService;
use service_runtime::{
    BoxError, Running, Service, config::ServiceConfig, grpc, kafka::KafkaConfig, postgres::migrate,
    service,
};
use task_service::TaskService;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use url::Url;

use super::{
    arguments::Arguments,
    database::Database,
    ports::Ports,
    progress::step,
    settings::{self, Common, Settings},
};
use crate::{
    data_folder::DataFolder,
    embedded::postgres::{Options, Postgres},
    mail_sink::{MailSink, Mailbox},
    secrets,
    topics::{self, Cluster},
};

/// How long each stage of a stop may take before it is cut; together they stay within five seconds.
const GATEWAY_PATIENCE: Duration = Duration::from_millis(1_500);
const SERVICES_PATIENCE: Duration = Duration::from_millis(1_500);
const POSTGRES_PATIENCE: Duration = Duration::from_millis(1_000);

/// Everything that has started so far.
#[derive(Default)]
pub struct Mesh {
    gateway: Option<Running>,
    services: Vec<Running>,
    mail: Option<MailSink>,
    broker: Option<Broker>,
    postgres: Option<Postgres>,
}

/// Where the servers of the mesh ended up.
pub struct Servers {
    pub kafka: String,
    pub database_url: Url,
}

impl Mesh {
    /// Starts everything. What has started when a step fails is in `self`, for the stop.
    pub async fn start(
        &mut self,
        arguments: &Arguments,
        ports: &Ports,
        folder: &DataFolder,
    ) -> Result<Servers, BoxError> {
        let (database, database_url) = self.start_database(arguments, ports, folder).await?;
        let (kafka, embedded) = self.start_broker(arguments, ports, folder).await?;
        step(
            "topics",
            declare_topics(&topics::kafka_of(&kafka)?, embedded),
        )
        .await?;
        self.mail = Some(MailSink::start(Mailbox::of(folder.path()), ports.smtp_port).await?);

        grpc::call_without_connections();
        let common = Common {
            ports: ports.clone(),
            log: arguments.log.clone(),
            kafka: settings::kafka(&kafka, embedded),
            users_secret: arguments.secret.read(folder.path())?,
            mesh_secret: secrets::read_or_make(folder.path(), "mesh-secret")?,
            resume_secret: secrets::read_or_make(folder.path(), "resume-secret")?,
        };
        let url = database.prepare::<RecurrenceService>(folder.path()).await?;
        self.start_service::<RecurrenceService>(common.recurrence(url.as_ref()))
            .await?;
        let url = database.prepare::<TaskService>(folder.path()).await?;
        self.start_service::<TaskService>(common.task(url.as_ref()))
            .await?;
        let url = database
            .prepare::<NotificationService>(folder.path())
            .await?;
        self.start_service::<NotificationService>(common.notification(url.as_ref()))
            .await?;
        self.start_service::<RealtimeService>(common.realtime())
            .await?;
        secrets::make_signing_key(folder.path(), settings::AUDIT_KEY)?;
        let url = database.prepare::<AuditService>(folder.path()).await?;
        self.start_service::<AuditService>(common.audit(url.as_ref(), folder.path()))
            .await?;
        self.gateway = Some(start::<ApiGateway>(common.gateway()).await?);
        Ok(Servers {
            kafka,
            database_url,
        })
    }

    async fn start_database(
        &mut self,
        arguments: &Arguments,
        ports: &Ports,
        folder: &DataFolder,
    ) -> Result<(Database, Url), BoxError> {
        if let Some(url) = given(arguments.database_url.as_ref()) {
            return Ok((Database::given(url)?, Url::parse(url)?));
        }
        let password = secrets::read_or_make(folder.path(), "postgres-password")?;
        let options = Options {
            data_folder: folder.path(),
            port: ports.postgres_port,
            password: &password,
            durable: true,
            max_connections: 200,
        };
        let what = format!("PostgreSQL on port {}", ports.postgres_port);
        let postgres = self
            .postgres
            .insert(step(what, Postgres::start(options)).await?);
        let superuser = postgres.url().clone();
        Ok((Database::in_cluster(&superuser).await?, superuser))
    }

    async fn start_broker(
        &mut self,
        arguments: &Arguments,
        ports: &Ports,
        folder: &DataFolder,
    ) -> Result<(String, bool), BoxError> {
        if let Some(servers) = given(arguments.kafka_bootstrap_servers.as_ref()) {
            return Ok((servers.to_owned(), false));
        }
        let what = format!("broker on port {}", ports.kafka_port);
        let broker = step(what, Broker::start(folder.path(), ports.kafka_port)).await?;
        let address = self.broker.insert(broker).address();
        Ok((address.to_string(), true))
    }

    async fn start_service<S: Service>(&mut self, settings: Settings<'_>) -> Result<(), BoxError> {
        self.services.push(start::<S>(settings).await?);
        Ok(())
    }

    /// Waits until any part fails, and tells which.
    pub async fn failed(&mut self) -> BoxError {
        let services = self
            .services
            .iter_mut()
            .chain(&mut self.gateway)
            .map(|running| {
                let name = running.name();
                Box::pin(async move { BoxError::from(format!("{name}: {}", running.wait().await)) })
            });
        let postgres = async {
            match &mut self.postgres {
                Some(postgres) => BoxError::from(postgres.failed().await),
                None => pending().await,
            }
        };
        let broker = async {
            match &mut self.broker {
                Some(broker) => BoxError::from(broker.failed().await),
                None => pending().await,
            }
        };
        let mail = async {
            match &mut self.mail {
                Some(mail) => {
                    BoxError::from(format!("the mail server stopped: {}", mail.failed().await))
                }
                None => pending().await,
            }
        };
        tokio::select! {
            (error, ..) = select_all(services) => error,
            error = postgres => error,
            error = broker => error,
            error = mail => error,
        }
    }

    /// Stops everything: first the door, so that nothing new comes in, then the services, then what they stand on.
    /// Cancelling `hurry` cuts what is left.
    pub async fn stop(self, hurry: &CancellationToken) {
        if let Some(gateway) = self.gateway {
            stop(gateway, GATEWAY_PATIENCE, hurry).await;
        }
        let services = self.services.into_iter();
        join_all(services.map(|running| stop(running, SERVICES_PATIENCE, hurry))).await;
        drop(self.mail);
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
        if let Some(postgres) = self.postgres {
            let patience = if hurry.is_cancelled() {
                Duration::ZERO
            } else {
                POSTGRES_PATIENCE
            };
            if let Err(error) = postgres.stop(patience).await {
                warn!(%error, "stopping PostgreSQL failed");
            }
        }
    }
}

/// Migrates the service's schema, if it has one, and starts the service.
async fn start<S: Service>(settings: Settings<'_>) -> Result<Running, BoxError> {
    step(S::NAME, async {
        let config = settings.load::<S>()?;
        migrate_schema::<S>(&config).await?;
        Ok(service::start::<S>(config).await?)
    })
    .await
}

/// Migrates the service's schema, if it has one.
pub async fn migrate_schema<S: Service>(config: &S::Config) -> Result<(), BoxError> {
    if let (Some(schema), Some(database)) = (S::SCHEMA, config.database()) {
        migrate(database, schema).await?;
    }
    Ok(())
}

/// Creates the topics that are missing, tells of those that are not as declared, and registers their schemas, if there is a registry.
pub async fn declare_topics(kafka: &KafkaConfig, embedded: bool) -> Result<(), BoxError> {
    // Somebody else's cluster knows best how many copies it keeps.
    let replication = if embedded { 1 } else { -1 };
    let cluster = Cluster::new(kafka)?;
    let declared = topics::declared(kafka);
    cluster.create_missing(&declared, replication).await?;
    topics::register_all(kafka).await?;
    for (topic, state) in declared.iter().zip(cluster.compare(&declared).await?) {
        if let topics::State::Different(differences) = state {
            for difference in differences {
                warn!("topic {}: {difference}", topic.name);
            }
        }
    }
    Ok(())
}

async fn stop(running: Running, patience: Duration, hurry: &CancellationToken) {
    let name = running.name();
    let hard_shutdown = running.hard_shutdown();
    let stopping = running.stop();
    tokio::pin!(stopping);
    let stopped = tokio::select! {
        stopped = &mut stopping => stopped,
        () = sleep(patience) => {
            hard_shutdown.cancel();
            stopping.await
        }
        () = hurry.cancelled() => {
            hard_shutdown.cancel();
            stopping.await
        }
    };
    if let Err(error) = stopped {
        warn!(%error, "{name} was aborted");
    }
}

/// A variable that is set to nothing counts as not set.
fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// Tells which servers are embedded: PostgreSQL, and the broker.
pub fn embedded(arguments: &Arguments) -> (bool, bool) {
    (
        given(arguments.database_url.as_ref()).is_none(),
        given(arguments.kafka_bootstrap_servers.as_ref()).is_none(),
    )
}
