//! Events that this service emits and consumes.

mod convert;
pub mod emit;
mod on_task_event;

pub use on_task_event::OnTaskEvent;
