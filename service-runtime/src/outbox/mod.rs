//! The transactional outbox: events are rows of the commit that caused them, and a relay carries them to the broker.

mod append;
mod relay;
mod relay_store;

pub(crate) use append::watch_appends;
pub use append::{OutboxEvent, OutboxRow, append, append_all};
pub(crate) use relay::Relay;
