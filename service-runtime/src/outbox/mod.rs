//! The transactional outbox: events are rows of the commit that caused them, and relays carry them to the broker.

mod append;
mod batch;
mod holding;
mod lane;
mod link;
mod metrics;
mod position;
mod relay;
mod sender;
mod store;

pub(crate) use append::watch_appends;
pub use append::{OutboxEvent, OutboxRow, append, append_all};
pub(crate) use relay::{Pace, Relay};
