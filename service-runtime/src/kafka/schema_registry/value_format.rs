use taskmesh_proto::topics::Topic;

use super::{
    framing::{MAGIC, unframe},
    subjects::message_indexes,
};
use crate::kafka::KafkaConfig;

/// Format of the values of one topic: raw, or framed as the message that has these indexes in its file.
#[derive(Debug, Clone)]
pub(crate) struct ValueFormat(Option<Vec<u32>>);

impl ValueFormat {
    pub(crate) const RAW: Self = Self(None);

    /// Returns the format of a topic on this cluster.
    pub(crate) fn of(kafka: &KafkaConfig, topic: &Topic) -> Self {
        match kafka.is_framed(topic.name) {
            true => Self(Some(message_indexes(topic.message))),
            false => Self::RAW,
        }
    }

    /// Returns the message of a value, or the reason why the value is not valid for the topic.
    pub(crate) fn message<'a>(&self, value: &'a [u8]) -> Result<&'a [u8], String> {
        match (&self.0, unframe(value)) {
            (_, None) if value.is_empty() => Err("the value is empty".to_owned()),
            // An invalid frame is an invalid message as well, which decoding finds out.
            (None, None) => Ok(value),
            (None, Some(framed)) => Err(format!(
                "the value is framed, with schema {}, and this topic's values are raw",
                framed.schema_id
            )),
            (Some(_), None) if value[0] == MAGIC => {
                Err("the value's schema frame is incomplete or invalid".to_owned())
            }
            (Some(_), None) => {
                Err("the value is raw, and this topic's values are framed".to_owned())
            }
            (Some(indexes), Some(framed)) if *indexes == framed.indexes => Ok(framed.message),
            (Some(indexes), Some(framed)) => Err(format!(
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

    #[test]
    fn value_must_have_the_format_of_its_topic() {
        let message = b"\x0a\x01x";
        let framed = frame(7, &[0], message);
        let other = frame(7, &[2], message);
        /// Whether the topic is framed, value, and expected message.
        type Case<'a> = (bool, &'a [u8], Result<&'a [u8], &'a str>);
        let cases: [Case<'_>; 7] = [
            (false, message, Ok(message)),
            (false, b"\0\xff", Ok(b"\0\xff")),
            (
                false,
                &framed,
                Err("the value is framed, with schema 7, and this topic's values are raw"),
            ),
            (true, &framed, Ok(message)),
            (
                true,
                message,
                Err("the value is raw, and this topic's values are framed"),
            ),
            (
                true,
                &framed[..3],
                Err("the value's schema frame is incomplete or invalid"),
            ),
            (
                true,
                &other,
                Err("the value is framed as the message [2] of its file, and this topic's is [0]"),
            ),
        ];
        for (is_framed, value, expected) in cases {
            let format = ValueFormat(is_framed.then(|| vec![0]));
            assert_eq!(format.message(value), expected.map_err(str::to_owned));
        }
    }
}
