//! The audit-service on a real PostgreSQL and a real broker.

#![expect(
    clippy::disallowed_methods,
    reason = "tasks of a test end with its runtime"
)]

mod chain_writer;
mod migrations;
mod plans;
mod recording;
mod refusals;
mod support;
mod tampering;
