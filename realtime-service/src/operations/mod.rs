//! The stream of changes. Changes are passed on in the messages in which they arrived.

mod catch_up;
mod snapshot;
mod stream_filter;
mod watch;
mod watching;

pub use watch::{Start, Watch, watch};
pub use watching::Watching;
