//! Kafka: the connection, the producer, the one consumer loop, dead letters, and the frames that a schema registry gives values.

mod attempt;
mod attempts;
mod beginning;
mod breaker;
mod config;
mod consumer;
mod context;
mod dead_letter;
mod framer;
pub mod framing;
mod handler;
mod headers;
mod inbox;
pub(crate) mod letter_headers;
mod load;
mod metrics;
mod parked;
mod parking;
mod partition;
mod placement;
#[cfg(all(test, feature = "testing"))]
mod plan_tests;
mod producer;
pub(crate) mod quiet;
mod record;
mod registry;
mod schema;
mod value_format;
mod watchdog;
mod whole;

pub use config::{KafkaConfig, SecurityProtocol};
pub(crate) use consumer::ConsumerLoop;
pub(crate) use framer::Framer;
pub use handler::{EventHandler, HandleError, Received};
pub use headers::{EventHeaders, HeaderError};
pub use inbox::{InboxBatch, Known};
pub use placement::partition_of;
pub(crate) use producer::{ProduceError, Producer, Record};
#[cfg(any(test, fuzzing))]
pub(crate) use record::refuse_record;
pub use registry::{Registered, Registration, RegistryError, SchemaRegistry, SchemaRound};
pub use schema::{Subject, subjects};
pub(crate) use whole::Tail;
pub use whole::{Beginning, PastError, TopicEvent, TopicPast, TopicReader, TopicRecord};
