//! The configuration, from variables that begin with `AUDIT_SERVICE_`.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use service_runtime::config::comma_separated;

service_runtime::service_config! {
    /// Configuration of the audit-service.
    pub struct Config: grpc, auth, database, kafka {
        /// Checkpoints of the records.
        pub checkpoints: CheckpointsConfig,
        /// Retention of the records.
        #[serde(default)]
        pub retention: RetentionConfig,
    }
}

/// Checkpoints of the records.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointsConfig {
    /// Ed25519 private key that signs checkpoints (PEM, PKCS #8), the same for all replicas.
    pub signing_key_file: PathBuf,
    /// Public keys (PEM) of earlier signing keys, separated by commas.
    #[serde(default, deserialize_with = "comma_separated")]
    pub former_keys: Vec<String>,
    /// File that checkpoints are appended to, one JSON object a line; none is written if absent.
    pub file: Option<PathBuf>,
    /// Longest time until a new record has a checkpoint, in milliseconds: 100 to 10000; 5000 unless set.
    #[serde(default = "default_interval_ms")]
    pub interval_ms: u64,
}

impl CheckpointsConfig {
    /// Returns the longest time until a new record has a checkpoint.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }
}

/// Retention of the records.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// Number of whole months after their own for which records are kept, at least 1; without limit unless set.
    pub months: Option<u32>,
}

fn default_interval_ms() -> u64 {
    5_000
}

impl Config {
    /// Checks the values; fails with the name of the wrong setting and a hint.
    pub fn check(&self) -> Result<(), String> {
        if !(100..=10_000).contains(&self.checkpoints.interval_ms) {
            return Err("checkpoints.interval_ms must be between 100 and 10000".to_owned());
        }
        if self.retention.months == Some(0) {
            return Err(
                "retention.months must be at least 1, or omitted to keep records without limit"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
