use bytes::Bytes;
use rdkafka::{Message, message::OwnedMessage};
use uuid::Uuid;

use crate::kafka::{headers, value_format::ValueFormat};

/// One record of a topic.
#[derive(Debug, Clone)]
pub struct TopicRecord {
    /// The partition that it is in.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// Its key.
    pub key: Vec<u8>,
    /// The event that it is, or why it is none.
    pub event: Result<TopicEvent, String>,
}

/// What a record tells.
#[derive(Debug, Clone)]
pub struct TopicEvent {
    /// Identifies the event, however often it is told.
    pub id: Uuid,
    /// The message, still encoded, without the frame that it may have had.
    pub message: Bytes,
}

impl TopicRecord {
    /// Reads a record of a topic whose values are written so.
    pub(super) fn read(format: &ValueFormat, message: &OwnedMessage) -> Self {
        Self {
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().unwrap_or_default().to_vec(),
            event: event(format, message),
        }
    }
}

fn event(format: &ValueFormat, message: &OwnedMessage) -> Result<TopicEvent, String> {
    let id = headers::event_id(message.headers()).map_err(|error| error.to_string())?;
    let value = format.message(message.payload().unwrap_or_default())?;
    Ok(TopicEvent {
        id,
        message: Bytes::copy_from_slice(value),
    })
}
