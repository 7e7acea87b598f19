//! What this service tells the world and what it listens to.

mod convert;
pub mod emit;
mod on_task_event;

/// Who caused something, as events name them.
pub use taskmesh_proto::common::v1::Actor;

pub use on_task_event::OnTaskEvent;
