//! Events that this service emits and consumes.

mod convert;
pub mod emit;
mod on_task_event;

/// Cause of a change, as events name it.
pub use taskmesh_proto::common::v1::Actor;

pub use on_task_event::OnTaskEvent;
