use std::{collections::HashMap, sync::Arc, time::Duration};

use rdkafka::{
    admin::{
        AdminClient, AdminOptions, NewTopic, OwnedResourceSpecifier, ResourceSpecifier,
        TopicReplication,
    },
    client::DefaultClientContext,
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use service_runtime::kafka::KafkaConfig;
use tokio::task::spawn_blocking;

use super::declared::DeclaredTopic;

const TIMEOUT: Duration = Duration::from_secs(20);

/// What a cluster tells of a topic.
type Settings = HashMap<String, String>;

/// The topics of one cluster.
pub struct Cluster {
    admin: Arc<AdminClient<DefaultClientContext>>,
    servers: String,
}

/// What a declared topic is on the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is not there.
    Missing,
    /// It is there, as declared.
    AsDeclared,
    /// It is there, and these settings are not as declared.
    Different(Vec<String>),
}

/// Topics that cannot be read or created.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    #[error("the broker at {servers} does not respond")]
    Broker {
        servers: String,
        #[source]
        cause: KafkaError,
    },
    #[error("topic {name} cannot be created: {code}")]
    Create {
        name: String,
        code: RDKafkaErrorCode,
    },
}

impl Cluster {
    /// Prepares to ask the cluster; it is reached when it is asked.
    pub fn new(kafka: &KafkaConfig) -> Result<Self, TopicsError> {
        let servers = kafka.bootstrap_servers.clone();
        let admin = kafka
            .client_config("taskmesh-topics")
            // What goes wrong is told once, at the end.
            .set("log_level", "0")
            .create::<AdminClient<_>>();
        match admin {
            Ok(admin) => Ok(Self {
                admin: Arc::new(admin),
                servers,
            }),
            Err(cause) => Err(TopicsError::Broker { servers, cause }),
        }
    }

    /// Creates the declared topics that are missing; returns their names.
    pub async fn create_missing(
        &self,
        declared: &[DeclaredTopic],
        replication: i32,
    ) -> Result<Vec<String>, TopicsError> {
        let present = self.partitions().await?;
        let missing: Vec<&DeclaredTopic> = declared
            .iter()
            .filter(|topic| !present.contains_key(&topic.name))
            .collect();
        let settings: Vec<_> = missing.iter().map(|topic| topic.settings()).collect();
        let topics: Vec<NewTopic<'_>> = missing
            .iter()
            .zip(&settings)
            .map(|(topic, settings)| {
                let replication = TopicReplication::Fixed(replication);
                let topic = NewTopic::new(&topic.name, topic.partitions, replication)
                    .set("cleanup.policy", topic.cleanup_policy());
                settings
                    .iter()
                    .fold(topic, |topic, (name, value)| topic.set(name, value))
            })
            .collect();
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        let results = self
            .admin
            .create_topics(&topics, &options())
            .await
            .map_err(|cause| self.silent(cause))?;
        let mut created = Vec::new();
        for result in results {
            match result {
                Ok(name) => created.push(name),
                // Somebody else was quicker.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(TopicsError::Create { name, code }),
            }
        }
        Ok(created)
    }

    /// Compares each declared topic with the cluster's, in the same order.
    pub async fn compare(&self, declared: &[DeclaredTopic]) -> Result<Vec<State>, TopicsError> {
        let partitions = self.partitions().await?;
        let present: Vec<ResourceSpecifier<'_>> = declared
            .iter()
            .filter(|topic| partitions.contains_key(&topic.name))
            .map(|topic| ResourceSpecifier::Topic(&topic.name))
            .collect();
        let settings = self.settings(&present).await?;
        Ok(declared
            .iter()
            .map(|topic| match partitions.get(&topic.name) {
                None => State::Missing,
                Some(partitions) => state(topic, *partitions, settings.get(&topic.name)),
            })
            .collect())
    }

    async fn partitions(&self) -> Result<HashMap<String, usize>, TopicsError> {
        let admin = Arc::clone(&self.admin);
        let metadata = spawn_blocking(move || admin.inner().fetch_metadata(None, TIMEOUT))
            .await
            .expect("librdkafka does not panic")
            .map_err(|cause| self.silent(cause))?;
        Ok(metadata
            .topics()
            .iter()
            .map(|topic| (topic.name().to_owned(), topic.partitions().len()))
            .collect())
    }

    async fn settings(
        &self,
        topics: &[ResourceSpecifier<'_>],
    ) -> Result<HashMap<String, Settings>, TopicsError> {
        if topics.is_empty() {
            return Ok(HashMap::new());
        }
        let resources = self
            .admin
            .describe_configs(topics, &options())
            .await
            .map_err(|cause| self.silent(cause))?;
        let mut settings = HashMap::new();
        for resource in resources.into_iter().flatten() {
            let values = resource.entry_map().into_iter();
            let values = values
                .filter_map(|(name, entry)| Some((name.to_owned(), entry.value.clone()?)))
                .collect();
            if let OwnedResourceSpecifier::Topic(name) = resource.specifier {
                settings.insert(name, values);
            }
        }
        Ok(settings)
    }

    fn silent(&self, cause: KafkaError) -> TopicsError {
        TopicsError::Broker {
            servers: self.servers.clone(),
            cause,
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(TIMEOUT))
        .operation_timeout(Some(TIMEOUT))
}

fn state(topic: &DeclaredTopic, partitions: usize, settings: Option<&Settings>) -> State {
    let mut differences = Vec::new();
    let mut compare = |setting: &str, declared: String, actual: String| {
        if declared != actual {
            differences.push(format!("{setting} is {actual}, declared {declared}"));
        }
    };
    compare(
        "partitions",
        topic.partitions.to_string(),
        partitions.to_string(),
    );
    for (name, declared) in topic.settings() {
        // A broker that does not tell is believed.
        if let Some(actual) = settings.and_then(|settings| settings.get(name)) {
            compare(name, declared, actual.clone());
        }
    }
    if differences.is_empty() {
        State::AsDeclared
    } else {
        State::Different(differences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_is_not_as_declared_is_named() {
        let topic = DeclaredTopic {
            name: "task-updates".to_owned(),
            partitions: 3,
            retention: Some(Duration::from_secs(3600)),
            largest_record_bytes: 1_048_588,
        };
        let told = |retention: &str, largest: &str| {
            let told = [("retention.ms", retention), ("max.message.bytes", largest)];
            Settings::from(told.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        assert_eq!(
            state(&topic, 3, Some(&told("3600000", "1048588"))),
            State::AsDeclared
        );
        assert_eq!(state(&topic, 3, None), State::AsDeclared);
        let State::Different(differences) = state(&topic, 1, Some(&told("60000", "1000"))) else {
            panic!("all settings differ");
        };
        assert_eq!(
            differences,
            [
                "partitions is 1, declared 3",
                "retention.ms is 60000, declared 3600000",
                "max.message.bytes is 1000, declared 1048588"
            ]
        );
    }
}
