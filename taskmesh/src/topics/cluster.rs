use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

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
    /// It is there, and something about it is not as declared.
    Different(Vec<Difference>),
}

/// One setting of a topic that is not as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub setting: &'static str,
    pub declared: String,
    pub actual: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            declared,
            actual,
        } = self;
        write!(formatter, "{setting} is {actual}, declared {declared}")
    }
}

/// Topics that cannot be read or created.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    #[error("the broker at {servers} does not answer")]
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
        let retentions: Vec<String> = missing.iter().map(|topic| topic.retention_ms()).collect();
        let topics: Vec<NewTopic<'_>> = missing
            .iter()
            .zip(&retentions)
            .map(|(topic, retention)| {
                NewTopic::new(
                    &topic.name,
                    topic.partitions,
                    TopicReplication::Fixed(replication),
                )
                .set("cleanup.policy", "delete")
                .set("retention.ms", retention)
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
        let retentions = self.retentions(&present).await?;
        Ok(declared
            .iter()
            .map(|topic| match partitions.get(&topic.name) {
                None => State::Missing,
                Some(partitions) => state(topic, *partitions, retentions.get(&topic.name)),
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

    async fn retentions(
        &self,
        topics: &[ResourceSpecifier<'_>],
    ) -> Result<HashMap<String, String>, TopicsError> {
        if topics.is_empty() {
            return Ok(HashMap::new());
        }
        let resources = self
            .admin
            .describe_configs(topics, &options())
            .await
            .map_err(|cause| self.silent(cause))?;
        let mut retentions = HashMap::new();
        for resource in resources.into_iter().flatten() {
            let retention = resource
                .get("retention.ms")
                .and_then(|entry| entry.value.clone());
            if let (OwnedResourceSpecifier::Topic(name), Some(retention)) =
                (resource.specifier, retention)
            {
                retentions.insert(name, retention);
            }
        }
        Ok(retentions)
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

fn state(topic: &DeclaredTopic, partitions: usize, retention: Option<&String>) -> State {
    let mut differences = Vec::new();
    let mut compare = |setting, declared: String, actual: String| {
        if declared != actual {
            differences.push(Difference {
                setting,
                declared,
                actual,
            });
        }
    };
    compare(
        "partitions",
        topic.partitions.to_string(),
        partitions.to_string(),
    );
    // A broker that does not tell is believed.
    if let Some(retention) = retention {
        compare("retention.ms", topic.retention_ms(), retention.clone());
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
            retention: Duration::from_secs(3600),
        };
        assert_eq!(
            state(&topic, 3, Some(&"3600000".to_owned())),
            State::AsDeclared
        );
        assert_eq!(state(&topic, 3, None), State::AsDeclared);
        let State::Different(differences) = state(&topic, 1, Some(&"60000".to_owned())) else {
            panic!("both settings differ");
        };
        let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "partitions is 1, declared 3",
                "retention.ms is 60000, declared 3600000"
            ]
        );
    }
}
