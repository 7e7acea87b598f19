//! The mesh that is struck: PostgreSQL, a broker, and eleven services, each in a process of its own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use api_gateway::ApiGateway;
use audit_service::AuditService;
use futures::future::join_all;
use notification_service::NotificationService;
use realtime_service::RealtimeService;
use recurrence_service::RecurrenceService;
use service_runtime::{BoxError, Service, kafka::KafkaConfig};
use task_service::TaskService;
use tokio::{
    net::TcpStream,
    sync::oneshot,
    time::{sleep, timeout},
};
use url::Url;

use super::{
    brokers::{Brokers, Given},
    faults::{Fault, Kind},
    process::{Launch, Process, Stop},
    server::Server,
};
use taskmesh::{
    embedded::ports::Claim,
    mail_sink::{MailSink, Mailbox},
    secrets,
    topics::kafka_config,
    up::{
        database::Database,
        mesh::{declare_topics, migrate_schema},
        ports::{Ports, loopback},
        settings::{self, Common, Settings, url_of},
    },
};

const START_PATIENCE: Duration = Duration::from_secs(90);
/// So long what a service needs has answered nothing when the service is told to stop.
const SILENCE: Duration = Duration::from_secs(1);

/// A running mesh; dropping it kills all of it.
pub struct Mesh {
    server: Server,
    brokers: Brokers,
    services: Vec<Process>,
    /// How the topics are reached.
    pub kafka: KafkaConfig,
    /// Where the task-services answer.
    pub task_urls: Vec<Url>,
    /// Where the gateways do; behind each is another replica of the realtime-service.
    pub gateway_urls: Vec<Url>,
    /// Where one of the audit-services does.
    pub audit_url: Url,
    /// What users' tokens are signed with.
    pub users_secret: String,
    /// The mail that was sent.
    pub mailbox: Mailbox,
    _mail: MailSink,
    _claims: Vec<Claim>,
}

impl Mesh {
    /// Starts everything in an empty folder; returns once all of it answers.
    pub async fn start(folder: &Path, log: &str, given: Option<Given>) -> Result<Self, BoxError> {
        let (ports, mut claims) = Ports::any().check(true, true)?;
        let (mut others, more_claims) = Ports::any().check(false, false)?;
        claims.extend(more_claims);
        // The second instances share what there is one of.
        others.recurrence_port = ports.recurrence_port;
        others.smtp_port = ports.smtp_port;

        let server = Server::start(folder, ports.postgres_port).await?;
        let database = Database::in_cluster(server.superuser()).await?;
        let embedded = given.is_none();
        let brokers = Brokers::start(given, folder, ports.kafka_port).await?;
        let kafka = kafka_of(&brokers)?;
        declare_topics(&kafka, embedded).await?;
        let mailbox = Mailbox::of(folder);
        let mail = MailSink::start(mailbox.clone(), ports.smtp_port).await?;

        let common = Common {
            ports: ports.clone(),
            log: log.to_owned(),
            kafka: variables_of(&brokers),
            users_secret: secrets::random(),
            mesh_secret: secrets::random(),
            resume_secret: secrets::random(),
        };
        let [audit, other_audit] = audit_folders(folder)?;
        let starter = Starter {
            folder,
            database,
            common: &common,
        };
        let services = vec![
            starter
                .start::<RecurrenceService>("recurrence", 1, &ports, Common::recurrence)
                .await?,
            starter
                .start::<TaskService>("task", 1, &ports, Common::task)
                .await?,
            starter
                .start::<TaskService>("task", 2, &others, Common::task)
                .await?,
            starter
                .start::<NotificationService>("notification", 1, &ports, Common::notification)
                .await?,
            starter
                .start::<NotificationService>("notification", 2, &others, Common::notification)
                .await?,
            starter
                .start::<RealtimeService>("realtime", 1, &ports, |common, _| common.realtime())
                .await?,
            starter
                .start::<RealtimeService>("realtime", 2, &others, |common, _| common.realtime())
                .await?,
            starter
                .start::<AuditService>("audit", 1, &ports, |common, url| common.audit(url, &audit))
                .await?,
            starter
                .start::<AuditService>("audit", 2, &others, |common, url| {
                    common.audit(url, &other_audit)
                })
                .await?,
            starter
                .start::<ApiGateway>("gateway", 1, &ports, |common, _| common.gateway())
                .await?,
            starter
                .start::<ApiGateway>("gateway", 2, &others, |common, _| common.gateway())
                .await?,
        ];
        let doors = [
            ports.recurrence_port,
            ports.task_port,
            others.task_port,
            ports.notification_port,
            others.notification_port,
            ports.realtime_port,
            others.realtime_port,
            ports.audit_port,
            others.audit_port,
            ports.http_port,
            others.http_port,
        ];
        timeout(START_PATIENCE, join_all(doors.map(open)))
            .await
            .map_err(|_| {
                let folder = folder.display();
                format!(
                    "the services do not answer within {START_PATIENCE:?}: see the logs in {folder}"
                )
            })?;
        Ok(Self {
            server,
            brokers,
            services,
            kafka,
            task_urls: urls_of([ports.task_port, others.task_port])?,
            gateway_urls: urls_of([ports.http_port, others.http_port])?,
            audit_url: Url::parse(&url_of(ports.audit_port))?,
            users_secret: common.users_secret,
            mailbox,
            _mail: mail,
            _claims: claims,
        })
    }

    /// Returns the URL of the database, for its superuser.
    pub fn database_url(&self) -> &Url {
        self.server.database()
    }

