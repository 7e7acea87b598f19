//! Kafka: connection, producer, consumer loop, dead letters, and the frames of a schema registry.

mod backpressure;
mod breaker;
mod config;
mod consumer;
mod dead_letter;
pub(crate) mod dead_letter_headers;
mod handler;
mod headers;
mod inbox;
mod initial_offsets;
pub(crate) mod log_filter;
mod metadata;
mod metrics;
mod partition;
mod partition_owner;
mod partitioner;
#[cfg(all(test, feature = "testing"))]
mod plan_tests;
mod process_batch;
mod producer;
mod rebalance;
mod record;
mod retry_queue;
mod retry_store;
mod schema_registry;
mod topic_reader;
mod worker_context;

pub use config::{KafkaConfig, SecurityProtocol};
pub(crate) use consumer::ConsumerLoop;
pub use handler::{EventHandler, HandleError, Received};
pub use headers::{EventHeaders, record_headers};
pub use inbox::{InboxBatch, Known};
pub(crate) use metadata::{TopicMissing, partition_count};
pub use partitioner::partition_of;
pub(crate) use producer::{ProduceError, Producer, Record};
#[cfg(any(test, fuzzing))]
pub(crate) use record::refuse_record;
pub(crate) use schema_registry::Framer;
pub use schema_registry::{Registered, RegistryError, SchemaRegistry, Subject, framing, subjects};
pub use topic_reader::{
    Beginning, HistoryError, TopicEvent, TopicHistory, TopicReader, TopicRecord,
};
pub(crate) use topic_reader::{READ_TIMEOUT, Tail, read_range};
