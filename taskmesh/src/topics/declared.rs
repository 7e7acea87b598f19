use std::time::Duration;

use service_runtime::kafka::KafkaConfig;
use taskmesh_proto::topics::{self, Topic};

/// A topic as the contract declares it, under the name that it has on one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredTopic {
    pub name: String,
    pub partitions: i32,
    pub retention: Option<Duration>,
    pub largest_record_bytes: u32,
}

impl DeclaredTopic {
    /// Returns the settings that are compared, in the words of Kafka.
    pub fn settings(&self) -> [(&'static str, String); 2] {
        let forever = || "-1".to_owned();
        let retention = self
            .retention
            .map_or_else(forever, |retention| retention.as_millis().to_string());
        [
            ("retention.ms", retention),
            ("max.message.bytes", self.largest_record_bytes.to_string()),
        ]
    }

    /// Returns what becomes of old records, in the word of Kafka.
    pub fn cleanup_policy(&self) -> &'static str {
        match self.retention {
            Some(_) => "delete",
            None => "compact",
        }
    }
}

/// Returns every topic of the mesh and every dead-letter topic.
pub fn declared(kafka: &KafkaConfig) -> Vec<DeclaredTopic> {
    topics::ALL
        .iter()
        .flat_map(|topic| with_dead_letters(kafka, topic))
        .collect()
}

fn with_dead_letters(kafka: &KafkaConfig, topic: &Topic) -> Vec<DeclaredTopic> {
    let own = DeclaredTopic {
        name: kafka.topic_name(topic.name),
        partitions: topic.partitions,
        retention: topic.retention,
        largest_record_bytes: topics::LARGEST_RECORD_BYTES,
    };
    let dead_letters = topic.groups.iter().map(|group| DeclaredTopic {
        name: kafka.topic_name(&topic.dead_letter_name(group)),
        // As many as the source, because a dead letter keeps its partition.
        partitions: topic.partitions,
        retention: Some(topics::DEAD_LETTER_RETENTION),
        largest_record_bytes: topics::LARGEST_DEAD_LETTER_BYTES,
    });
    std::iter::once(own).chain(dead_letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_letter_topics_are_declared_beside_their_source_under_the_same_prefix() {
        let variables = [
            ("TASKMESH_KAFKA__BOOTSTRAP_SERVERS", "localhost:9092"),
            ("TASKMESH_KAFKA__TOPIC_PREFIX", "team."),
        ];
        let kafka = KafkaConfig::load(
            "TASKMESH",
            variables.map(|(name, value)| (name.to_owned(), value.to_owned())),
        )
        .unwrap();
        let declared = declared(&kafka);
        let find = |name: &str| declared.iter().find(|topic| topic.name == name).unwrap();
        let source = find("team.task-events");
        let dead_letters = find("team.task-events.notification-service.dlt");
        assert_eq!(source.partitions, dead_letters.partitions);
        let settings = [
            ("retention.ms", "2592000000".to_owned()),
            ("max.message.bytes", "2097176".to_owned()),
        ];
        assert_eq!(dead_letters.settings(), settings);
    }
}
