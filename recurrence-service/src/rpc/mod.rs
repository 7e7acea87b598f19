//! What this service answers, and what it asks.

mod convert;
mod service;
mod task_client;

pub use convert::anchor;
pub use service::Rpc;
pub use task_client::{Following, TaskClient};
