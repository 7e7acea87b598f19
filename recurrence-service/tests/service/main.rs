//! The recurrence-service on a real PostgreSQL and a real broker; only the task-service is the test's own.
#![expect(
    clippy::unwrap_used,
    reason = "in a test, helpers included, a panic is the failure"
)]

mod completing;
mod over_the_wire;
mod support;
