//! The notification-service on a real PostgreSQL and a real broker, without a mail server.

mod due_dates;
mod migrations;
mod over_the_wire;
mod preferences;
mod repeated_calls;
mod support;
