//! Transactional outbox: events are rows of the transaction that caused them, and a relay publishes them.

mod append;
mod copy;
mod metrics;
mod pace;
mod read_floor;
mod relay;
mod relay_connection;
mod sender;
mod store;

pub use append::{OutboxEvent, OutboxRow, append, append_all};
pub(crate) use pace::Pace;
pub(crate) use relay::Relay;