    /// Lets a fault happen; returns what it has struck when it is over, and how that has stopped if it was told to.
    pub async fn strike(&mut self, fault: Fault) -> Result<(String, Option<Stop>), BoxError> {
        let Fault {
            kind,
            target,
            length,
            ..
        } = fault;
        let service = &self.services[target % self.services.len()];
        let what = match kind {
            Kind::KillService => {
                service.kill(length).await?;
                service.name().to_owned()
            }
            Kind::FreezeService => {
                service.freeze(length).await?;
                service.name().to_owned()
            }
            Kind::StopService => {
                let (_, again) = oneshot::channel();
                let stop = service.stop(again).await?;
                return Ok((service.name().to_owned(), Some(stop)));
            }
            Kind::StopInSilence => {
                let (silent, stop) = self.stop_in_silence(service, target).await?;
                let what = format!("{} without {silent}", service.name());
                return Ok((what, Some(stop)));
            }
            Kind::CrashPostgres => {
                self.server.crash(length).await?;
                "PostgreSQL".to_owned()
            }
            Kind::KillBroker => self.brokers.kill(target, length).await?,
            Kind::FreezeBroker => self.brokers.freeze(length).await?,
            Kind::CutConnections => self.server.cut_connections(target).await?,
        };
        Ok((what, None))
    }

    /// Tells a service to stop while something that it needs answers nothing; returns what that is.
    async fn stop_in_silence(
        &self,
        service: &Process,
        target: usize,
    ) -> Result<(&'static str, Stop), BoxError> {
        let is_even = (target / self.services.len()).is_multiple_of(2);
        let broker = self.brokers.process().filter(|_| is_even);
        match broker {
            Some(broker) => broker.pause().await?,
            None => self.server.pause()?,
        }
        sleep(SILENCE).await;
        let (again, wait) = oneshot::channel();
        let stop = service.stop(wait).await;
        match broker {
            Some(broker) => broker.resume().await?,
            None => self.server.resume()?,
        }
        drop(again);
        Ok((broker.map_or("PostgreSQL", |_| "the broker"), stop?))
    }

    /// Returns how often each process has ended by itself.
    pub fn own_ends(&self) -> Vec<(String, u64)> {
        self.services
            .iter()
            .chain(self.brokers.process())
            .map(|process| (process.name().to_owned(), process.ends()))
            .filter(|(_, ends)| *ends > 0)
            .collect()
    }

    /// Ends everything.
    pub async fn end(self) -> Result<(), BoxError> {
        join_all(self.services.into_iter().map(Process::end)).await;
        self.brokers.end().await;
        self.server.end().await
    }
}

/// What the services are started with.
struct Starter<'a> {
    folder: &'a Path,
    database: Database,
    common: &'a Common,
}

impl Starter<'_> {
    /// Migrates a service's schema and starts one of its instances.
    async fn start<S: Service>(
        &self,
        part: &str,
        instance: u8,
        ports: &Ports,
        settings: impl for<'c> Fn(&'c Common, Option<&Url>) -> Settings<'c>,
    ) -> Result<Process, BoxError> {
        let name = format!("{part}-{instance}");
        let mut common = self.common.clone();
        common.ports = ports.clone();
        // It comes back to its partitions at once.
        let group_instance = ("KAFKA__GROUP_INSTANCE_ID".to_owned(), name.clone());
        common.kafka.push(group_instance);
        let url = self.database.prepare::<S>(self.folder).await?;
        let config = settings(&common, url.as_ref()).load::<S>()?;
        migrate_schema::<S>(&config).await?;
        // What the environment sets comes first, as everywhere.
        let variables = settings(&common, url.as_ref())
            .variables::<S>()
            .into_iter()
            .filter(|(name, _)| std::env::var_os(name).is_none());
        Ok(Process::start(Launch {
            arguments: ["serve", part].map(Into::into).into(),
            variables: variables.collect(),
            log: self.folder.join(format!("{name}.log")),
            name,
        }))
    }
}

/// Waits until a port takes connections.
pub async fn open(port: u16) {
    while TcpStream::connect(loopback(port)).await.is_err() {
        sleep(Duration::from_millis(50)).await;
    }
}

/// Makes a folder for each audit-service: one key for both, and a file of checkpoints for each.
fn audit_folders(folder: &Path) -> io::Result<[PathBuf; 2]> {
    let folders = ["audit-1", "audit-2"].map(|name| folder.join(name));
    for one in &folders {
        fs::create_dir(one)?;
    }
    let [first, second] = &folders;
    secrets::make_signing_key(first, settings::AUDIT_KEY)?;
    fs::copy(
        first.join(settings::AUDIT_KEY),
        second.join(settings::AUDIT_KEY),
    )?;
    Ok(folders)
}

fn urls_of(ports: [u16; 2]) -> Result<Vec<Url>, BoxError> {
    let urls = ports.into_iter().map(|port| Url::parse(&url_of(port)));
    Ok(urls.collect::<Result<_, _>>()?)
}

fn variables_of(brokers: &Brokers) -> Vec<(String, String)> {
    let mut variables = settings::kafka(brokers.address(), false);
    if let Some(prefix) = brokers.prefix() {
        variables.push(("KAFKA__TOPIC_PREFIX".to_owned(), prefix.to_owned()));
    }
    variables
}

fn kafka_of(brokers: &Brokers) -> Result<KafkaConfig, BoxError> {
    let variables = variables_of(brokers)
        .into_iter()
        .map(|(name, value)| (format!("TASKMESH_{name}"), value));
    Ok(kafka_config(variables)?)
}
