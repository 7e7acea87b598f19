use std::path::PathBuf;

use rdkafka::ClientConfig;
use serde::{Deserialize, Deserializer, de};
use taskmesh_proto::topics;
use url::Url;

use crate::config::{self, ConfigError, Redacted, comma_separated};

/// Connection to the brokers; the same for Apache Kafka, Redpanda and the embedded broker.
#[derive(Debug, Clone, Deserialize)]
// The derived implementation is called and checked by the one below.
#[serde(deny_unknown_fields, remote = "Self")]
pub struct KafkaConfig {
    /// `host:port`, several separated by commas.
    pub bootstrap_servers: String,
    /// Prefix of every topic and consumer group name, for shared clusters.
    #[serde(default)]
    pub topic_prefix: String,
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    #[serde(default)]
    pub security_protocol: SecurityProtocol,
    /// SASL mechanism: `SCRAM-SHA-256`, `SCRAM-SHA-512` or `PLAIN`.
    pub sasl_mechanism: Option<String>,
    /// SASL user.
    pub sasl_username: Option<String>,
    /// SASL password.
    pub sasl_password: Option<Redacted<String>>,
    /// Certificate authority of the brokers (PEM); the system's authorities if absent.
    pub ssl_ca_location: Option<PathBuf>,
    /// Client certificate (PEM), if the brokers require one.
    pub ssl_certificate_location: Option<PathBuf>,
    /// Key of the client certificate (PEM).
    pub ssl_key_location: Option<PathBuf>,
    /// Static membership: a name unique to this instance and the same after a restart, with which it gets its partitions back immediately. Without
    /// it, a restart is a rebalance.
    pub group_instance_id: Option<String>,
    /// Whether a partition whose next records are gone from the broker continues with the oldest available record. Otherwise it is stopped until
    /// an operator decides.
    #[serde(default)]
    pub skip_lost_records: bool,
    /// URL of a Confluent-compatible schema registry.
    #[serde(default, deserialize_with = "registry_url")]
    pub schema_registry_url: Option<Url>,
    /// User of the registry.
    pub schema_registry_username: Option<String>,
    /// Password of the registry.
    pub schema_registry_password: Option<Redacted<String>>,
    /// Topics, without the prefix, whose values have a schema frame; other values are raw.
    #[serde(default, deserialize_with = "comma_separated")]
    pub framed_topics: Vec<String>,
}

/// Security protocol of the connection, as in librdkafka.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Neither: only on loopback or a private network.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// SASL without TLS.
    SaslPlaintext,
    /// SASL over TLS.
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

impl<'de> Deserialize<'de> for KafkaConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let config = Self::deserialize(deserializer)?;
        config.check().map_err(de::Error::custom)?;
        Ok(config)
    }
}

fn registry_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let url = Url::parse(&text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    // Not shown: it may have a password.
    url.map(Some).ok_or_else(|| {
        de::Error::custom(
            "KAFKA__SCHEMA_REGISTRY_URL must be a URL such as https://registry.example.com:8081; a user goes into \
             KAFKA__SCHEMA_REGISTRY_USERNAME and KAFKA__SCHEMA_REGISTRY_PASSWORD",
        )
    })
}

impl KafkaConfig {
    /// Reads the configuration from those of the variables that begin with the prefix and `_KAFKA__`.
    pub fn load(
        prefix: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct Settings {
            kafka: KafkaConfig,
        }
        let begin = format!("{prefix}_KAFKA__");
        let variables = variables.into_iter();
        let own = variables.filter(|(name, _)| name.starts_with(&begin));
        config::load::<Settings>(prefix, own).map(|settings| settings.kafka)
    }

