//! What this service tells the world, and what it listens to.

mod emit;
mod on_reminder_sent;

pub use emit::{TaskChange, emit};
pub use on_reminder_sent::OnReminderSent;
