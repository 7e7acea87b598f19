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

const FLUSH: Duration = Duration::from_secs(2);
/// How long the broker may take to acknowledge what it was handed.
const PATIENCE: Duration = Duration::from_secs(20);

/// One record on its way to the broker.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub topic: String,
    /// The partition, or nothing to let the key choose.
    pub partition: Option<i32>,
    pub key: Vec<u8>,
    pub payload: Vec<u8>,
    /// Milliseconds since 1970, or nothing for now.
    pub timestamp_ms: Option<i64>,
    pub headers: OwnedHeaders,
}

/// A record that the broker has not acknowledged; it may have arrived all the same.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the broker did not acknowledge a record")]
pub(crate) struct ProduceError(#[from] KafkaError);

/// Sends records in order, each acknowledged by all in-sync replicas.
///
/// After a failure it must be dropped: that takes back what it still holds, which could otherwise go out behind newer records.
pub(crate) struct Producer {
    inner: FutureProducer<ProducerContext>,
}

struct ProducerContext;

impl ClientContext for ProducerContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            // What librdkafka thinks of settings that were chosen with care.
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
            // Never let a later record go out when an earlier one of its partition has failed.
            .set("enable.gapless.guarantee", "true")
            .set("linger.ms", "1")
            .set("compression.type", "lz4")
            // Places a key where the Java clients, Debezium and Redpanda's tools place it.
            .set("partitioner", "murmur2_random")
            // The broker knows the limit of each topic; this is no smaller than any.
            .set(
                "message.max.bytes",
                topics::LARGEST_DEAD_LETTER_BYTES.to_string(),
            )
            .set("queue.buffering.max.kbytes", "65536")
            // No single record times out in the queue while the ones behind it go out; the patience is for all.
            .set("message.timeout.ms", "0")
            .set("request.timeout.ms", "5000")
            .create_with_context(ProducerContext)?;
        Ok(Self { inner })
    }

    /// Hands all records over in their order, then waits up to 20 seconds for the answers.
    ///
    /// After a record could not be handed over, the ones behind it are not, so that none overtakes it.
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
        let deadline = Instant::now() + PATIENCE;
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
        // Only what was given up is still queued here, and nobody waits for it any more.
        self.inner
            .purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
        let _ = self.inner.flush(FLUSH);
    }
}
