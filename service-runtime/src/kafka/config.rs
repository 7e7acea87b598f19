use std::path::PathBuf;

use rdkafka::ClientConfig;
use serde::Deserialize;

use crate::config::Redacted;

/// How to reach the brokers; the same for Apache Kafka, Redpanda and the embedded broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// `host:port`, several separated by commas.
    pub bootstrap_servers: String,
    /// Put before every topic and consumer group name, for clusters shared with others.
    #[serde(default)]
    pub topic_prefix: String,
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    #[serde(default)]
    pub security_protocol: SecurityProtocol,
    /// `SCRAM-SHA-256`, `SCRAM-SHA-512` or `PLAIN`, where the protocol has SASL.
    #[serde(default)]
    pub sasl_mechanism: Option<String>,
    /// The SASL user.
    #[serde(default)]
    pub sasl_username: Option<String>,
    /// The SASL password.
    #[serde(default)]
    pub sasl_password: Option<Redacted<String>>,
    /// The certificate authority of the brokers (PEM); the system's authorities if absent.
    #[serde(default)]
    pub ssl_ca_location: Option<PathBuf>,
    /// The client's certificate (PEM), where the brokers ask for one.
    #[serde(default)]
    pub ssl_certificate_location: Option<PathBuf>,
    /// The key of the client's certificate (PEM).
    #[serde(default)]
    pub ssl_key_location: Option<PathBuf>,
    /// A name that no other instance of the service has and that this one keeps across restarts (static membership): coming
    /// back, it goes on with its partitions at once. Without it, a restart is a rebalance.
    #[serde(default)]
    pub group_instance_id: Option<String>,
    /// Whether a partition whose next records are gone from the broker goes on with the oldest that are there. Without it such a
    /// partition stands still until a person has decided.
    #[serde(default)]
    pub skip_lost_records: bool,
}

/// How the connection is protected, in librdkafka's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Nothing: only on loopback or a private network.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// A password over an open connection.
    SaslPlaintext,
    /// A password over TLS.
    SaslSsl,
}

impl SecurityProtocol {
    fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }
}

impl KafkaConfig {
    /// Returns a topic's name on this cluster.
    pub fn topic_name(&self, name: &str) -> String {
        format!("{}{name}", self.topic_prefix)
    }

    /// Returns what every client of librdkafka needs: addresses and protection of the connection.
    pub fn client_config(&self, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", client_id)
            .set("security.protocol", self.security_protocol.as_str())
            .set("ssl.endpoint.identification.algorithm", "https")
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000");
        let texts = [
            ("sasl.mechanism", self.sasl_mechanism.as_deref()),
            ("sasl.username", self.sasl_username.as_deref()),
            (
                "sasl.password",
                self.sasl_password
                    .as_ref()
                    .map(|secret| secret.expose().as_str()),
            ),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                config.set(name, value);
            }
        }
        let paths = [
            ("ssl.ca.location", &self.ssl_ca_location),
            ("ssl.certificate.location", &self.ssl_certificate_location),
            ("ssl.key.location", &self.ssl_key_location),
        ];
        for (name, value) in paths {
            if let Some(value) = value {
                config.set(name, value.to_string_lossy());
            }
        }
        config
    }
}
