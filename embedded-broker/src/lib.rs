//! Kafka-protocol broker in one process, **for development and tests only**.
//!
//! One node, no replication, no transactions, no authentication, loopback only. Acknowledged records and committed offsets
//! survive `kill -9` of the process: they are written to the operating system before the response. They are not synced to disk,
//! so a power failure can lose the last ones.

mod api;
mod batch;
mod broker;
mod connection;
mod group;
mod log;
mod node;
mod sequences;
mod store;
mod topics;

pub use broker::{Broker, BrokerError};
