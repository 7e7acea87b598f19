//! How any service of the mesh runs: start-up and stop, configuration, gRPC server and client, PostgreSQL, outbox and
//! relay, the consumer loop with inbox and dead letters, telemetry, and the test harness.
//!
//! Owns the tables `outbox`, `inbox`, `parked_records`, `partition_owners` and `idempotency_keys` of each service's schema. Knows no business
//! nouns but the typed ids and the fields by which tasks are filtered.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod admin;
pub mod backoff;
mod cli;
pub mod clock;
pub mod config;
mod context;
pub mod dead_letters;
mod descriptors;
mod error_chain;
pub mod filter;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod grpc;
pub mod idempotency;
pub mod ids;
pub mod kafka;
pub mod lifecycle;
mod listener;
pub mod outbox;
pub mod page;
pub mod postgres;
mod running;
pub mod service;
mod shutdown_signal;
mod start_error;
pub mod suggestion;
pub mod task_filter;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time_zone;
pub mod words;

pub use cli::{main, serve};
pub use context::Context;
pub use error_chain::error_chain;
pub use running::Running;
pub use service::{Service, start};
pub use shutdown_signal::ShutdownSignal;
pub use start_error::StartError;

/// Calls allocate much in small pieces and free it on other threads, which this allocator does in less time than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Error of any type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
