//! The recurrence-service on a real PostgreSQL and a real broker; only the task-service is the test's own.

mod completing;
mod over_the_wire;
mod support;
