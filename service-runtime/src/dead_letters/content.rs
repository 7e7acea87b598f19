use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;

use crate::{descriptors::POOL, kafka::framing::unframe};

/// Content of the value of a dead letter.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Message.
    Event {
        /// Full name of the message.
        message: String,
        /// Schema id of the frame, if the value is framed.
        schema_id: Option<u32>,
        /// Message in the JSON mapping of protobuf with the field names of the contract.
        json: Value,
        /// Numbers of unknown fields; with any, the message may be of another version or kind.
        unknown_fields: Vec<u32>,
    },
    /// Value that does not decode.
    Undecodable {
        /// Full name of the expected message.
        message: String,
        error: String,
    },
}

/// Decodes a value as the message that its header names, else as the topic's; with or without a frame, since the wrong format may be the
/// reason of the dead letter.
pub(super) fn read(schema: Option<&str>, topics_own: &'static str, value: &[u8]) -> Content {
    let named = schema.and_then(|name| POOL.get_message_by_name(name));
    let descriptor = named.unwrap_or_else(|| {
        POOL.get_message_by_name(topics_own)
            .expect("the contract has the message of each topic")
    });
    let message = descriptor.full_name().to_owned();
    let (schema_id, value) = match unframe(value) {
        Some(framed) => (Some(framed.schema_id), framed.message),
        None => (None, value),
    };
    match decode(descriptor, value) {
        Ok((json, unknown_fields)) => Content::Event {
            message,
            schema_id,
            json,
            unknown_fields,
        },
        Err(error) => Content::Undecodable { message, error },
    }
}

fn decode(descriptor: MessageDescriptor, value: &[u8]) -> Result<(Value, Vec<u32>), String> {
    if value.is_empty() {
        return Err("the value is empty".to_owned());
    }
    let decoded = DynamicMessage::decode(descriptor, value).map_err(|error| error.to_string())?;
    let mut unknown_fields: Vec<u32> = decoded
        .unknown_fields()
        .map(|field| field.number())
        .collect();
    unknown_fields.dedup();
    let options = SerializeOptions::new().use_proto_field_name(true);
    let json = decoded
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|error| error.to_string())?;
    Ok((json, unknown_fields))
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use taskmesh_proto::notification::v1::ReminderEvent;

    use super::*;
    use crate::kafka::framing::frame;

    const OWN: &str = "taskmesh.notification.v1.ReminderEvent";

    #[test]
    fn a_value_is_read_as_the_message_that_it_names_else_as_the_topics() {
        let event = ReminderEvent {
            user_id: "alice".to_owned(),
            reminder_version: 7,
            ..ReminderEvent::default()
        };
        for schema in [None, Some(OWN), Some("nobody.knows.This")] {
            let Content::Event {
                message,
                schema_id: None,
                json,
                unknown_fields,
            } = read(schema, OWN, &event.encode_to_vec())
            else {
                panic!("it decodes");
            };
            assert_eq!(message, OWN);
            assert_eq!(
                json,
                serde_json::json!({"user_id": "alice", "reminder_version": "7"})
            );
            assert!(unknown_fields.is_empty());
        }
        let other = read(
            Some("taskmesh.task.v1.TaskEvent"),
            OWN,
            &event.encode_to_vec(),
        );
        assert!(
            matches!(&other, Content::Event { message, .. } | Content::Undecodable { message, .. }
                if message == "taskmesh.task.v1.TaskEvent")
        );
    }

    #[test]
    fn a_value_in_a_frame_is_read_and_tells_its_schema() {
        let event = ReminderEvent {
            user_id: "alice".to_owned(),
            ..ReminderEvent::default()
        };
        let value = frame(7, &[0], &event.encode_to_vec());
        let expected = Content::Event {
            message: OWN.to_owned(),
            schema_id: Some(7),
            json: serde_json::json!({"user_id": "alice"}),
            unknown_fields: Vec::new(),
        };
        assert_eq!(read(None, OWN, &value), expected);
    }

    #[test]
    fn fields_that_the_schema_does_not_know_are_named() {
        // Field 99, a varint.
        let content = read(None, OWN, &[0x98, 0x06, 0x01]);
        assert!(
            matches!(&content, Content::Event { unknown_fields, .. } if unknown_fields == &[99]),
            "{content:?}"
        );
    }

    #[test]
    fn what_does_not_decode_says_why() {
        for (value, expected) in [(&b""[..], "the value is empty"), (b"\xff\xff", "varint")] {
            let Content::Undecodable { message, error } = read(None, OWN, value) else {
                panic!("{value:?} is no event");
            };
            assert_eq!(message, OWN);
            assert!(error.contains(expected), "{error}");
        }
    }
}