    /// Checks settings that depend on each other.
    fn check(&self) -> Result<(), String> {
        let is_unknown = |name: &&String| topics::ALL.iter().all(|topic| topic.name != **name);
        if let Some(unknown) = self.framed_topics.iter().find(is_unknown) {
            let known: Vec<&str> = topics::ALL.iter().map(|topic| topic.name).collect();
            return Err(format!(
                "KAFKA__FRAMED_TOPICS names \"{unknown}\", which is no topic: choose from {}, without a prefix",
                known.join(", ")
            ));
        }
        let has_registry = self.schema_registry_url.is_some();
        if !self.framed_topics.is_empty() && !has_registry {
            return Err(
                "KAFKA__FRAMED_TOPICS needs a schema registry: set KAFKA__SCHEMA_REGISTRY_URL, or leave both out".to_owned(),
            );
        }
        if self.schema_registry_password.is_some() && self.schema_registry_username.is_none() {
            return Err(
                "KAFKA__SCHEMA_REGISTRY_PASSWORD needs a user: set KAFKA__SCHEMA_REGISTRY_USERNAME"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Returns whether the values of a topic, named without the prefix, have a schema frame.
    pub fn is_framed(&self, topic: &str) -> bool {
        self.framed_topics.iter().any(|name| name == topic)
    }

    /// Returns the name of a topic on this cluster.
    pub fn topic_name(&self, name: &str) -> String {
        format!("{}{name}", self.topic_prefix)
    }

    /// Returns the settings that all clients need: addresses and security of the connection.
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
        let path = |path: &Option<PathBuf>| Some(path.as_ref()?.to_string_lossy().into_owned());
        let password = self.sasl_password.as_ref().map(Redacted::expose);
        let optional = [
            ("sasl.mechanism", self.sasl_mechanism.clone()),
            ("sasl.username", self.sasl_username.clone()),
            ("sasl.password", password.cloned()),
            ("ssl.ca.location", path(&self.ssl_ca_location)),
            (
                "ssl.certificate.location",
                path(&self.ssl_certificate_location),
            ),
            ("ssl.key.location", path(&self.ssl_key_location)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                config.set(name, value);
            }
        }
        config
    }

    /// Returns the settings of a consumer that is assigned its partitions instead of joining a group.
    pub(crate) fn reader_config(&self, group: &str) -> ClientConfig {
        let mut config = self.client_config(group);
        config
            // A group is needed to read at all, and the user of a service may use the service's own. Nothing is committed.
            .set("group.id", self.topic_name(group))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("check.crcs", "true")
            .set("queued.max.messages.kbytes", "16384")
            .set("fetch.wait.max.ms", "100");
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<KafkaConfig, String> {
        let servers = [("BOOTSTRAP_SERVERS", "localhost:9092")];
        let variables = servers
            .iter()
            .chain(settings)
            .map(|(name, value)| (format!("TEST_KAFKA__{name}"), (*value).to_owned()));
        KafkaConfig::load("TEST", variables).map_err(|error| error.to_string())
    }

    #[test]
    fn no_topic_is_framed_by_default() {
        let config = read(&[]).unwrap();
        assert_eq!(config.schema_registry_url, None);
        assert!(
            topics::ALL
                .iter()
                .all(|topic| !config.is_framed(topic.name))
        );
    }

    #[test]
    fn framed_topics_have_no_prefix() {
        let config = read(&[
            ("TOPIC_PREFIX", "team."),
            (
                "SCHEMA_REGISTRY_URL",
                "https://registry.example.com/apis/ccompat/v7/",
            ),
            ("SCHEMA_REGISTRY_USERNAME", "taskmesh"),
            ("SCHEMA_REGISTRY_PASSWORD", "a secret"),
            ("FRAMED_TOPICS", "task-events, task-reminders"),
        ])
        .unwrap();
        let framed = topics::ALL
            .iter()
            .filter(|topic| config.is_framed(topic.name));
        let framed: Vec<&str> = framed.map(|topic| topic.name).collect();
        assert_eq!(framed, ["task-events", "task-reminders"]);
        assert!(!format!("{config:?}").contains("a secret"));
    }

    #[test]
    fn invalid_registry_setting_is_named() {
        let url = ("SCHEMA_REGISTRY_URL", "http://localhost:8081");
        let not_a_url = "KAFKA__SCHEMA_REGISTRY_URL must be a URL such as https://";
        let registry = |url| ("SCHEMA_REGISTRY_URL", url);
        let framed = |topics| ("FRAMED_TOPICS", topics);
        let password = ("SCHEMA_REGISTRY_PASSWORD", "x");
        let cases: [(&[(&str, &str)], &str); 6] = [
            (&[registry("localhost:8081")], not_a_url),
            (&[registry("registry")], not_a_url),
            (
                &[registry("http://me:secret@localhost")],
                "KAFKA__SCHEMA_REGISTRY_USERNAME",
            ),
            (
                &[framed("task-events")],
                "KAFKA__FRAMED_TOPICS needs a schema registry: set KAFKA__SCHEMA_REGISTRY_URL",
            ),
            (
                &[url, framed("task-event")],
                "KAFKA__FRAMED_TOPICS names \"task-event\", which is no topic: choose from task-events",
            ),
            (
                &[url, password],
                "KAFKA__SCHEMA_REGISTRY_PASSWORD needs a user",
            ),
        ];
        for (settings, expected) in cases {
            let error = read(settings).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("me:secret"), "{error}");
        }
    }
}
