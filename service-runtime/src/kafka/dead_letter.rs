//! Dead letters: records that cannot be handled, unchanged and with the reason, for an operator to inspect and replay.

use std::{sync::Arc, time::Duration};

use rdkafka::{
    Message,
    message::{Header, Headers, OwnedHeaders, OwnedMessage, ToBytes},
};
use taskmesh_proto::topics::Topic;
use tokio::sync::Mutex;
use tracing::{debug, error, warn};

use super::{KafkaConfig, ProduceError, Producer, Record, dead_letter_headers, metrics};
use crate::backoff::Backoff;

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));

/// Dead-letter topic of one consumer group.
pub(super) struct DeadLetters {
    config: KafkaConfig,
    /// Full name of the dead-letter topic.
    topic: String,
    /// Full name of the consumer group.
    pub group: String,
    /// Producer, kept while it does not fail, because starting one takes most of the time of a dead letter.
    producer: Mutex<Option<Arc<Producer>>>,
}

impl DeadLetters {
    /// Creates the sender for a group that consumes a topic.
    pub(super) fn new(config: &KafkaConfig, topic: &Topic, group: &str) -> Self {
        Self {
            topic: config.topic_name(&topic.dead_letter_name(group)),
            group: config.topic_name(group),
            config: config.clone(),
            producer: Mutex::default(),
        }
    }

    /// Sends the record with the same partition, key, value, time and headers; retries until the broker acknowledges it.
    pub(super) async fn send(&self, message: &OwnedMessage, reason: &str, attempts: u32) {
        error!(
            messaging.destination.name = message.topic(),
            messaging.destination.partition.id = message.partition(),
            messaging.kafka.offset = message.offset(),
            "record is sent to {}: {reason}",
            self.topic
        );
        let mut failures = 0;
        loop {
            let sent = self.try_to_send(message, reason, attempts).await;
            match sent {
                Ok(()) => {
                    metrics::dead_letter(message.topic());
                    return;
                }
                Err(cause) => {
                    self.give_up().await;
                    failures += 1;
                    warn!(error = %cause, failures, "write to {} failed, retrying", self.topic);
                }
            }
            tokio::time::sleep(BACKOFF.delay(failures)).await;
        }
    }

    /// Discards unacknowledged records, which could otherwise be sent in addition to the retry.
    pub(super) async fn give_up(&self) {
        if let Some(producer) = self.producer.lock().await.take() {
            // Dropping the producer blocks.
            let gone = tokio::task::spawn_blocking(move || drop(producer)).await;
            gone.unwrap_or_else(|panic| warn!(error = %panic, "producer panicked while closing"));
        }
    }

    /// Starts the producer: it needs half a second to connect, and a dead letter blocks its partition meanwhile.
    pub(super) async fn prepare(&self) {
        if let Err(cause) = self.producer().await {
            debug!(error = %cause, "producer for {} did not start, will retry with the first dead letter", self.topic);
        }
    }

    async fn producer(&self) -> Result<Arc<Producer>, ProduceError> {
        let mut producer = self.producer.lock().await;
        Ok(match &*producer {
            Some(producer) => Arc::clone(producer),
            None => Arc::clone(producer.insert(Arc::new(Producer::new(&self.config)?))),
        })
    }

    async fn try_to_send(
        &self,
        message: &OwnedMessage,
        reason: &str,
        attempts: u32,
    ) -> Result<(), ProduceError> {
        let producer = self.producer().await?;
        let record = self.record(message, reason, attempts);
        producer.send_all(vec![record]).await.into_iter().collect()
    }

    fn record(&self, message: &OwnedMessage, reason: &str, attempts: u32) -> Record {
        let topic = message.topic();
        let partition = message.partition().to_string();
        let offset = message.offset().to_string();
        let attempts = attempts.to_string();
        // Own names, and the aliases of Spring's and Kafka Connect's tools.
        let reasons = [
            (dead_letter_headers::REASON, reason),
            (dead_letter_headers::GROUP, &self.group),
            (dead_letter_headers::TOPIC, topic),
            (dead_letter_headers::PARTITION, &partition),
            (dead_letter_headers::OFFSET, &offset),
            (dead_letter_headers::ATTEMPTS, &attempts),
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
