//! The audit-service on a real PostgreSQL and a real broker.

mod migrations;
mod recording;
mod refusals;
mod support;
mod tampering;
