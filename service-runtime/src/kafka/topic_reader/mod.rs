//! Reads all partitions of a topic in each process, without a consumer group and without committed offsets.

mod history;
mod range;
mod record;
mod tail;

pub use history::{HistoryError, TopicHistory};
pub(crate) use range::{READ_TIMEOUT, read_range};
pub use record::{TopicEvent, TopicRecord};
pub(crate) use tail::Tail;
pub use tail::{Beginning, TopicReader};
