use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::{
    breaker::Breaker, dead_letter::DeadLetters, rebalance::Progress, schema_registry::ValueFormat,
};
use crate::postgres::Database;

/// State that the partition workers of one consumer share.
pub(super) struct WorkerContext<H> {
    pub handler: H,
    pub database: Database,
    pub dead_letters: DeadLetters,
    pub progress: Progress,
    pub breaker: Breaker,
    pub stopping: CancellationToken,
    /// Topic name without the cluster's prefix, as stored in the database.
    pub topic: &'static str,
    /// Full name of the protobuf message in the values.
    pub data_schema: &'static str,
    /// Topic name on the cluster.
    pub full_topic: String,
    pub format: ValueFormat,
    /// Receives partitions to resume.
    pub drained: UnboundedSender<i32>,
}
