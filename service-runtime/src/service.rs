//! The one start-up path: `main` for a process of its own, `start` for many services in one process and for tests.

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::{Arc, Mutex},
};

use axum::serve::ListenerExt;
use clap::{Parser, Subcommand};
use taskmesh_proto::topics::Topic;
use tokio::{net::TcpListener, sync::mpsc::UnboundedReceiver};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use crate::{
    BoxError,
    admin::{self, Readiness},
    clock::Clock,
    config::{self, ServiceConfig},
    dead_letters,
    grpc::{self, AuthConfigError, ServiceIdentity, StopSignals, Verifier},
    idempotency,
    ids::Ids,
    kafka::{ConsumerLoop, EventHandler, Tail, TopicPast, TopicReader},
    lifecycle::{Lifecycle, StopError, TaskFailure},
    outbox::{Pace, Relay},
    postgres::{self, Database, Schema},
    stop_requests::StopRequests,
    telemetry::{logging, metrics},
};

/// One service of the mesh: its names, its configuration, and how its parts are wired.
pub trait Service: Sized + Send + Sync + 'static {
    /// The name in logs, tokens and events, and the name of its consumer group, such as `task-service`.
    const NAME: &'static str;
    /// What its environment variables begin with, such as `TASK_SERVICE`.
    const ENV_PREFIX: &'static str;
    /// Its schema in the database, if it keeps anything.
    const SCHEMA: Option<Schema>;
    /// Its configuration.
    type Config: ServiceConfig;

    /// Wires its parts together; returns once it answers.
    fn start(context: Context<Self::Config>)
    -> impl Future<Output = Result<(), StartError>> + Send;
}

/// Why a service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error("{0}")]
    Config(String),
    /// An address is taken, or is not this machine's.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Something else.
    #[error(transparent)]
    Other(#[from] BoxError),
}

/// What the runtime lends a service while it starts.
pub struct Context<C> {
    name: &'static str,
    config: Arc<C>,
    database: Option<Database>,
    clock: Clock,
    auth: Option<(Verifier, ServiceIdentity)>,
    lifecycle: Lifecycle,
    addresses: Arc<Mutex<Addresses>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Addresses {
    grpc: Option<SocketAddr>,
    http: Option<SocketAddr>,
    admin: Option<SocketAddr>,
}

impl<C: ServiceConfig> Context<C> {
    /// Returns the configuration.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// Returns the service's schema in the database.
    pub fn database(&self) -> Database {
        self.database
            .clone()
            .expect("a service that asks for its database names a schema")
    }

    /// Returns the clock.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Returns where new ids come from.
    pub fn ids(&self) -> Ids {
        Ids
    }

    /// Returns what verifies the tokens of callers.
    pub fn verifier(&self) -> Verifier {
        self.auth().0.clone()
    }

    /// Returns what this service calls other services as.
    pub fn identity(&self) -> ServiceIdentity {
        self.auth().1.clone()
    }

    fn auth(&self) -> &(Verifier, ServiceIdentity) {
        self.auth
            .as_ref()
            .expect("a service that deals with tokens configures them")
    }

    /// Starts to carry the events of the service's outbox to the broker.
    pub fn relay_outbox(&self) {
        let relay = Relay::new(
            self.database(),
            self.kafka().clone(),
            self.name,
            Pace::default(),
        );
        self.lifecycle
            .spawn("relay", relay.run(self.lifecycle.stopping()));
    }

    /// Starts to forget answers that no caller can still ask for again.
    pub fn forget_old_answers(&self) {
        let forgetting =
            idempotency::forget_old(self.database(), self.clock(), self.lifecycle.stopping());
        self.lifecycle.spawn("forget-old-answers", forgetting);
    }

    /// Starts to consume a topic, in the consumer group that has the service's name.
    pub fn consume<H: EventHandler>(&self, topic: &'static Topic, handler: H) {
        let consumer = ConsumerLoop::new(
            self.kafka().clone(),
            topic,
            self.name,
            handler,
            self.database(),
            self.lifecycle.stopping(),
        );
        self.lifecycle.spawn("consumer", consumer.run());
    }

    /// Starts to read all of a topic, in no group: the last so many records of each partition, and what comes.
    pub fn read_all<R: TopicReader>(
        &self,
        topic: &'static Topic,
        most_records: i64,
        reader: Arc<R>,
    ) {
        let tail = Tail::new(
            self.kafka().clone(),
            topic,
            self.name,
            reader,
            most_records,
            self.lifecycle.stopping(),
        );
        self.lifecycle.spawn("reader", tail.run());
    }

