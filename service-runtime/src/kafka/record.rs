use openssl::sha::sha256;
use rdkafka::{Message, message::OwnedMessage};

use super::{handler::Received, headers, schema_registry::ValueFormat};

/// A record and its decoded event.
pub(super) struct Delivery<E> {
    pub message: OwnedMessage,
    pub event: Received<E>,
    /// First 8 bytes of the SHA-256 of the message.
    pub digest: i64,
}

/// A record that is not a valid event.
pub(super) struct Refused {
    pub message: OwnedMessage,
    /// Reason, without content of the record.
    pub reason: String,
}

impl<E: prost::Message + Default> Delivery<E> {
    /// Decodes a record.
    pub(super) fn read(
        topic: &'static str,
        data_schema: &'static str,
        format: &ValueFormat,
        message: OwnedMessage,
    ) -> Result<Self, Box<Refused>> {
        match read_event(topic, data_schema, format, &message) {
            Ok((event, digest)) => Ok(Self {
                message,
                event,
                digest,
            }),
            Err(reason) => Err(Box::new(Refused { message, reason })),
        }
    }

    /// Returns the key; records of one key are handled in order.
    pub(super) fn key(&self) -> &[u8] {
        self.message.key().unwrap_or_default()
    }
}

/// Decodes a record of `task-events`; returns it with the reason if it is not a valid event.
#[cfg(any(test, fuzzing))]
pub(crate) fn refuse_record<E: prost::Message + Default>(
    message: OwnedMessage,
) -> Option<(OwnedMessage, String)> {
    let (topic, schema) = ("task-events", "taskmesh.task.v1.TaskEvent");
    let refused = Delivery::<E>::read(topic, schema, &ValueFormat::RAW, message).err()?;
    Some((refused.message, refused.reason))
}

fn read_event<E: prost::Message + Default>(
    topic: &'static str,
    data_schema: &'static str,
    format: &ValueFormat,
    message: &OwnedMessage,
) -> Result<(Received<E>, i64), String> {
    let id = headers::event_id(message.headers())?;
    let kind = headers::event_type(message.headers())?;
    headers::check_data_schema(message.headers(), data_schema)?;
    // Without the frame: the same event may be redelivered in the frame of a newer schema.
    let payload = format.message(message.payload().unwrap_or_default())?;
    if payload.is_empty() {
        return Err("the value is empty".to_owned());
    }
    let decoded =
        E::decode(payload).map_err(|error| format!("the value does not decode: {error}"))?;
    let event = Received {
        id,
        kind,
        message: decoded,
        topic: topic.to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        trace_parent: headers::trace_parent(message.headers()),
    };
    Ok((event, digest(payload)))
}

fn digest(value: &[u8]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(value);
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}
