//! The changes of all users, as every replica knows them by itself.
//!
//! The topic `task-updates` is the source, keyed by user, so that all that one user's clients are told lies in one partition, in the
//! order of the commits. Each replica reads all partitions, in no consumer group: it begins a bounded number of records before the
//! end, and keeps as many in memory ([`PartitionLog`]). So any replica serves any user, and one that has just started knows as much
//! as the others.
//!
//! *A stream is a position.* It has no queue: whenever it may send, it takes from the log what its user has behind its position
//! ([`Subscription`]), and a notifier for the user tells it when there is more. An idle client costs its position, and a slow one
//! nothing that the others would feel: once it is too many changes behind, or they are no longer kept, it is told to begin anew.
//!
//! *A resume token is a position* ([`Position`](crate::domain::Position)): a partition, the offset of the last record that the client
//! is behind, and that record's event, sealed for its user. On the way back:
//!
//! - the position is in memory: the stream goes on from there;
//! - it lies before: the partition is read from there up to what is in memory, by a consumer of its own (`operations::catch_up`);
//! - it lies ahead, because another replica has read farther: the stream waits a moment for this one;
//! - the broker no longer has what came behind it, or another event is in its place: the client is told to begin anew.
//!
//! *A snapshot has no gap behind it.* The position is noted first, then the tasks are asked for, then the changes behind the position
//! follow. A change that the snapshot does not contain was committed after the question, so it was told after the position was noted.
//! Changes that it contains may come again; they end with the same task.
//!
//! *An event that is told twice is passed on once.* A relay that died sends its last batch again, with the same ids; the last ids of
//! each partition are remembered, and where the past is read, some records before it are read along for their ids.
//!
//! *What cannot be known is said.* If the broker lost records, or the topic was made anew, all streams of the partition are told to
//! begin anew.

mod change;
mod log;
mod logs;
mod recent;
mod streams;
mod subscription;

pub use change::Change;
pub(crate) use change::ReadRecord;
pub use log::{PartitionLog, SubscribeError};
pub use logs::Feed;
pub(crate) use recent::RecentEvents;
pub use streams::{StreamPermit, Streams};
pub use subscription::{Subscription, Taken};

/// Maximum distance in records of an event that a relay sends again after a crash.
pub(crate) const RESENT: i64 = 5_000;
