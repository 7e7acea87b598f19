//! The service on a real broker, beside a task-service that answers as a test tells it to.

mod filtering;
mod limits;
mod resuming;
mod snapshots;
mod support;
mod telling;
