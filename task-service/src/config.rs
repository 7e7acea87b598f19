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

/// The configuration of the task-service: variables that begin with `TASK_SERVICE_`.
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
    /// Whose tokens are accepted.
    pub auth: AuthConfig,
    /// Where the tasks are kept.
    pub database: DatabaseConfig,
    /// Where events go and come from.
    pub kafka: KafkaConfig,
    /// Where the recurrence-service answers, such as `http://localhost:7402`.
    pub recurrence_url: Url,
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

#[cfg(test)]
mod tests {
    use service_runtime::config::load;

    use super::*;

    const VARIABLES: [(&str, &str); 12] = [
        ("TASK_SERVICE_LOG__FORMAT", "json"),
        ("TASK_SERVICE_LOG__LEVEL", "info"),
        ("TASK_SERVICE_ADMIN__ADDRESS", "127.0.0.1:0"),
        ("TASK_SERVICE_GRPC__ADDRESS", "127.0.0.1:0"),
        ("TASK_SERVICE_AUTH__USERS__ISSUER", "https://users.test"),
        ("TASK_SERVICE_AUTH__USERS__AUDIENCE", "taskmesh"),
        ("TASK_SERVICE_AUTH__MESH__ISSUER", "mesh"),
        ("TASK_SERVICE_AUTH__MESH__AUDIENCE", "taskmesh"),
        (
            "TASK_SERVICE_AUTH__MESH__SECRET",
            "a secret that nobody may see",
        ),
        (
            "TASK_SERVICE_DATABASE__URL",
            "postgres://task:hush@localhost/taskmesh",
        ),
        ("TASK_SERVICE_KAFKA__BOOTSTRAP_SERVERS", "localhost:9092"),
        ("TASK_SERVICE_RECURRENCE_URL", "http://localhost:7402"),
    ];

    fn variables() -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        VARIABLES.iter().map(owned).collect()
    }

    #[test]
    fn the_environment_configures_the_service_without_showing_its_secrets() {
        let config: Config = load("TASK_SERVICE", variables()).unwrap();
        assert_eq!(config.recurrence_url.port(), Some(7402));
        let shown = format!("{config:?}");
        assert!(
            !shown.contains("hush") && !shown.contains("nobody"),
            "{shown}"
        );
    }

    #[test]
    fn a_missing_or_unknown_variable_is_named() {
        for (index, name) in [(9, "database"), (11, "recurrence_url")] {
            let mut variables = variables();
            variables.remove(index);
            let error = load::<Config>("TASK_SERVICE", variables).unwrap_err();
            assert!(error.to_string().to_lowercase().contains(name), "{error}");
        }
        let mut variables = variables();
        variables.push((
            "TASK_SERVICE_RECURENCE_URL".to_owned(),
            "http://localhost".to_owned(),
        ));
        let error = load::<Config>("TASK_SERVICE", variables).unwrap_err();
        assert!(
            error.to_string().to_lowercase().contains("recurence_url"),
            "{error}"
        );
    }
}
