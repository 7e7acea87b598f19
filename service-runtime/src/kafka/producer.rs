use std::time::Duration;

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    message::OwnedHeaders,
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext},
    types::RDKafkaErrorCode,
};

use taskmesh_proto::topics;
use tokio::{
    sync::oneshot::{self, error::TryRecvError},
    time::{Instant, sleep},
};
use tracing::{debug, warn};

use super::KafkaConfig;

const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// Time limit of the acknowledgements of one call.
const ACK_TIMEOUT: Duration = Duration::from_secs(20);
/// Shortest interval at which acknowledgements are polled.
const MIN_POLL: Duration = Duration::from_millis(1);
/// Part of the time since the records were sent that a poll may add to it.
const POLL_DIVISOR: u32 = 8;

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
///
/// It polls librdkafka only while records are in flight; the producers of rdkafka that have a polling thread use most of the CPU time
/// of an idle process.
pub(crate) struct Producer {
    inner: BaseProducer<Callbacks>,
}

struct Callbacks;

impl ClientContext for Callbacks {
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

impl ProducerContext for Callbacks {
    type DeliveryOpaque = Box<oneshot::Sender<Result<(), KafkaError>>>;

    fn delivery(&self, result: &DeliveryResult<'_>, sender: Self::DeliveryOpaque) {
        let result = result.as_ref().map(drop);
        // Fails only if the caller has stopped waiting.
        let _ = sender.send(result.map_err(|(error, _)| error.clone()));
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
            .create_with_context(Callbacks)?;
        Ok(Self { inner })
    }

    /// Enqueues records in order, then waits up to 20 seconds for their acknowledgements.
    ///
    /// After a record that could not be enqueued, later ones are not enqueued, so that none overtakes it.
    pub(crate) async fn send_all(&self, records: Vec<Record>) -> Vec<Result<(), ProduceError>> {
        let mut full = None;
        let mut waiting = Vec::with_capacity(records.len());
        for record in &records {
            let (sender, delivery) = oneshot::channel();
            let mut base_record = BaseRecord::with_opaque_to(&record.topic, Box::new(sender))
                .key(&record.key)
                .payload(&record.payload)
                .headers(record.headers.clone());
            base_record.partition = record.partition;
            base_record.timestamp = record.timestamp_ms;
            match self.inner.send(base_record) {
                Ok(()) => waiting.push(delivery),
                Err((error, _)) => {
                    full = Some(error);
                    break;
                }
            }
        }
        let sent = Instant::now();
        let mut outcomes = Vec::with_capacity(records.len());
        for delivery in waiting {
            outcomes.push(
                self.result(delivery, sent)
                    .await
                    .map_err(ProduceError::from),
            );
        }
        let unsent = full.unwrap_or(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
        outcomes.resize_with(records.len(), || Err(unsent.clone().into()));
        outcomes
    }

    /// Waits for the result of a record that was enqueued at this time.
    async fn result(
        &self,
        mut delivery: oneshot::Receiver<Result<(), KafkaError>>,
        sent: Instant,
    ) -> Result<(), KafkaError> {
        loop {
            match delivery.try_recv() {
                Ok(result) => return result,
                Err(TryRecvError::Closed) => return Err(KafkaError::Canceled),
                Err(TryRecvError::Empty) if sent.elapsed() < ACK_TIMEOUT => {
                    sleep(MIN_POLL.max(sent.elapsed() / POLL_DIVISOR)).await;
                    self.poll();
                }
                Err(TryRecvError::Empty) => {
                    let code = RDKafkaErrorCode::MessageTimedOut;
                    return Err(KafkaError::MessageProduction(code));
                }
            }
        }
    }

    /// Handles the events that librdkafka has queued; one call of its own handles one.
    fn poll(&self) {
        let mut queued = self.inner.in_flight_count();
        loop {
            self.inner.poll(Duration::ZERO);
            let left = self.inner.in_flight_count();
            if left >= queued {
                return;
            }
            queued = left;
        }
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