    /// Returns what reads stretches of a topic's past.
    pub fn past_of(&self, topic: &'static Topic) -> TopicPast {
        TopicPast::new(self.kafka().clone(), topic, self.name)
    }

    /// Returns the token that is cancelled at the first step of a stop, for streams that go on for as long as their clients want.
    pub fn stopping(&self) -> CancellationToken {
        self.lifecycle.stopping()
    }

    fn kafka(&self) -> &crate::kafka::KafkaConfig {
        self.config
            .kafka()
            .expect("a service that produces or consumes configures its broker")
    }

    /// Starts a task of the service's own; it must run until the token is cancelled and end soon after.
    pub fn spawn<F, Fut>(&self, name: &'static str, task: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.lifecycle.spawn(name, task(self.lifecycle.stopping()));
    }

    /// Answers gRPC calls, with all layers, health and reflection, and operators' calls about the service's dead letters;
    /// returns once the port is open.
    pub async fn serve_grpc(&self, routes: tonic::service::Routes) -> Result<(), StartError> {
        let config = self
            .config
            .grpc()
            .expect("a service that answers gRPC configures its server")
            .clone();
        let dead_letters = self
            .config
            .kafka()
            .and_then(|kafka| dead_letters::server(kafka, self.name));
        let routes = match dead_letters {
            Some(server) => routes.add_service(server),
            None => routes,
        };
        let listener = listen(config.address).await?;
        let address = local_address(&listener)?;
        self.addresses().grpc = Some(address);
        info!(server.address = %address, "serving gRPC on {address}");
        let signals = StopSignals {
            stopping: self.lifecycle.stopping(),
            cut: self.lifecycle.cut(),
        };
        let server = grpc::serve(listener, config, routes, self.verifier(), signals).await?;
        self.lifecycle.spawn("grpc", server);
        Ok(())
    }

    /// Answers HTTP requests; returns once the port is open.
    pub async fn serve_http(&self, router: axum::Router) -> Result<(), StartError> {
        let config = self
            .config
            .http()
            .expect("a service that answers HTTP configures its server");
        let listener = listen(config.address).await?;
        let address = local_address(&listener)?;
        self.addresses().http = Some(address);
        info!(server.address = %address, "serving HTTP on {address}");
        let stopping = self.lifecycle.stopping();
        self.lifecycle.spawn("http", async move {
            // What is said of a live stream is small and must not wait for what was said before.
            let listener = listener.tap_io(|connection| {
                if let Err(cause) = connection.set_nodelay(true) {
                    debug!("setting TCP_NODELAY failed, small messages may be delayed: {cause}");
                }
            });
            axum::serve(
                listener,
                router.into_make_service_with_connect_info::<SocketAddr>(),
            )
            .with_graceful_shutdown(stopping.cancelled_owned())
            .await
        });
        Ok(())
    }

    fn addresses(&self) -> std::sync::MutexGuard<'_, Addresses> {
        self.addresses
            .lock()
            .expect("no holder of this lock panics")
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|cause| StartError::Listen { address, cause })
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr, StartError> {
    listener
        .local_addr()
        .map_err(|cause| StartError::Other(cause.into()))
}

/// A service that runs.
pub struct Running {
    name: &'static str,
    lifecycle: Lifecycle,
    failures: UnboundedReceiver<TaskFailure>,
    addresses: Addresses,
}

impl Running {
    /// Returns the service's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns where it answers gRPC.
    pub fn grpc_address(&self) -> Option<SocketAddr> {
        self.addresses.grpc
    }

    /// Returns where it answers HTTP.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.addresses.http
    }

    /// Returns where the operator's port is.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.addresses.admin
    }

    /// Returns a token that makes a stop under way take its second step at once.
    pub fn cut(&self) -> CancellationToken {
        self.lifecycle.cut()
    }

    /// Waits until one of the service's tasks fails, which it never does by itself in a healthy service.
    pub async fn wait(&mut self) -> TaskFailure {
        match self.failures.recv().await {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }

    /// Stops in two steps.
    pub async fn stop(self) -> Result<(), StopError> {
        let stopped = self.lifecycle.stop().await;
        info!("{} stopped", self.name);
        stopped
    }
}

/// Starts a service in this process, whose telemetry is set up already; its schema must be migrated.
pub async fn start<S: Service>(config: S::Config) -> Result<Running, StartError> {
    start_with_clock::<S>(config, Clock::system()).await
}

