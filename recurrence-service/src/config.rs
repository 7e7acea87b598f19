use serde::Deserialize;
use service_runtime::{
    admin::AdminConfig,
    config::ServiceConfig,
    grpc::{AuthConfig, GrpcConfig},
    kafka::KafkaConfig,
    postgres::DatabaseConfig,
    telemetry::LogConfig,
};
use url::Url;

/// The configuration of the recurrence-service: variables that begin with `RECURRENCE_SERVICE_`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How logs are written.
    #[serde(default)]
    pub log: LogConfig,
    /// Where health and metrics are served.
    pub admin: AdminConfig,
    /// Where calls are answered.
    pub grpc: GrpcConfig,
    /// Whose tokens are accepted, and how those for the task-service are signed.
    pub auth: AuthConfig,
    /// Where the inbox is kept.
    pub database: DatabaseConfig,
    /// Where events come from.
    pub kafka: KafkaConfig,
    /// Where the task-service answers, such as `http://localhost:7401`.
    pub task_url: Url,
}

impl ServiceConfig for Config {
    fn admin(&self) -> &AdminConfig {
        &self.admin
    }

    fn log(&self) -> &LogConfig {
        &self.log
    }

    fn grpc(&self) -> Option<&GrpcConfig> {
        Some(&self.grpc)
    }

    fn auth(&self) -> Option<&AuthConfig> {
        Some(&self.auth)
    }

    fn database(&self) -> Option<&DatabaseConfig> {
        Some(&self.database)
    }

    fn kafka(&self) -> Option<&KafkaConfig> {
        Some(&self.kafka)
    }
}
