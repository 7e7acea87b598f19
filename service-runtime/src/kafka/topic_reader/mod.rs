//! All of a topic for everybody who wants it: each process reads every partition by itself, without a group, and commits nothing.
//! What it was told is lost with the process, and the next one reads it again.

mod history;
mod record;
mod tail;

pub use history::{PastError, TopicPast};
pub use record::{TopicEvent, TopicRecord};
pub(crate) use tail::Tail;
pub use tail::{Beginning, TopicReader};
