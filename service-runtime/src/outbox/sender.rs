use std::sync::Arc;

use super::store::OutboxRow;
use crate::kafka::{
    EventHeaders, Framer, KafkaConfig, ProduceError, Producer, Record, RegistryError,
};

/// Reason why an event was not acknowledged.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum SendError {
    #[error(transparent)]
    Produce(#[from] ProduceError),
    #[error("the schema registry is unavailable, events of framed topics wait")]
    Frame(#[source] Arc<RegistryError>),
}

/// Sends batches to the broker.
pub(super) struct Sender {
    kafka: KafkaConfig,
    source: &'static str,
    framer: Framer,
    producer: Option<Producer>,
}

impl Sender {
    pub(super) fn new(kafka: KafkaConfig, source: &'static str) -> Self {
        Self {
            framer: Framer::new(kafka.clone()),
            kafka,
            source,
            producer: None,
        }
    }

    /// Sends events in order and waits for the broker; returns the result of each.
    ///
    /// If the registry does not return the schema of one of them, none is sent, as if the broker were unavailable.
    pub(super) async fn send(
        &mut self,
        mut rows: Vec<OutboxRow>,
    ) -> Result<Vec<Result<(), SendError>>, SendError> {
        let messages = rows.iter_mut();
        let messages = messages.map(|row| (row.topic.as_str(), &mut row.payload));
        if let Err(cause) = self.framer.frame_all(messages).await {
            let error = SendError::Frame(cause.into());
            return Ok(vec![Err(error); rows.len()]);
        }
        let producer = match &self.producer {
            Some(producer) => producer,
            None => self.producer.insert(Producer::new(&self.kafka)?),
        };
        let records = rows
            .into_iter()
            .map(|row| record(&self.kafka, self.source, row))
            .collect();
        let outcomes = producer.send_all(records).await;
        Ok(outcomes
            .into_iter()
            .map(|outcome| outcome.map_err(SendError::from))
            .collect())
    }

    /// Discards records that were not acknowledged: they must not be sent after newer events.
    pub(super) async fn abort(&mut self) {
        if let Some(producer) = self.producer.take() {
            // Dropping the producer blocks.
            let gone = tokio::task::spawn_blocking(move || drop(producer)).await;
            gone.unwrap_or_else(
                |panic| tracing::warn!(error = %panic, "producer panicked while closing"),
            );
        }
    }
}

fn record(kafka: &KafkaConfig, source: &'static str, row: OutboxRow) -> Record {
    Record {
        topic: kafka.topic_name(&row.topic),
        partition: None,
        key: row.record_key.into_bytes(),
        payload: row.payload,
        timestamp_ms: None,
        headers: EventHeaders {
            id: row.event_id,
            kind: row.event_type,
            source: format!("/taskmesh/{source}"),
            subject: row.subject,
            time: row.event_time,
            data_schema: row.data_schema,
            aggregate_version: row.aggregate_version,
            trace_parent: row.trace_parent,
        }
        .to_record_headers(),
    }
}
