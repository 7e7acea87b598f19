//! What this service tells the world and what it listens to.

mod convert;
mod differences;
pub mod emit;
mod on_reminder_event;
mod on_task_event;

pub use on_reminder_event::OnReminderEvent;
pub use on_task_event::OnTaskEvent;
