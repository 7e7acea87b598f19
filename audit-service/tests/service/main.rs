//! The audit-service on a real PostgreSQL and a real broker.

#![expect(
    clippy::disallowed_methods,
    reason = "tasks of a test end with its runtime"
)]

mod migrations;
mod recording;
mod refusals;
mod support;
mod tampering;
