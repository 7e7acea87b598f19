use std::sync::Arc;

use rdkafka::message::OwnedHeaders;

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
        rows: &[OutboxRow],
    ) -> Result<Vec<Result<(), SendError>>, SendError> {
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let mut schemas = vec![(row.data_schema.as_str(), row.payload.as_slice())];
            schemas.extend(row.copies().iter().map(|copy| {
                let payload = &row.payload[..copy.payload_length.min(row.payload.len())];
                (copy.data_schema.as_str(), payload)
            }));
            for ((topic, key), (schema, payload)) in row.keys().zip(schemas) {
                let mut payload = payload.to_vec();
                if let Err(cause) = self.framer.frame(topic, &mut payload).await {
                    let error = SendError::Frame(cause.into());
                    return Ok(vec![Err(error); rows.len()]);
                }
                records.push(Record {
                    topic: self.kafka.topic_name(topic),
                    partition: None,
                    key: key.into(),
                    payload,
                    timestamp_ms: None,
                    headers: headers(self.source, row, schema),
                });
            }
        }
        let producer = match &self.producer {
            Some(producer) => producer,
            None => self.producer.insert(Producer::new(&self.kafka)?),
        };
        let mut outcomes = producer.send_all(records).await.into_iter();
        let of_row = |row: &OutboxRow| {
            let of_row = outcomes.by_ref().take(row.keys().count());
            // All of them are taken, also after a failed one.
            let of_row: Vec<_> = of_row.collect();
            let result: Result<(), ProduceError> = of_row.into_iter().collect();
            result.map_err(SendError::from)
        };
        Ok(rows.iter().map(of_row).collect())
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

fn headers(source: &'static str, row: &OutboxRow, data_schema: &str) -> OwnedHeaders {
    EventHeaders {
        id: row.event_id,
        kind: row.event_type.clone(),
        source: format!("/taskmesh/{source}"),
        subject: row.subject.clone(),
        time: row.event_time,
        data_schema: data_schema.to_owned(),
        aggregate_version: row.aggregate_version,
        trace_parent: row.trace_parent.clone(),
    }
    .to_record_headers()
}
