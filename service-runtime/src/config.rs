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

/// Configuration of a service with the parts that the runtime uses; declared by [`service_config!`](crate::service_config).
pub trait ServiceConfig: DeserializeOwned + Debug + Send + Sync + 'static {
    /// Returns the address of `/metrics`, `/healthz` and `/readyz`.
    fn admin(&self) -> &AdminConfig;
    /// Returns the configuration of logs.
    fn log(&self) -> &LogConfig;
    /// Returns the gRPC server's settings, if the service has one.
    fn grpc(&self) -> Option<&GrpcConfig> {
        None
    }
    /// Returns the HTTP server's settings, if the service has one.
    fn http(&self) -> Option<&HttpConfig> {
        None
    }
    /// Returns the configuration of tokens, if the service verifies or mints any.
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

/// Declares the configuration of a service: `log`, `admin`, the listed parts of [`ServiceConfig`](crate::config::ServiceConfig), and
/// the service's own fields.
///
/// `service_config! { /// Configuration of …. pub struct Config: grpc, auth { /// URL of …. pub task_url: Url } }`
#[macro_export]
macro_rules! service_config {
    (
        $(#[$doc:meta])*
        pub struct $name:ident: $($(#[$attribute:meta])* $part:ident),+ { $($own:tt)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, ::serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Format and level of logs.
            #[serde(default)]
            pub log: $crate::telemetry::LogConfig,
            /// Address of the operator's port.
            pub admin: $crate::admin::AdminConfig,
            $($(#[$attribute])* pub $part: $crate::service_config_part!($part),)+
            $($own)*
        }

        impl $crate::config::ServiceConfig for $name {
            fn log(&self) -> &$crate::telemetry::LogConfig {
                &self.log
            }
            fn admin(&self) -> &$crate::admin::AdminConfig {
                &self.admin
            }
            $(
                fn $part(&self) -> Option<&$crate::service_config_part!($part)> {
                    Some(&self.$part)
                }
            )+
        }
    };
}

/// Type of one part of [`service_config!`](crate::service_config).
#[doc(hidden)]
#[macro_export]
macro_rules! service_config_part {
    (grpc) => {
        $crate::grpc::GrpcConfig
    };
    (http) => {
        $crate::config::HttpConfig
    };
    (auth) => {
        $crate::grpc::AuthConfig
    };
    (database) => {
        $crate::postgres::DatabaseConfig
    };
    (kafka) => {
        $crate::kafka::KafkaConfig
    };
}

/// Address of an HTTP server.
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

#[cfg(test)]
mod tests {
    use super::*;

    service_config! {
        /// Configuration of a service with a part and a field of its own.
        pub struct Config: database {
            own: u16
        }
    }

    const VARIABLES: [(&str, &str); 3] = [
        ("ADMIN__ADDRESS", "127.0.0.1:0"),
        ("DATABASE__URL", "postgres://task:hush@localhost/taskmesh"),
        ("OWN", "7402"),
    ];

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables
            .iter()
            .map(|(name, value)| (format!("TEST_{name}"), (*value).to_owned()));
        load("TEST", variables).map_err(|error| error.to_string())
    }

    #[test]
    fn configuration_does_not_show_secrets() {
        let config = read(&VARIABLES).unwrap();
        assert_eq!(config.own, 7402);
        assert!(config.database().is_some() && config.kafka().is_none());
        let shown = format!("{config:?}");
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn missing_or_unknown_variable_is_named() {
        for (missing, name) in [(1, "database"), (2, "own")] {
            let mut variables = VARIABLES.to_vec();
            variables.remove(missing);
            assert!(read(&variables).unwrap_err().contains(name));
        }
        let error = read(&[&VARIABLES[..], &[("ONW", "1")]].concat()).unwrap_err();
        assert!(error.contains("onw"), "{error}");
    }
}
