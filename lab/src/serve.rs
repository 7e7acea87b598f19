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
    telemetry::logging,
};
use task_service::TaskService;
use tokio::task::spawn_blocking;

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
    service_runtime::serve::<S>(config).await?;
    Ok(ExitCode::SUCCESS)
}

/// Waits for the end of standard input. The thread that reads it may outlive the runtime, which is shut down without waiting.
async fn input_ended() {
    let read = spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    // However reading ended, there is no more input.
    let _ = read.await;
}
