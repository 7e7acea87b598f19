//! Differences between two messages, field by field. It goes by the descriptors, so a field that the contract gains is recorded
//! from its first day.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use service_runtime::kafka::HandleError;

use crate::domain::record::FieldChange;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(taskmesh_proto::FILE_DESCRIPTOR_SET).expect("the build encoded it")
});

/// Comparison of messages of one type.
pub(super) struct Compared {
    descriptor: MessageDescriptor,
    left_out: &'static [&'static str],
}

/// An event without something that every event of its kind has.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MalformedEvent(pub(super) String);

impl From<MalformedEvent> for HandleError {
    fn from(malformed: MalformedEvent) -> Self {
        Self::Reject(malformed.0)
    }
}

impl Compared {
    /// Compares messages of this name by all of their fields but these.
    pub(super) fn new(name: &str, left_out: &'static [&'static str]) -> Self {
        let descriptor = POOL
            .get_message_by_name(name)
            .expect("the message is one of the contract");
        Self {
            descriptor,
            left_out,
        }
    }

    /// Returns the fields whose values differ, in the order of the contract; a message that is not there has none.
    pub(super) fn differences<M: Message>(
        &self,
        before: Option<&M>,
        after: Option<&M>,
    ) -> Result<Vec<FieldChange>, MalformedEvent> {
        let (before, after) = (self.json(before)?, self.json(after)?);
        let written = |value: Option<&Value>| value.map(Value::to_string).unwrap_or_default();
        let mut changes = Vec::new();
        for field in self.descriptor.fields() {
            let name = field.name();
            let (before, after) = (before.get(name), after.get(name));
            if before != after && !self.left_out.contains(&name) {
                changes.push(FieldChange {
                    before: written(before),
                    after: written(after),
                    field: name.to_owned(),
                });
            }
        }
        Ok(changes)
    }

    /// Writes a message as the contract's JSON has it, without fields that it does not have.
    fn json<M: Message>(&self, message: Option<&M>) -> Result<Value, MalformedEvent> {
        let Some(message) = message else {
            return Ok(Value::Null);
        };
        let bytes = message.encode_to_vec();
        let message = DynamicMessage::decode(self.descriptor.clone(), bytes.as_slice())
            .map_err(|_| self.malformed())?;
        let options = SerializeOptions::new().use_proto_field_name(true);
        // A moment that no calendar has cannot be written.
        message
            .serialize_with_options(serde_json::value::Serializer, &options)
            .map_err(|_| self.malformed())
    }

    fn malformed(&self) -> MalformedEvent {
        MalformedEvent(format!(
            "a {} of the event is malformed",
            self.descriptor.name()
        ))
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;
    use taskmesh_proto::task::v1 as pb;

    use super::*;

    fn compared() -> Compared {
        Compared::new("taskmesh.task.v1.Task", &["etag"])
    }

    fn told(before: Option<&pb::Task>, after: Option<&pb::Task>) -> Vec<String> {
        let changes = compared().differences(before, after).unwrap();
        changes
            .iter()
            .map(|change| format!("{}: {} -> {}", change.field, change.before, change.after))
            .collect()
    }

    #[test]
    fn changed_fields_have_both_values() {
        let before = pb::Task {
            title: "Call Bob".to_owned(),
            priority: pb::Priority::Low.into(),
            tags: vec!["home".to_owned()],
            etag: "1".to_owned(),
            ..pb::Task::default()
        };
        let after = pb::Task {
            priority: pb::Priority::High.into(),
            tags: vec!["home".to_owned(), "phone".to_owned()],
            due_time: Some(Timestamp {
                seconds: 0,
                nanos: 0,
            }),
            etag: "2".to_owned(),
            ..before.clone()
        };
        assert_eq!(
            told(Some(&before), Some(&after)),
            [
                r#"priority: "PRIORITY_LOW" -> "PRIORITY_HIGH""#,
                r#"due_time:  -> "1970-01-01T00:00:00Z""#,
                r#"tags: ["home"] -> ["home","phone"]"#,
            ]
        );
    }

    #[test]
    fn all_that_a_new_message_has_is_new() {
        let new = pb::Task {
            title: "Call \"Bob\"".to_owned(),
            ..pb::Task::default()
        };
        assert_eq!(told(None, Some(&new)), [r#"title:  -> "Call \"Bob\"""#]);
        assert_eq!(told(None, None), Vec::<String>::new());
    }

    #[test]
    fn a_moment_that_no_calendar_has_is_malformed() {
        let broken = pb::Task {
            due_time: Some(Timestamp {
                seconds: i64::MAX,
                nanos: -1,
            }),
            ..pb::Task::default()
        };
        assert!(compared().differences(None, Some(&broken)).is_err());
    }
}
