//! Reminders, the times at which they fire, and their deliveries; knows no database, no broker and no wire.

pub mod delivery;
pub mod email_address;
pub mod ids;
pub mod preferences;
pub mod reminder;
pub mod reminder_plan;
pub mod retry;
pub mod setting;
pub mod time_zone;
pub mod watched_task;
