//! Command line of a service that runs as a process of its own.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing::error;

use crate::{
    BoxError,
    config::{self, ServiceConfig},
    postgres,
    service::{Service, start},
    shutdown_signal::ShutdownSignal,
    telemetry::logging,
};

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
    let failed = |cause: BoxError, code: ExitCode| {
        eprintln!("{}: {cause}", S::NAME);
        code
    };
    let config = match config::load::<S::Config>(S::ENV_PREFIX, std::env::vars()) {
        Ok(config) => config,
        Err(cause) => return failed(cause.into(), ExitCode::from(2)),
    };
    if let Err(cause) = logging::init(config.log()) {
        return failed(cause.into(), ExitCode::from(2));
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(cause) => return failed(cause.into(), ExitCode::FAILURE),
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
            error!(error = %cause, "{} ends", S::NAME);
            failed(cause, ExitCode::FAILURE)
        }
    }
}

/// Runs a service in a process whose telemetry is set up already, until a signal or the failure of one of its tasks.
pub async fn serve<S: Service>(config: S::Config) -> Result<(), BoxError> {
    let mut signal = ShutdownSignal::new()?;
    let mut running = start::<S>(config).await?;
    let failure = tokio::select! {
        () = signal.next() => None,
        failure = running.wait() => Some(failure),
    };
    let hard_shutdown = running.hard_shutdown();
    let stop = running.stop();
    tokio::pin!(stop);
    let stopped = tokio::select! {
        stopped = &mut stop => stopped,
        () = signal.next() => {
            hard_shutdown.cancel();
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
