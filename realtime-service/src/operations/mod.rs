//! What can be done with the feed: watch it. What is passed on is not looked into, so it stays in the messages that it came in.

mod catch_up;
mod snapshot;
mod watch;
mod watching;

pub use watch::{Start, Watch, watch};
pub use watching::Watching;
