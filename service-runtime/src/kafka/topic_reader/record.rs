use bytes::Bytes;
use rdkafka::{Message, message::OwnedMessage};
use uuid::Uuid;

use crate::kafka::{headers, schema_registry::ValueFormat};

/// One record of a topic.
#[derive(Debug, Clone)]
pub struct TopicRecord {
    /// Partition.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Key.
    pub key: Vec<u8>,
    /// Event, or the reason why the record is not a valid one.
    pub event: Result<TopicEvent, String>,
}

/// Event of a record.
#[derive(Debug, Clone)]
pub struct TopicEvent {
    /// Event id, the same in every delivery.
    pub id: Uuid,
    /// Encoded message without a schema frame.
    pub message: Bytes,
}

impl TopicRecord {
    /// Reads a record of a topic with this value format.
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
    let id = headers::event_id(message.headers())?;
    let value = format.message(message.payload().unwrap_or_default())?;
    Ok(TopicEvent {
        id,
        message: Bytes::copy_from_slice(value),
    })
}
