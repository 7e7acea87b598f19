//! What this service tells the world and what it listens to.

mod convert;
pub mod emit;
mod on_task_event;

pub use on_task_event::OnTaskEvent;
