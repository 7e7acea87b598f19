use taskmesh_proto::topics::Topic;

use super::{
    KafkaConfig,
    framing::{FramingError, unframe},
    schema,
};

/// Format of the values of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ValueFormat {
    /// The message alone.
    Raw,
    /// The message in a schema frame.
    Framed {
        /// Indexes of the message in the schema's file.
        indexes: Vec<u32>,
    },
}

impl ValueFormat {
    /// Returns the format of a topic on this cluster.
    pub(crate) fn of(kafka: &KafkaConfig, topic: &Topic) -> Self {
        match kafka.is_framed(topic.name) {
            true => Self::Framed {
                indexes: schema::message_indexes(topic.message),
            },
            false => Self::Raw,
        }
    }

    /// Returns the message of a value, or the reason why the value is not valid for the topic.
    pub(crate) fn message<'a>(&self, value: &'a [u8]) -> Result<&'a [u8], String> {
        match (self, unframe(value)) {
            (_, Err(_)) if value.is_empty() => Err("the value is empty".to_owned()),
            // A value that begins so and has no frame is no message either, which decoding finds out.
            (Self::Raw, Err(_)) => Ok(value),
            (Self::Raw, Ok(framed)) => Err(format!(
                "the value is framed, with schema {}, and this topic's values are raw",
                framed.schema_id
            )),
            (Self::Framed { .. }, Err(FramingError::NoFrame)) => {
                Err("the value is raw, and this topic's values are framed".to_owned())
            }
            (Self::Framed { .. }, Err(error)) => {
                Err(format!("the value is not framed as it should be: {error}"))
            }
            (Self::Framed { indexes }, Ok(framed)) if *indexes == framed.indexes => {
                Ok(framed.message)
            }
            (Self::Framed { indexes }, Ok(framed)) => Err(format!(
                "the value is framed as the message {:?} of its file, and this topic's is {indexes:?}",
                // Only the beginning: it may be as long as the value.
                &framed.indexes[..framed.indexes.len().min(8)]
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::framing::frame;

    /// Format, value, and expected result.
    type Case<'a> = (ValueFormat, &'a [u8], Result<&'a [u8], &'a str>);

    #[test]
    fn a_value_is_a_message_only_in_the_format_of_its_topic() {
        let message = b"\x0a\x01x";
        let framed = frame(7, &[0], message);
        let of_another = frame(7, &[2], message);
        let topics_own = ValueFormat::Framed { indexes: vec![0] };
        let cases: [Case<'_>; 7] = [
            (ValueFormat::Raw, message, Ok(message)),
            (ValueFormat::Raw, b"\0\xff", Ok(b"\0\xff")),
            (
                ValueFormat::Raw,
                &framed,
                Err("the value is framed, with schema 7, and this topic's values are raw"),
            ),
            (topics_own.clone(), &framed, Ok(message)),
            (
                topics_own.clone(),
                message,
                Err("the value is raw, and this topic's values are framed"),
            ),
            (
                topics_own.clone(),
                &framed[..3],
                Err("the value is not framed as it should be: its frame is cut off"),
            ),
            (
                topics_own,
                &of_another,
                Err("the value is framed as the message [2] of its file, and this topic's is [0]"),
            ),
        ];
        for (format, value, expected) in cases {
            assert_eq!(format.message(value), expected.map_err(str::to_owned));
        }
    }
}
