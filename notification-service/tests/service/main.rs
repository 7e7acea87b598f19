//! The notification-service on a real PostgreSQL and a real broker; only the mail server is the test's own.

mod batches;
mod delivering;
mod due_dates;
mod migrations;
mod over_the_wire;
mod plans;
mod preferences;
mod repeated_calls;
mod scheduling;
mod support;
