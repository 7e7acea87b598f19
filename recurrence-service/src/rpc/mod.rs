//! Calls of `RecurrenceService`, and the client of the task-service.

mod convert;
mod service;
mod task_client;

pub use convert::anchor;
pub use service::Rpc;
pub use task_client::TaskClient;