/// Starts a service that takes the time from this clock.
pub async fn start_with_clock<S: Service>(
    config: S::Config,
    clock: Clock,
) -> Result<Running, StartError> {
    info!(
        service.name = S::NAME,
        service.version = env!("CARGO_PKG_VERSION"),
        ?config,
        "starting {}",
        S::NAME
    );
    metrics::init().map_err(|error| StartError::Other(error.into()))?;
    let database = match (S::SCHEMA, config.database()) {
        (Some(schema), Some(database)) => Some(Database::new(database, schema.name)?),
        _ => None,
    };
    let (lifecycle, failures) = Lifecycle::new();
    let auth = match config.auth() {
        Some(auth) => {
            let wrong = |error: AuthConfigError| StartError::Config(error.to_string());
            Some((
                Verifier::new(auth).map_err(wrong)?,
                ServiceIdentity::new(S::NAME, auth).map_err(wrong)?,
            ))
        }
        None => None,
    };
    let started = CancellationToken::new();
    let admin = listen(config.admin().address).await?;
    let addresses = Addresses {
        admin: Some(local_address(&admin)?),
        ..Addresses::default()
    };
    let readiness = Readiness {
        started: started.clone(),
        stopping: lifecycle.stopping(),
    };
    lifecycle.spawn(
        "admin",
        admin::serve(admin, readiness, lifecycle.stopping()),
    );

    let addresses = Arc::new(Mutex::new(addresses));
    let context = Context {
        name: S::NAME,
        config: Arc::new(config),
        database,
        clock,
        auth,
        lifecycle: lifecycle.clone(),
        addresses: Arc::clone(&addresses),
    };
    if let Err(cause) = S::start(context).await {
        // What had started already must not go on half alive.
        let _ = lifecycle.stop().await;
        return Err(cause);
    }
    started.cancel();
    let addresses = *addresses.lock().expect("no holder of this lock panics");
    Ok(Running {
        name: S::NAME,
        lifecycle,
        failures,
        addresses,
    })
}

#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the service until it is told to stop (the default).
    Serve,
    /// Applies pending migrations of the service's schema and exits.
    Migrate,
    /// Reads the configuration, prints it without its secrets and exits.
    CheckConfig,
}

/// Runs a service as a process of its own, configured by the environment.
pub fn main<S: Service>() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match config::load::<S::Config>(S::ENV_PREFIX, std::env::vars()) {
        Ok(config) => config,
        Err(cause) => {
            eprintln!("{}: {cause}", S::NAME);
            return ExitCode::from(2);
        }
    };
    if let Err(cause) = logging::init(config.log()) {
        eprintln!("{}: {cause}", S::NAME);
        return ExitCode::from(2);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(cause) => {
            eprintln!("{}: {cause}", S::NAME);
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match arguments.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::<S>(config).await,
            Command::Migrate => migrate::<S>(&config).await,
            Command::CheckConfig => {
                println!("{config:#?}");
                Ok(())
            }
        }
    });
    // A thread that hangs in a library must not keep the process from ending.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            error!(error = %cause, "{} failed, exiting", S::NAME);
            eprintln!("{}: {cause}", S::NAME);
            ExitCode::FAILURE
        }
    }
}

/// Runs a service in a process whose telemetry is set up already, until the process is told to stop or a part of the service fails.
pub async fn serve<S: Service>(config: S::Config) -> Result<(), BoxError> {
    let mut signals = StopRequests::new()?;
    let mut running = start::<S>(config).await?;
    let failure = tokio::select! {
        () = signals.next() => None,
        failure = running.wait() => Some(failure),
    };
    let cut = running.cut();
    let stop = running.stop();
    tokio::pin!(stop);
    let stopped = tokio::select! {
        stopped = &mut stop => stopped,
        () = signals.next() => {
            cut.cancel();
            stop.await
        }
    };
    match failure {
        Some(failure) => Err(failure.into()),
        None => Ok(stopped?),
    }
}

async fn migrate<S: Service>(config: &S::Config) -> Result<(), BoxError> {
    let (Some(schema), Some(database)) = (S::SCHEMA, config.database()) else {
        return Err(format!("{} keeps nothing in a database", S::NAME).into());
    };
    let name = schema.name;
    let applied = postgres::migrate(database, schema).await?;
    for migration in &applied {
        println!("applied {migration}");
    }
    println!("schema {name} is up to date");
    Ok(())
}
