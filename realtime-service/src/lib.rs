//! The realtime-service.
//!
//! - Owns nothing: it has no database.
//! - Answers `RealtimeService`.
//! - Emits nothing.
//! - Listens to `task-updates`, all of it in every replica (see `feed`), and asks the task-service for snapshots, saved filters
//!   and time zones.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod app;
mod config;
mod domain;
mod error;
mod feed;
mod metrics;
mod operations;
mod rpc;
mod task_client;

use std::sync::Arc;

use service_runtime::{Context, Running, Service, StartError, postgres::Schema};
use taskmesh_proto::{realtime::v1::realtime_service_server::RealtimeServiceServer, topics};
use tokio::sync::Semaphore;
use tonic::service::Routes;

pub use config::Config;
pub use domain::{Position, TokenKeys};

use crate::{
    app::App,
    config::WatchConfig,
    feed::{Feed, RESENT, Streams},
    rpc::Rpc,
    task_client::TaskClient,
};

/// Maximum number of concurrent readers of the topic's history: each takes a connection and a thread, and few clients need it.
const PAST_READERS: usize = 4;

/// The realtime-service, for the runtime to start.
pub struct RealtimeService;

impl Service for RealtimeService {
    const NAME: &'static str = "realtime-service";
    const ENV_PREFIX: &'static str = "REALTIME_SERVICE";
    const SCHEMA: Option<Schema> = None;
    type Config = Config;

    async fn start(context: Context<Config>) -> Result<Running, StartError> {
        metrics::describe();
        let config = context.config();
        config.check().map_err(StartError::Config)?;
        let keys = TokenKeys::new(config.tokens.secrets()).map_err(StartError::Config)?;
        let feed = Arc::new(Feed::new(config.feed, context.clock()));
        let WatchConfig {
            max_streams,
            max_streams_per_user,
            ..
        } = config.watch;
        let app = App {
            feed: Arc::clone(&feed),
            past: context.history_of(&topics::TASK_UPDATES),
            past_readers: Arc::new(Semaphore::new(PAST_READERS)),
            keys: Arc::new(keys),
            clock: context.clock(),
            tasks: TaskClient::new(&config.task_url, context.identity()),
            streams: Arc::new(Streams::new(max_streams, max_streams_per_user)),
            watch: config.watch,
            stopping: context.stopping(),
        };

        // Listens to.
        let most_records = config.feed.max_records.saturating_add(RESENT);
        context.read_all(&topics::TASK_UPDATES, most_records, feed);
        // Answers.
        let server = RealtimeServiceServer::new(Rpc::new(app));
        context.serve_grpc(Routes::new(server)).await
    }
}
