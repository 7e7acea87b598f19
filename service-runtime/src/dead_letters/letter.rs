use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rdkafka::{
    Message,
    message::{Headers, OwnedMessage},
};

use super::{Content, DeadLetterTopic, LetterName, content};
use crate::kafka::dead_letter_headers;

/// Record that a consumer could not handle, with the reason.
///
/// Any part may be absent, because the record may be anything.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    name: LetterName,
    topic: DeadLetterTopic,
    record: OwnedMessage,
}

impl DeadLetter {
    pub(super) fn new(topic: DeadLetterTopic, record: OwnedMessage) -> Self {
        Self {
            name: LetterName {
                topic: topic.name.clone(),
                partition: record.partition(),
                offset: record.offset(),
            },
            topic,
            record,
        }
    }

    pub fn name(&self) -> &LetterName {
        &self.name
    }

    /// Returns the dead-letter topic.
    pub fn topic(&self) -> &DeadLetterTopic {
        &self.topic
    }

    pub fn key(&self) -> &[u8] {
        self.record.key().unwrap_or_default()
    }

    pub fn value(&self) -> &[u8] {
        self.record.payload().unwrap_or_default()
    }

    /// Returns the time of the record in its source topic.
    pub fn record_time(&self) -> Option<DateTime<Utc>> {
        let millis = self.record.timestamp().to_millis()?;
        DateTime::from_timestamp_millis(millis)
    }

    /// Returns the full name of the event type.
    pub fn event_type(&self) -> Option<&str> {
        self.first("ce_type")
    }

    pub fn event_id(&self) -> Option<&str> {
        self.first("ce_id")
    }

    /// Returns the reason why it could not be handled.
    pub fn reason(&self) -> &str {
        self.last(dead_letter_headers::REASON).unwrap_or_default()
    }

    /// Returns the number of attempts.
    pub fn attempts(&self) -> Option<i32> {
        self.last(dead_letter_headers::ATTEMPTS)?.parse().ok()
    }

    /// Returns the offset in the source topic.
    pub fn source_offset(&self) -> Option<i64> {
        self.last(dead_letter_headers::OFFSET)?.parse().ok()
    }

    /// Returns the number of redrives.
    pub fn redrive_count(&self) -> u32 {
        dead_letter_headers::redrive_count(self.record.headers())
    }

    /// Returns all headers in their order, as text.
    pub fn headers(&self) -> Vec<(&str, Cow<'_, str>)> {
        self.all_headers()
            .map(|(key, value)| (key, String::from_utf8_lossy(value)))
            .collect()
    }

    /// Reads the value with the descriptors of the contract.
    pub fn content(&self) -> Content {
        let schema = self.first("ce_dataschema");
        content::read(schema, self.topic.source.message, self.value())
    }

    pub(super) fn record(&self) -> &OwnedMessage {
        &self.record
    }

    fn all_headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let headers = self.record.headers().into_iter().flat_map(Headers::iter);
        headers.map(|header| (header.key, header.value.unwrap_or_default()))
    }

    fn first(&self, name: &str) -> Option<&str> {
        let mut values = self.all_headers().filter(|(key, _)| *key == name);
        std::str::from_utf8(values.next()?.1).ok()
    }

    /// The consumer adds its own headers behind those that were there.
    fn last(&self, name: &str) -> Option<&str> {
        let values = self.all_headers().filter(|(key, _)| *key == name);
        std::str::from_utf8(values.last()?.1).ok()
    }
}
