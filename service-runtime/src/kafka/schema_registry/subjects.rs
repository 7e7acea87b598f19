use prost_reflect::{FileDescriptor, MessageDescriptor};
use taskmesh_proto::{
    SOURCES,
    topics::{self, Topic},
};

use crate::{descriptors::POOL, kafka::KafkaConfig};

/// Subject of one file of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Name: the topic on the cluster with `-value`, or the path by which other files import it.
    pub name: String,
    /// Text of the file.
    pub(super) schema: &'static str,
    /// Names of the imported files' subjects.
    pub(super) imports: Vec<String>,
}

impl Subject {
    fn new(name: String, file: &FileDescriptor) -> Self {
        let source = SOURCES.iter().find(|source| source.name == file.name());
        Self {
            name,
            schema: source.expect("the contract has the text of its files").text,
            imports: imports(file).map(|file| file.name().to_owned()).collect(),
        }
    }
}

/// Returns the subjects of all topics, each after those that it imports.
pub fn subjects(kafka: &KafkaConfig) -> Vec<Subject> {
    subjects_of(kafka, topics::ALL)
}

/// Returns the subjects of some topics, each after those that it imports.
pub(super) fn subjects_of(kafka: &KafkaConfig, topics: &[Topic]) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for topic in topics {
        add_imports(&message(topic.message).parent_file(), &mut subjects);
    }
    subjects.extend(topics.iter().map(|topic| {
        let name = format!("{}-value", kafka.topic_name(topic.name));
        Subject::new(name, &message(topic.message).parent_file())
    }));
    subjects
}

/// Returns the indexes of a topic's message in its file, outermost message first.
pub(super) fn message_indexes(name: &str) -> Vec<u32> {
    // The numbers between them are those of the fields that hold messages.
    let message = message(name);
    let indexes = message.path().iter().skip(1).step_by(2);
    indexes
        .map(|index| (*index).try_into().expect("an index is not negative"))
        .collect()
}

fn add_imports(file: &FileDescriptor, subjects: &mut Vec<Subject>) {
    for import in imports(file) {
        if !subjects.iter().any(|known| known.name == import.name()) {
            add_imports(&import, subjects);
            subjects.push(Subject::new(import.name().to_owned(), &import));
        }
    }
}

/// Returns the imported files, without those of protobuf itself, which every registry has.
fn imports(file: &FileDescriptor) -> impl Iterator<Item = FileDescriptor> {
    let imports = file.dependencies();
    imports.filter(|import| !import.name().starts_with("google/protobuf/"))
}

fn message(name: &str) -> MessageDescriptor {
    POOL.get_message_by_name(name)
        .expect("the contract has the message of each topic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_indexes_are_positions_within_the_file() {
        for topic in topics::ALL {
            assert_eq!(message_indexes(topic.message), [0], "{}", topic.message);
        }
        assert_eq!(message_indexes("taskmesh.task.v1.Series"), [1]);
        let nested = "google.protobuf.DescriptorProto.ExtensionRange";
        assert_eq!(message_indexes(nested), [2, 0]);
    }

    #[test]
    fn subject_comes_once_and_after_its_imports() {
        let kafka =
            serde_json::json!({"bootstrap_servers": "localhost:9092", "topic_prefix": "team."});
        let subjects = subjects(&serde_json::from_value(kafka).unwrap());
        let mut known: Vec<&String> = Vec::new();
        for Subject { name, imports, .. } in &subjects {
            assert!(imports.iter().all(|import| known.contains(&import)));
            assert!(!known.contains(&name) && !name.starts_with("google/protobuf/"));
            known.push(name);
        }
        let expected = topics::ALL
            .iter()
            .map(|topic| format!("team.{}-value", topic.name));
        assert!(known.ends_with(&expected.collect::<Vec<_>>().iter().collect::<Vec<_>>()));
    }
}
