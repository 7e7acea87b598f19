//! The service on a real broker, beside a task-service that answers as a test tells it to.

#![expect(
    clippy::disallowed_methods,
    reason = "tasks of a test end with its runtime"
)]

mod filtering;
mod limits;
mod resuming;
mod snapshots;
mod support;
mod telling;
