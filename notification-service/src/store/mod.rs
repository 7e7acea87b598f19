//! The SQL of this service. Functions take the connection first and open no transaction; the clock is the database's own.

pub mod delivery;
pub mod delivery_claim;
pub mod preferences;
pub mod reminder;
pub mod reminder_page;
pub mod reminder_step;
pub mod schema;
mod text;
pub mod watched_task;
