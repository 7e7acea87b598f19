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

/// Each takes a connection to the broker and a thread, and few clients come from so far back.
const PAST_READERS: usize = 4;

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

impl App {
    pub fn new(
        feed: Arc<Feed>,
        past: TopicHistory,
        keys: TokenKeys,
        clock: Clock,
        tasks: TaskClient,
        watch: WatchConfig,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            feed,
            past,
            past_readers: Arc::new(Semaphore::new(PAST_READERS)),
            keys: Arc::new(keys),
            clock,
            tasks,
            streams: Arc::new(Streams::new(watch.max_streams, watch.max_streams_per_user)),
            watch,
            stopping,
        }
    }
}
