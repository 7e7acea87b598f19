use taskmesh_proto::topics::{self, Topic};

use super::{DeadLetterError, Filter, LetterName};
use crate::kafka::KafkaConfig;

/// Dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterTopic {
    /// Name without the cluster's prefix.
    pub name: String,
    /// Name on the cluster.
    pub full_name: String,
    /// Source topic of its records.
    pub source: &'static Topic,
    /// Name of the source topic on the cluster.
    pub source_full_name: String,
    /// Consumer group that could not handle them.
    pub group: &'static str,
}

/// Returns the dead-letter topics of one group, or of all.
pub(super) fn of_group(kafka: &KafkaConfig, group: Option<&str>) -> Vec<DeadLetterTopic> {
    let pairs = topics::ALL.iter().flat_map(|source| {
        let groups = source.groups.iter();
        groups.map(move |own| (source, *own))
    });
    pairs
        .filter(|(_, own)| group.is_none_or(|group| group == *own))
        .map(|(source, group)| {
            let name = source.dead_letter_name(group);
            DeadLetterTopic {
                full_name: kafka.topic_name(&name),
                source_full_name: kafka.topic_name(source.name),
                name,
                source,
                group,
            }
        })
        .collect()
}

/// Returns the topics that a filter selects; an unknown name is an error.
pub(super) fn chosen(
    all: &[DeadLetterTopic],
    prefix: &str,
    filter: &Filter,
) -> Result<Vec<DeadLetterTopic>, DeadLetterError> {
    let mut chosen = all.to_vec();
    if let Some(asked) = &filter.topic {
        let plain = asked.strip_prefix(prefix).unwrap_or(asked);
        chosen.retain(|topic| topic.name == plain || topic.source.name == plain);
        if chosen.is_empty() {
            return Err(DeadLetterError::UnknownTopic {
                asked: asked.clone(),
                known: listed(all.iter().map(|topic| topic.source.name)),
            });
        }
    }
    if let Some(asked) = &filter.group {
        let plain = asked.strip_prefix(prefix).unwrap_or(asked);
        if all.iter().all(|topic| topic.group != plain) {
            return Err(DeadLetterError::UnknownGroup {
                asked: asked.clone(),
                known: listed(all.iter().map(|topic| topic.group)),
            });
        }
        chosen.retain(|topic| topic.group == plain);
    }
    Ok(chosen)
}

/// Finds the topic of a dead letter by its name, with or without the cluster's prefix.
pub(super) fn find<'a>(
    all: &'a [DeadLetterTopic],
    name: &LetterName,
) -> Result<&'a DeadLetterTopic, DeadLetterError> {
    all.iter()
        .find(|topic| topic.name == name.topic || topic.full_name == name.topic)
        .ok_or_else(|| DeadLetterError::NotHere {
            name: name.clone(),
            known: listed(all.iter().map(|topic| topic.name.as_str())),
        })
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    names.join(", ")
}
