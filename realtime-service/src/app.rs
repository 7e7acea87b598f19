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

/// What operations work with.
pub struct App {
    /// What has changed lately, and what changes.
    pub feed: Arc<Feed>,
    /// What has changed before.
    pub past: TopicHistory,
    /// How many may read that at once.
    pub past_readers: Arc<Semaphore>,
    /// What resume tokens are sealed with.
    pub keys: Arc<TokenKeys>,
    /// Clock.
    pub clock: Clock,
    /// The task-service.
    pub tasks: TaskClient,
    /// The streams that are open.
    pub streams: Arc<Streams>,
    /// What a stream may cost.
    pub watch: WatchConfig,
    /// Cancelled when the service stops.
    pub stopping: CancellationToken,
}

impl App {
    /// Returns the handles.
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
