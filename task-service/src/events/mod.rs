//! Events that this service emits, and handlers of those that it listens to.

mod emit;
mod on_reminder_sent;

pub use emit::{TaskChange, of_named, of_settings, of_task};
pub use on_reminder_sent::OnReminderSent;
