//! The recurrence-service on a real PostgreSQL and a real broker; only the task-service is the test's own.

#![expect(
    clippy::disallowed_methods,
    reason = "tasks of a test end with its runtime"
)]

mod completing;
mod over_the_wire;
mod support;
