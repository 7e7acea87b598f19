//! Where the broker of the tests is and how it is reached, as a service's variables without the service's prefix.

use std::env;

use super::required;
use crate::{ids::Ids, kafka::KafkaConfig};

/// How many brokers keep a copy of each partition, -1 to leave it to the cluster; 1 if it is not set.
const REPLICATION: &str = "TEST_KAFKA_REPLICATION";

/// Returns the settings of the broker that the tests were given, with a prefix for topics and groups that nobody else has.
pub(super) fn given() -> Vec<(String, String)> {
    let how = env::vars().filter_map(|(name, value)| {
        let name = name.strip_prefix("TEST_")?;
        name.starts_with("KAFKA__")
            .then(|| (name.to_owned(), value))
    });
    how.chain(at(required("TEST_KAFKA_BOOTSTRAP_SERVERS")))
        .collect()
}

/// Returns the settings of a broker that asks for nothing, with a prefix for topics and groups that nobody else has.
pub(super) fn at(bootstrap_servers: String) -> Vec<(String, String)> {
    vec![
        ("KAFKA__BOOTSTRAP_SERVERS".to_owned(), bootstrap_servers),
        (
            "KAFKA__TOPIC_PREFIX".to_owned(),
            format!("t{}.", Ids.uuid_v7().simple()),
        ),
    ]
}

/// Reads settings as a service reads them.
pub(super) fn read(settings: &[(String, String)]) -> KafkaConfig {
    let variables = settings
        .iter()
        .map(|(name, value)| (format!("TEST_{name}"), value.clone()));
    KafkaConfig::load("TEST", variables).unwrap_or_else(|error| {
        panic!("TEST_KAFKA__… configures the connection to the broker: {error}")
    })
}

/// Returns how many brokers keep a copy of each partition of a test's topics.
pub(super) fn replication() -> i32 {
    env::var(REPLICATION).map_or(1, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{REPLICATION} is a number of brokers or -1, not {text}"))
    })
}
