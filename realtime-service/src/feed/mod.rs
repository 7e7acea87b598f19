//! The changes of all users, which every replica reads on its own.
//!
//! The topic `task-updates` is keyed by user, so that all changes of one user lie in one partition, in the order of the commits. Each
//! replica reads all partitions, without a consumer group: it starts a bounded number of records before the end and keeps as many in
//! memory ([`PartitionLog`]). Any replica therefore serves any user, also right after its start.
//!
//! *A stream is a position.* It has no queue: it takes the changes of its user after its position from the log ([`Subscription`]), and a
//! notifier of the user wakes it when there are more. A slow stream does not affect others: once it is too many changes behind, or they
//! are no longer kept, it ends with a resync.
//!
//! *A resume token is a position* ([`Position`](crate::domain::Position)): a partition, the offset of a record, and the event in it,
//! sealed for the user. On resumption:
//!
//! - a position in memory: the stream continues there;
//! - an earlier one: the partition is read from there up to the records in memory, by a consumer of its own (`operations::catch_up`);
//! - a later one, from a replica that has read further: the stream waits a moment for this replica;
//! - the broker no longer has the next records, or the offset has another event: the client gets a resync.
//!
//! *A snapshot is followed without a gap.* The position is taken first, then the tasks are listed, then the changes after the position
//! follow. A change that the snapshot lacks was committed after the call, and therefore lies after the position. Changes that it contains
//! may be repeated; they end with the same task.
//!
//! *A repeated event is sent once.* A relay that crashed sends its last batch again, with the same ids; the last ids of each partition
//! are remembered, and the history is read from some records earlier for their ids.
//!
//! *Lost records are reported.* If the broker lost records, or the topic was recreated, all streams of the partition get a resync.

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
