use std::time::Duration;

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    message::OwnedHeaders,
    producer::{FutureProducer, FutureRecord, Producer as _},
    types::RDKafkaErrorCode,
};

use taskmesh_proto::topics;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use super::KafkaConfig;

const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// Time limit of the acknowledgements of one call.
const ACK_TIMEOUT: Duration = Duration::from_secs(20);

/// A record to send.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub topic: String,
    /// Partition; if absent, the key determines it.
    pub partition: Option<i32>,
    pub key: Vec<u8>,
    pub payload: Vec<u8>,
    /// Milliseconds since 1970; if absent, the current time.
    pub timestamp_ms: Option<i64>,
    pub headers: OwnedHeaders,
}

/// A record that the broker has not acknowledged. The broker may have stored it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the broker did not acknowledge a record")]
pub(crate) struct ProduceError(#[from] KafkaError);

/// Sends records in order, each acknowledged by all in-sync replicas.
///
/// After a failure it must be dropped, which discards its queue: otherwise older records could be sent after newer ones.
pub(crate) struct Producer {
    inner: FutureProducer<ProducerContext>,
}

struct ProducerContext;

impl ClientContext for ProducerContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            // Warnings about settings that are intended.
            _ if facility == "CONFWARN" => debug!("librdkafka: {message}"),
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug | RDKafkaLogLevel::Notice => {
                debug!("librdkafka: {facility} {message}");
            }
            _ => warn!("librdkafka: {facility} {message}"),
        }
    }
}

impl Producer {
    pub(crate) fn new(config: &KafkaConfig) -> Result<Self, ProduceError> {
        let inner = config
            .client_config("taskmesh-producer")
            .set("acks", "all")
            .set("enable.idempotence", "true")
            // A later record of a partition must not be sent after an earlier one has failed.
            .set("enable.gapless.guarantee", "true")
            .set("linger.ms", "1")
            .set("compression.type", "lz4")
            // The partitioner of the Java clients, Debezium and Redpanda's tools.
            .set("partitioner", "murmur2_random")
            // Largest limit of all topics; the broker enforces the limit of each.
            .set(
                "message.max.bytes",
                topics::LARGEST_DEAD_LETTER_BYTES.to_string(),
            )
            .set("queue.buffering.max.kbytes", "65536")
            // No record times out in the queue while later ones are sent; the time limit is one for all.
            .set("message.timeout.ms", "0")
            .set("request.timeout.ms", "5000")
            .create_with_context(ProducerContext)?;
        Ok(Self { inner })
    }

    /// Enqueues records in order, then waits up to 20 seconds for their acknowledgements.
    ///
    /// After a record that could not be enqueued, later ones are not enqueued, so that none overtakes it.
    pub(crate) async fn send_all(&self, records: Vec<Record>) -> Vec<Result<(), ProduceError>> {
        let mut full = None;
        let mut waiting = Vec::with_capacity(records.len());
        for record in &records {
            if full.is_some() {
                break;
            }
            let mut future_record = FutureRecord::to(&record.topic)
                .key(&record.key)
                .payload(&record.payload)
                .headers(record.headers.clone());
            future_record.partition = record.partition;
            future_record.timestamp = record.timestamp_ms;
            match self.inner.send_result(future_record) {
                Ok(delivery) => waiting.push(delivery),
                Err((error, _)) => full = Some(error),
            }
        }
        let deadline = Instant::now() + ACK_TIMEOUT;
        let mut outcomes = Vec::with_capacity(records.len());
        for delivery in waiting {
            outcomes.push(match timeout_at(deadline, delivery).await {
                Ok(Ok(Ok(_))) => Ok(()),
                Ok(Ok(Err((error, _)))) => Err(error.into()),
                Ok(Err(_)) => Err(KafkaError::Canceled.into()),
                Err(_) => {
                    Err(KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut).into())
                }
            });
        }
        let unsent = full.unwrap_or(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
        outcomes.resize_with(records.len(), || Err(unsent.clone().into()));
        outcomes
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        // Records that are still queued have failed for the caller.
        self.inner
            .purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
        let _ = self.inner.flush(FLUSH_TIMEOUT);
    }
}
