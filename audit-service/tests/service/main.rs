//! The audit-service on a real PostgreSQL and a real broker.

mod migrations;
mod plans;
mod recording;
mod support;
mod tampering;
