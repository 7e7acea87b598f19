//! The audit-service on a real PostgreSQL and a real broker.

mod chain_writer;
mod migrations;
mod plans;
mod recording;
mod refusals;
mod support;
mod tampering;
