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

/// How records are sealed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointsConfig {
    /// The Ed25519 private key that signs checkpoints (PEM, PKCS #8), the same for all replicas.
    pub signing_key_file: PathBuf,
    /// The public keys (PEM) that checkpoints were signed with before the key was changed, separated by commas.
    #[serde(default, deserialize_with = "comma_separated")]
    pub former_keys: Vec<String>,
    /// The file that checkpoints are appended to, one JSON object a line; none is written if absent.
    pub file: Option<PathBuf>,
    /// How long new records wait for a checkpoint at most, in milliseconds: 100 to 10000; 5000 unless set.
    #[serde(default = "default_interval_ms")]
    pub interval_ms: u64,
}

impl CheckpointsConfig {
    /// Returns how long new records wait for a checkpoint at most.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }
}

/// How long records are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// For how many whole months after the one they were made in records are kept, at least 1; for ever unless set.
    pub months: Option<u32>,
}

fn default_interval_ms() -> u64 {
    5_000
}

impl Config {
    /// Checks what the types do not; fails with the setting at fault and the cure.
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
