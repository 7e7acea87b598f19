//! What this service answers, and what it asks.

mod convert;
mod recurrence_client;
mod service;

pub use convert::{instant, series, timestamp};
pub use recurrence_client::RecurrenceClient;
pub use service::Rpc;
