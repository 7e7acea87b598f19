//! Mesh under test: PostgreSQL, a broker and eleven service processes.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use api_gateway::ApiGateway;
use audit_service::AuditService;
use futures::future::{join_all, try_join_all};
use notification_service::NotificationService;
use realtime_service::RealtimeService;
use recurrence_service::RecurrenceService;
use rustix::process::Signal;
use service_runtime::{BoxError, Service, kafka::KafkaConfig};
use task_service::TaskService;
use taskmesh::{
    embedded::ports::Claim,
    mail_sink::{MailSink, Mailbox},
    secrets,
    up::{
        database::Database,
        mesh::{declare_topics, migrate_schema},
        ports::Ports,
        settings::{self, Common, Settings, url_of},
    },
};
use tokio::time::{sleep, timeout};
use url::Url;

use super::{
    brokers::{Brokers, External},
    fault::{Fault, Kind},
    process::{Launch, Process, Stop, wait_for_port},
    server::Server,
};

const START_TIMEOUT: Duration = Duration::from_secs(90);
/// Time between the suspension of a dependency and the SIGTERM of [`Kind::StopInSilence`].
const SILENCE: Duration = Duration::from_secs(1);

/// Running mesh; dropping it kills all processes.
pub struct Mesh {
    pub server: Server,
    brokers: Brokers,
    services: Vec<Process>,
    pub kafka: KafkaConfig,
    /// URLs of the task-services.
    pub task_urls: [Url; 2],
    /// URLs of the gateways; each serves another replica of the realtime-service.
    pub gateway_urls: [Url; 2],
    /// URL of one audit-service.
    pub audit_url: Url,
    /// Secret that signs user tokens.
    pub users_secret: String,
    pub mailbox: Mailbox,
    _mail: MailSink,
    _claims: Vec<Claim>,
}

impl Mesh {
    /// Starts the mesh in an empty folder, and waits until all services accept connections.
    pub async fn start(folder: &Path, log: &str, external: External) -> Result<Self, BoxError> {
        let (ports, mut claims) = Ports::any().check(true, true)?;
        let (mut others, more_claims) = Ports::any().check(false, false)?;
        claims.extend(more_claims);
        others.recurrence_port = ports.recurrence_port;
        others.smtp_port = ports.smtp_port;

        let server = Server::start(folder, ports.postgres_port).await?;
        let database = Database::in_cluster(&server.superuser).await?;
        let brokers = Brokers::start(external, folder, ports.kafka_port).await?;
        let variables = brokers.variables.iter();
        let variables = variables.map(|(name, value)| (format!("TASKMESH_{name}"), value.clone()));
        let kafka = KafkaConfig::load("TASKMESH", variables)?;
        declare_topics(&kafka, brokers.embedded.is_some()).await?;
        let mailbox = Mailbox::of(folder);
        let mail = MailSink::start(mailbox.clone(), ports.smtp_port).await?;

        let common = Common {
            ports: ports.clone(),
            log: log.to_owned(),
            kafka: brokers.variables.clone(),
            users_secret: secrets::random(),
            mesh_secret: secrets::random(),
            resume_secret: secrets::random(),
        };
        let mut starter = Starter {
            folder,
            database,
            common: &common,
            services: Vec::new(),
        };
        starter
            .start::<RecurrenceService>("recurrence", 1, &ports, Common::recurrence)
            .await?;
        let mut service_ports = vec![ports.recurrence_port];
        for (number, (ports, audit)) in
            (1..).zip([&ports, &others].into_iter().zip(audit_folders(folder)?))
        {
            starter
                .start::<TaskService>("task", number, ports, Common::task)
                .await?;
            starter
                .start::<NotificationService>("notification", number, ports, Common::notification)
                .await?;
            starter
                .start::<RealtimeService>("realtime", number, ports, |common, _| common.realtime())
                .await?;
            starter
                .start::<AuditService>("audit", number, ports, |common, url| {
                    common.audit(url, &audit)
                })
                .await?;
            starter
                .start::<ApiGateway>("gateway", number, ports, |common, _| common.gateway())
                .await?;
            service_ports.extend([
                ports.task_port,
                ports.notification_port,
                ports.realtime_port,
                ports.audit_port,
                ports.http_port,
            ]);
        }
        let ready = join_all(service_ports.into_iter().map(wait_for_port));
        timeout(START_TIMEOUT, ready).await.map_err(|_| {
            let folder = folder.display();
            format!("the services do not answer within {START_TIMEOUT:?}: see the logs in {folder}")
        })?;
        let services = starter.services;
        let url = |port| Url::parse(&url_of(port));
        Ok(Self {
            server,
            brokers,
            services,
            kafka,
            task_urls: [url(ports.task_port)?, url(others.task_port)?],
            gateway_urls: [url(ports.http_port)?, url(others.http_port)?],
            audit_url: url(ports.audit_port)?,
            users_secret: common.users_secret,
            mailbox,
            _mail: mail,
            _claims: claims,
        })
    }

