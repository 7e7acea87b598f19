//! Configuration from the environment: one struct and one prefix a service.
//!
//! A field `grpc.address` of the service with the prefix `TASK_SERVICE` is the variable `TASK_SERVICE_GRPC__ADDRESS`.
//! Unknown and missing names are errors at start.

use std::{
    collections::HashMap,
    fmt::{self, Debug},
};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::{
    admin::AdminConfig,
    grpc::{AuthConfig, GrpcConfig},
    kafka::KafkaConfig,
    postgres::DatabaseConfig,
    telemetry::LogConfig,
};

/// The configuration of one service, and where the runtime finds its own parts in it.
///
/// The struct behind it carries `#[serde(deny_unknown_fields)]`, so that a misspelt variable stops the start.
pub trait ServiceConfig: DeserializeOwned + Debug + Send + Sync + 'static {
    /// Returns where `/metrics`, `/healthz` and `/readyz` are served.
    fn admin(&self) -> &AdminConfig;
    /// Returns how logs are written.
    fn log(&self) -> &LogConfig;
    /// Returns the gRPC server's settings, if the service has one.
    fn grpc(&self) -> Option<&GrpcConfig> {
        None
    }
    /// Returns the HTTP server's settings, if the service has one.
    fn http(&self) -> Option<&HttpConfig> {
        None
    }
    /// Returns how tokens are verified and minted, if the service does either.
    fn auth(&self) -> Option<&AuthConfig> {
        None
    }
    /// Returns the database's settings, if the service has one.
    fn database(&self) -> Option<&DatabaseConfig> {
        None
    }
    /// Returns the broker's settings, if the service produces or consumes.
    fn kafka(&self) -> Option<&KafkaConfig> {
        None
    }
}

/// Where an HTTP server of a service listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port; port 0 picks a free one.
    pub address: std::net::SocketAddr,
}

/// A configuration that cannot be used, with the variable at fault.
#[derive(Debug, thiserror::Error)]
#[error("configuration of {prefix}_…: {cause}")]
pub struct ConfigError {
    prefix: String,
    cause: Box<config::ConfigError>,
}

/// Reads the configuration struct `C` from those of the variables that begin with the prefix.
pub fn load<C: DeserializeOwned>(
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<C, ConfigError> {
    // No guessing of types from the text: a password such as "0123" stays as it is.
    let source = config::Environment::with_prefix(prefix)
        .prefix_separator("_")
        .separator("__")
        .source(Some(variables.into_iter().collect::<HashMap<_, _>>()));
    config::Config::builder()
        .add_source(source)
        .build()
        .and_then(config::Config::try_deserialize)
        .map_err(|cause| ConfigError {
            prefix: prefix.to_owned(),
            cause: cause.into(),
        })
}

/// A secret: shown as `[redacted]` wherever the configuration is printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps a secret.
    pub fn new(secret: T) -> Self {
        Self(secret)
    }

    /// Hands out the secret, to be used and not kept.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> Debug for Redacted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Reads a list from one variable, its items separated by commas; spaces around items and empty items are dropped.
pub fn comma_separated<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect())
}
