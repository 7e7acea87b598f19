//! `lab serve <part>`: runs one service or the broker in this process, for the chaos runs.

use std::process::ExitCode;

use api_gateway::ApiGateway;
use audit_service::AuditService;
use clap::{Args, Subcommand};
use notification_service::NotificationService;
use realtime_service::RealtimeService;
use recurrence_service::RecurrenceService;
use service_runtime::{
    BoxError, Service,
    config::{self, ServiceConfig},
    service,
    telemetry::logging,
};
use task_service::TaskService;
use tokio::io::{AsyncReadExt, stdin};

use taskmesh::broker;

/// Run one part of a mesh, configured by environment variables, until standard input ends.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    Task,
    Recurrence,
    Notification,
    Realtime,
    Audit,
    Gateway,
    Broker(broker::Arguments),
}

/// Runs the part.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let part = async {
        match arguments.part {
            Part::Task => serve::<TaskService>().await,
            Part::Recurrence => serve::<RecurrenceService>().await,
            Part::Notification => serve::<NotificationService>().await,
            Part::Realtime => serve::<RealtimeService>().await,
            Part::Audit => serve::<AuditService>().await,
            Part::Gateway => serve::<ApiGateway>().await,
            Part::Broker(arguments) => broker::run(arguments).await,
        }
    };
    tokio::select! {
        ended = part => ended,
        // The parent process has exited.
        () = input_ended() => Ok(ExitCode::FAILURE),
    }
}

async fn serve<S: Service>() -> Result<ExitCode, BoxError> {
    let config = config::load::<S::Config>(S::ENV_PREFIX, std::env::vars())?;
    logging::init(config.log())?;
    service::serve::<S>(config).await?;
    Ok(ExitCode::SUCCESS)
}

async fn input_ended() {
    let mut input = stdin();
    let mut bytes = [0; 64];
    while matches!(input.read(&mut bytes).await, Ok(1..)) {}
}
