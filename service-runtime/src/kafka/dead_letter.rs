//! Records that cannot be handled, kept as they were beside the reason, for an operator to inspect and replay.

use std::time::Duration;

use rdkafka::{
    Message,
    message::{Header, Headers, OwnedHeaders, OwnedMessage, ToBytes},
};
use tracing::{error, warn};

use super::{KafkaConfig, Producer, Record, letter_headers};
use crate::backoff::Backoff;

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));

/// Where a consumer group sends what it cannot handle.
pub(super) struct DeadLetters {
    pub config: KafkaConfig,
    /// The dead-letter topic's full name.
    pub topic: String,
    /// The consumer group's full name.
    pub group: String,
}

impl DeadLetters {
    /// Sends the record with the same partition, key, value, time and headers, and waits until the broker has it.
    ///
    /// Tries until it succeeds.
    pub(super) async fn send(&self, message: &OwnedMessage, reason: &str, attempts: u32) {
        error!(
            messaging.destination.name = message.topic(),
            messaging.destination.partition.id = message.partition(),
            messaging.kafka.offset = message.offset(),
            "sends a record to {}: {reason}",
            self.topic
        );
        let mut failures = 0;
        loop {
            let sent = match Producer::new(&self.config) {
                Ok(producer) => producer
                    .send_all(vec![self.record(message, reason, attempts)])
                    .await
                    .into_iter()
                    .collect::<Result<Vec<()>, _>>()
                    .map(drop),
                Err(error) => Err(error),
            };
            match sent {
                Ok(()) => {
                    metrics::counter!("consumer_dead_letters_total", "topic" => message.topic().to_owned())
                        .increment(1);
                    return;
                }
                Err(cause) => {
                    failures += 1;
                    warn!(error = %cause, failures, "cannot write to {}, tries again", self.topic);
                }
            }
            tokio::time::sleep(BACKOFF.delay(failures)).await;
        }
    }

    fn record(&self, message: &OwnedMessage, reason: &str, attempts: u32) -> Record {
        let topic = message.topic();
        let partition = message.partition().to_string();
        let offset = message.offset().to_string();
        let attempts = attempts.to_string();
        // Our own names, and the aliases that Spring's and Kafka Connect's tools look for.
        let reasons = [
            (letter_headers::REASON, reason),
            (letter_headers::GROUP, &self.group),
            (letter_headers::TOPIC, topic),
            (letter_headers::PARTITION, &partition),
            (letter_headers::OFFSET, &offset),
            (letter_headers::ATTEMPTS, &attempts),
            ("kafka_dlt-original-topic", topic),
            ("kafka_dlt-original-consumer-group", &self.group),
            ("kafka_dlt-exception-message", reason),
            ("__connect.errors.topic", topic),
            ("__connect.errors.partition", &partition),
            ("__connect.errors.offset", &offset),
            ("__connect.errors.exception.message", reason),
        ];
        let mut headers = OwnedHeaders::new();
        for header in message.headers().into_iter().flat_map(Headers::iter) {
            headers = headers.insert(header);
        }
        for (key, value) in reasons {
            headers = headers.insert(Header {
                key,
                value: Some(value),
            });
        }
        Record {
            topic: self.topic.clone(),
            partition: Some(message.partition()),
            key: message.key().unwrap_or_default().to_bytes().to_vec(),
            payload: message.payload().unwrap_or_default().to_vec(),
            timestamp_ms: message.timestamp().to_millis(),
            headers,
        }
    }
}
