//! The audit-service on a real PostgreSQL and a real broker.

mod chain_writer;
mod migrations;
mod recording;
mod support;
mod tampering;
