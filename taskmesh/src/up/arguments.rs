use std::path::PathBuf;

use clap::Args;

use super::ports::Ports;
use crate::{data_folder::Location, token::Secret};

/// Run the whole mesh in this process: database, broker, mail server, services and gateway, all on loopback.
///
/// Environment variables of a service, such as NOTIFICATION_SERVICE_SMTP__HOST, override the settings that `up` makes.
#[derive(Debug, Clone, Args)]
#[command(args_override_self = true)]
pub struct Arguments {
    #[command(flatten)]
    pub location: Location,
    #[command(flatten)]
    pub ports: Ports,
    #[command(flatten)]
    pub secret: Secret,
    /// Use this PostgreSQL database instead of a private one; its user must be allowed to create roles and schemas.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Use these Kafka brokers instead of the embedded one; TASKMESH_KAFKA__… variables configure the connection.
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS")]
    pub kafka_bootstrap_servers: Option<String>,
    /// Log filter for standard error: a level, or a filter such as `info,task_service=debug`.
    #[arg(long, env = "TASKMESH_LOG", default_value = "warn")]
    pub log: String,
    /// Write all addresses and the demo token to this file, as JSON, when the mesh is ready.
    #[arg(long)]
    pub addresses_file: Option<PathBuf>,
}
