//! Start of a service, the same in its own process, in one process with others, and in tests.

use std::{future::Future, sync::Arc};

use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{
    admin::{self, Readiness},
    clock::Clock,
    config::ServiceConfig,
    context::Context,
    grpc::{AuthConfigError, ServiceIdentity, Verifier},
    lifecycle::Lifecycle,
    listener::listen,
    postgres::{Database, Schema},
    running::Running,
    start_error::StartError,
    telemetry::metrics,
};

/// Service of the mesh: its names, its configuration and its wiring.
pub trait Service: Sized + Send + Sync + 'static {
    /// Name in logs, tokens and events, and name of its consumer group, such as `task-service`.
    const NAME: &'static str;
    /// Prefix of its environment variables, such as `TASK_SERVICE`.
    const ENV_PREFIX: &'static str;
    /// Schema in the database, if it has one.
    const SCHEMA: Option<Schema>;
    /// Configuration.
    type Config: ServiceConfig;

    /// Wires the service and starts its tasks and servers.
    fn start(
        context: Context<Self::Config>,
    ) -> impl Future<Output = Result<Running, StartError>> + Send;
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
    let (listener, admin_address) = listen(config.admin().address).await?;
    let (lifecycle, failures) = Lifecycle::new();
    let started = CancellationToken::new();
    let readiness = Readiness {
        started: started.clone(),
        stopping: lifecycle.soft_shutdown(),
    };
    lifecycle.spawn(
        "admin",
        admin::serve(listener, readiness, lifecycle.soft_shutdown()),
    );

    let context = Context {
        config: Arc::new(config),
        database,
        clock,
        auth,
        running: Running {
            name: S::NAME,
            lifecycle: lifecycle.clone(),
            failures,
            grpc_address: None,
            http_address: None,
            admin_address,
        },
    };
    match S::start(context).await {
        Ok(running) => {
            started.cancel();
            Ok(running)
        }
        Err(cause) => {
            // Tasks that have started must not outlive the failed start.
            let _ = lifecycle.stop().await;
            Err(cause)
        }
    }
}
