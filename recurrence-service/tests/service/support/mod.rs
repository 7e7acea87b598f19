//! The task-service as this service sees it, and events as it sends them.

mod completion;
mod fake_task_service;
mod mesh;

pub use completion::Completion;
pub use fake_task_service::{Asked, FakeTaskService};
pub use mesh::Mesh;
