//! Kafka: connection, producer, consumer loop, dead letters, and the frames of a schema registry.

mod backpressure;
mod breaker;
mod config;
mod consumer;
mod dead_letter;
pub(crate) mod dead_letter_headers;
mod framer;
pub mod framing;
mod handler;
mod headers;
mod inbox;
mod initial_offsets;
pub(crate) mod log_filter;
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
mod registry;
mod retry_queue;
mod retry_store;
mod schema;
mod topic_reader;
mod value_format;
mod worker_context;

pub use config::{KafkaConfig, SecurityProtocol};
pub(crate) use consumer::ConsumerLoop;
pub(crate) use framer::Framer;
pub use handler::{EventHandler, HandleError, Received};
pub use headers::{EventHeaders, HeaderError};
pub use inbox::{InboxBatch, Known};
pub use partitioner::partition_of;
pub(crate) use producer::{ProduceError, Producer, Record};
#[cfg(any(test, fuzzing))]
pub(crate) use record::refuse_record;
pub use registry::{Registered, Registration, RegistryError, SchemaRegistry, SchemaRound};
pub use schema::{Subject, subjects};
pub(crate) use topic_reader::Tail;
pub use topic_reader::{
    Beginning, HistoryError, TopicEvent, TopicHistory, TopicReader, TopicRecord,
};