    /// Injects a fault and waits for its end; returns the target, and the outcome of a graceful stop.
    pub async fn inject_fault(&mut self, fault: Fault) -> Result<(String, Option<Stop>), BoxError> {
        let Fault {
            kind,
            target,
            length,
            ..
        } = fault;
        let service = &self.services[target % self.services.len()];
        let mut name = service.name().to_owned();
        let mut stop = None;
        match kind {
            Kind::KillService => service.kill(length).await?,
            Kind::FreezeService => service.freeze(length).await,
            Kind::StopService => {
                stop = Some(service.stop().await?);
                service.restart().await?;
            }
            Kind::StopInSilence => {
                let is_even = (target / self.services.len()).is_multiple_of(2);
                let broker = self.brokers.embedded.as_ref().filter(|_| is_even);
                name += broker.map_or(" without PostgreSQL", |_| " without the broker");
                self.signal_dependency(broker, Signal::STOP).await?;
                sleep(SILENCE).await;
                let stopped = service.stop().await;
                self.signal_dependency(broker, Signal::CONT).await?;
                stop = Some(stopped?);
                service.restart().await?;
            }
            Kind::CrashPostgres => {
                self.server.crash(length).await?;
                name = "PostgreSQL".to_owned();
            }
            Kind::KillBroker => name = self.brokers.kill(target, length).await?,
            Kind::FreezeBroker => name = self.brokers.freeze(length).await?,
            Kind::CutConnections => name = self.server.cut_connections(target).await?,
        }
        Ok((name, stop))
    }

    async fn signal_dependency(
        &self,
        broker: Option<&Process>,
        signal: Signal,
    ) -> Result<(), BoxError> {
        match broker {
            Some(broker) => broker.signal(signal).await,
            None => self.server.signal(signal)?,
        }
        Ok(())
    }

    /// Returns the number of exits without a fault, by process.
    pub fn unexpected_exits(&self) -> BTreeMap<String, u64> {
        self.services
            .iter()
            .chain(&self.brokers.embedded)
            .map(|process| (process.name().to_owned(), process.unexpected_exits()))
            .filter(|(_, exits)| *exits > 0)
            .collect()
    }

    pub async fn end(self) -> Result<(), BoxError> {
        let processes = self.services.into_iter().chain(self.brokers.embedded);
        try_join_all(processes.map(Process::end)).await?;
        self.server.end().await
    }
}

/// Starter of the service processes.
struct Starter<'a> {
    folder: &'a Path,
    database: Database,
    common: &'a Common,
    services: Vec<Process>,
}

impl Starter<'_> {
    /// Migrates the schema of a service and starts one instance.
    async fn start<S: Service>(
        &mut self,
        part: &str,
        instance: u8,
        ports: &Ports,
        settings: impl for<'c> Fn(&'c Common, Option<&Url>) -> Settings<'c>,
    ) -> Result<(), BoxError> {
        let name = format!("{part}-{instance}");
        let mut common = self.common.clone();
        common.ports = ports.clone();
        // Static group membership: a restarted process gets its partitions back immediately.
        let group_instance = ("KAFKA__GROUP_INSTANCE_ID".to_owned(), name.clone());
        common.kafka.push(group_instance);
        let url = self.database.prepare::<S>(self.folder).await?;
        let config = settings(&common, url.as_ref()).load::<S>()?;
        migrate_schema::<S>(&config).await?;
        // The environment takes precedence, as everywhere.
        let variables = settings(&common, url.as_ref())
            .variables::<S>()
            .into_iter()
            .filter(|(name, _)| std::env::var_os(name).is_none());
        self.services.push(Process::start(Launch {
            arguments: ["serve", part].map(Into::into).into(),
            variables: variables.collect(),
            log: self.folder.join(format!("{name}.log")),
            name,
        })?);
        Ok(())
    }
}

/// Creates a folder for each audit-service: both have the same signing key, and their own checkpoint file.
fn audit_folders(folder: &Path) -> io::Result<[PathBuf; 2]> {
    let folders = ["audit-1", "audit-2"].map(|name| folder.join(name));
    for one in &folders {
        fs::create_dir(one)?;
    }
    let [first, second] = folders.each_ref().map(|one| one.join(settings::AUDIT_KEY));
    secrets::make_signing_key(&folders[0], settings::AUDIT_KEY)?;
    fs::copy(first, second)?;
    Ok(folders)
}
