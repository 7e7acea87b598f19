//! What this service tells the world, and what it listens to.

mod emit;
mod on_reminder_sent;

pub use emit::{TaskChange, of_label, of_saved_filter, of_settings, of_task};
pub use on_reminder_sent::OnReminderSent;
