//! The handles that operations need.

use std::sync::Arc;

use service_runtime::{clock::Clock, kafka::TopicHistory};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    config::WatchConfig,
    domain::TokenKeys,
    feed::{Feed, Streams},
    task_client::TaskClient,
};

/// Handles of the operations.
pub struct App {
    /// Recent and new changes.
    pub feed: Arc<Feed>,
    /// Earlier changes on the topic.
    pub past: TopicHistory,
    /// Limits the concurrent readers of the history.
    pub past_readers: Arc<Semaphore>,
    /// Keys of resume tokens.
    pub keys: Arc<TokenKeys>,
    pub clock: Clock,
    pub tasks: TaskClient,
    pub streams: Arc<Streams>,
    /// Limits of streams.
    pub watch: WatchConfig,
    /// Cancelled when the service stops.
    pub stopping: CancellationToken,
}
