//! Subjects of a schema registry: the file of each topic's message, and the files that it imports.

use prost_reflect::{FileDescriptor, MessageDescriptor};
use taskmesh_proto::{
    SOURCES, SourceFile,
    topics::{self, Topic},
};

use super::KafkaConfig;
use crate::descriptors;

/// Prefix of protobuf's own files, which every registry has.
const WELL_KNOWN: &str = "google/protobuf/";

/// Subject of one file of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Name: the topic on the cluster with `-value`, or the path by which other files import it.
    pub name: String,
    /// File of the contract.
    pub file: &'static SourceFile,
    /// Imported files, without those of protobuf itself.
    pub imports: Vec<&'static SourceFile>,
}

impl Subject {
    fn new(name: String, file: &'static SourceFile) -> Self {
        Self {
            name,
            file,
            imports: imports(file),
        }
    }

    /// Returns whether other files import it by its name.
    pub(super) fn is_import(&self) -> bool {
        self.name == self.file.name
    }
}

/// Returns the subjects of all topics, each after those that it imports.
pub fn subjects(kafka: &KafkaConfig) -> Vec<Subject> {
    subjects_of(kafka, topics::ALL)
}

/// Returns the subjects of some topics, each after those that it imports.
pub(super) fn subjects_of<'a>(
    kafka: &KafkaConfig,
    topics: impl IntoIterator<Item = &'a Topic>,
) -> Vec<Subject> {
    let mut subjects = Vec::new();
    let mut values = Vec::new();
    for topic in topics {
        let file = source(&message(topic.message).parent_file());
        for import in imports(file) {
            add(import, &mut subjects);
        }
        values.push(Subject::new(value_subject(kafka, topic), file));
    }
    subjects.extend(values);
    subjects
}

/// Returns the subject name of a topic's values.
pub(super) fn value_subject(kafka: &KafkaConfig, topic: &Topic) -> String {
    format!("{}-value", kafka.topic_name(topic.name))
}

/// Returns the indexes of a message in its file, outermost message first.
pub(super) fn message_indexes(name: &str) -> Vec<u32> {
    let mut indexes = Vec::new();
    let mut message = message(name);
    loop {
        let around = message.parent_message();
        let place = match &around {
            Some(around) => around.child_messages().position(|own| own == message),
            None => message
                .parent_file()
                .messages()
                .position(|own| own == message),
        };
        let place = place.expect("a message is among those of its parent");
        indexes.insert(0, u32::try_from(place).expect("a file has few messages"));
        match around {
            Some(around) => message = around,
            None => return indexes,
        }
    }
}

fn add(file: &'static SourceFile, subjects: &mut Vec<Subject>) {
    if subjects.iter().any(|known| known.file == file) {
        return;
    }
    for import in imports(file) {
        add(import, subjects);
    }
    subjects.push(Subject::new(file.name.to_owned(), file));
}

fn imports(file: &SourceFile) -> Vec<&'static SourceFile> {
    descriptors::POOL
        .get_file_by_name(file.name)
        .expect("the contract has its files")
        .dependencies()
        .filter(|import| !import.name().starts_with(WELL_KNOWN))
        .map(|import| source(&import))
        .collect()
}

fn source(file: &FileDescriptor) -> &'static SourceFile {
    SOURCES
        .iter()
        .find(|source| source.name == file.name())
        .expect("the contract has the text of its files")
}

fn message(name: &str) -> MessageDescriptor {
    descriptors::POOL
        .get_message_by_name(name)
        .expect("the contract has the message of each topic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_by_its_place_in_its_file() {
        for topic in topics::ALL {
            assert_eq!(message_indexes(topic.message), [0], "{}", topic.message);
        }
        assert_eq!(message_indexes("taskmesh.task.v1.Series"), [1]);
        let within = "taskmesh.admin.v1.UndecodableValue";
        let indexes = message_indexes(within);
        let file = message(within).parent_file();
        let place = usize::try_from(indexes[0]).unwrap();
        assert_eq!(file.messages().nth(place).unwrap().full_name(), within);
        assert_eq!(
            message_indexes("google.protobuf.DescriptorProto.ExtensionRange"),
            [2, 0]
        );
    }

    #[test]
    fn every_subject_comes_behind_those_that_it_refers_to() {
        let kafka: KafkaConfig = serde_json::from_value(serde_json::json!({
            "bootstrap_servers": "localhost:9092",
            "topic_prefix": "team.",
        }))
        .unwrap();
        let subjects = subjects(&kafka);
        let mut known = Vec::new();
        for subject in &subjects {
            for import in &subject.imports {
                assert!(
                    known.contains(&import.name),
                    "{} is too early",
                    subject.name
                );
            }
            known.push(&subject.name);
        }
        let values: Vec<&str> = subjects
            .iter()
            .filter(|subject| !subject.is_import())
            .map(|subject| subject.name.as_str())
            .collect();
        let expected = topics::ALL
            .iter()
            .map(|topic| format!("team.{}-value", topic.name));
        assert_eq!(values, expected.collect::<Vec<_>>());
        let actor = "taskmesh/common/v1/actor.proto";
        assert_eq!(known.iter().filter(|name| **name == actor).count(), 1);
        assert!(known.iter().all(|name| !name.starts_with(WELL_KNOWN)));
    }
}
