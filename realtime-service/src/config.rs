//! The configuration, from variables that begin with `REALTIME_SERVICE_`.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use service_runtime::{config::Redacted, grpc::GrpcConfig};
use url::Url;

/// The gateway carries the streams of all its clients over one connection.
const CONNECTION_STREAMS: u32 = 50_000;
const SHORTEST_SECRET: usize = 32;

service_runtime::service_config! {
    /// Configuration of the realtime-service.
    pub struct Config: #[serde(deserialize_with = "grpc_for_streams")] grpc, auth, kafka {
        /// URL of the task-service, such as `http://localhost:50051`.
        pub task_url: Url,
        /// Sealing of resume tokens.
        pub tokens: TokenConfig,
        /// Limits of streams.
        #[serde(default)]
        pub watch: WatchConfig,
        /// Limits of the changes kept in memory.
        #[serde(default)]
        pub feed: FeedConfig,
    }
}

/// Secrets of resume tokens: the same in all replicas, so that a client can resume at another one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// Secret of new tokens: at least 32 random bytes.
    pub secret: Redacted<String>,
    /// Previous secret, while clients may still have tokens that were made with it.
    pub previous_secret: Option<Redacted<String>>,
}

impl TokenConfig {
    /// Returns the secrets, that of new tokens first.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let secrets = [Some(&self.secret), self.previous_secret.as_ref()];
        let secrets = secrets.into_iter().flatten();
        secrets.map(|secret| secret.expose().as_str())
    }
}

/// Limits of streams.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchConfig {
    /// Maximum number of concurrent streams of one user in each replica; 100 unless set.
    pub max_streams_per_user: usize,
    /// Maximum number of concurrent streams of a replica; 50000 unless set.
    pub max_streams: usize,
    /// Interval of heartbeats on an idle stream, in milliseconds; 15 s unless set.
    pub heartbeat_ms: u64,
    /// Number of changes that a stream may be behind before its client has to start again; 5000 unless set.
    pub max_pending: usize,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self {
            max_streams_per_user: 100,
            max_streams: 50_000,
            heartbeat_ms: 15_000,
            max_pending: 5_000,
        }
    }
}

impl WatchConfig {
    /// Returns the interval of heartbeats on an idle stream.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms)
    }
}

/// Limits of the changes in memory, for each partition of the topic.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeedConfig {
    /// Number of changes; 50000 unless set.
    pub max_records: i64,
    /// Bytes; 8 MiB unless set.
    pub max_bytes: usize,
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            max_records: 50_000,
            max_bytes: 8 * 1024 * 1024,
        }
    }
}

impl Config {
    /// Checks the values.
    ///
    /// # Errors
    ///
    /// Fails with the name of the wrong setting and a hint.
    pub fn check(&self) -> Result<(), String> {
        if self
            .tokens
            .secrets()
            .any(|secret| secret.len() < SHORTEST_SECRET)
        {
            return Err(format!(
                "tokens.secret and tokens.previous_secret: must have at least {SHORTEST_SECRET} bytes"
            ));
        }
        let WatchConfig {
            max_streams_per_user,
            max_streams,
            heartbeat_ms,
            max_pending,
        } = self.watch;
        let FeedConfig {
            max_records,
            max_bytes,
        } = self.feed;
        let zeros = [
            ("watch.max_streams_per_user", max_streams_per_user == 0),
            ("watch.max_streams", max_streams == 0),
            ("watch.heartbeat_ms", heartbeat_ms == 0),
            ("watch.max_pending", max_pending == 0),
            ("feed.max_records", max_records < 1),
            ("feed.max_bytes", max_bytes == 0),
        ];
        match zeros.into_iter().find(|(_, is_zero)| *is_zero) {
            Some((name, _)) => Err(format!("{name}: must be at least 1")),
            None => Ok(()),
        }
    }
}

fn grpc_for_streams<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GrpcConfig, D::Error> {
    let config = GrpcConfig::deserialize(deserializer)?;
    let streams = config.max_connection_streams.unwrap_or(CONNECTION_STREAMS);
    Ok(GrpcConfig {
        max_connection_streams: Some(streams),
        ..config
    })
}

#[cfg(test)]
mod tests {
    use service_runtime::testing::load_config;

    use super::*;
    use crate::RealtimeService;

    const SECRET: &str = "a secret for tests of at least 32 bytes";

    fn load(more: &[(&str, &str)]) -> Result<Config, String> {
        let required = [
            ("TASK_URL", "http://localhost:50051"),
            ("TOKENS__SECRET", SECRET),
        ];
        let config = load_config::<RealtimeService>(&[&required, more].concat());
        let config = config.map_err(|error| error.to_string())?;
        config.check().map(|()| config)
    }

    #[test]
    fn connection_carries_many_streams_by_default() {
        let streams = |more| load(more).unwrap().grpc.max_connection_streams;
        assert_eq!(streams(&[]), Some(CONNECTION_STREAMS));
        assert_eq!(streams(&[("GRPC__MAX_CONNECTION_STREAMS", "7")]), Some(7));
    }

    #[test]
    fn invalid_setting_is_named() {
        let cases = [
            ("TOKENS__SECRET", "short", "tokens.secret"),
            ("TOKENS__PREVIOUS_SECRET", "", "at least 32 bytes"),
            ("WATCH__HEARTBEAT_MS", "0", "watch.heartbeat_ms: must be"),
            ("FEED__MAX_RECORDS", "-1", "feed.max_records: must be"),
            ("FEED__SIZE", "1", "size"),
        ];
        for (name, value, expected) in cases {
            let error = load(&[(name, value)]).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = load(&[("TOKENS__PREVIOUS_SECRET", SECRET)]).unwrap();
        assert!(!format!("{config:?}").contains(SECRET));
        assert_eq!(config.tokens.secrets().count(), 2);
    }
}
