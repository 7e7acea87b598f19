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
use tonic::service::Routes;

pub use config::Config;
pub use domain::{Position, TokenKeys};

use crate::{
    app::App,
    feed::{Feed, RESENT},
    rpc::Rpc,
    task_client::TaskClient,
};

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
        let app = App::new(
            Arc::clone(&feed),
            context.history_of(&topics::TASK_UPDATES),
            keys,
            context.clock(),
            TaskClient::new(&config.task_url, context.identity()),
            config.watch,
            context.stopping(),
        );

        // What we listen to.
        let most_records = config.feed.max_records.saturating_add(RESENT);
        context.read_all(&topics::TASK_UPDATES, most_records, feed);
        // What we answer.
        let server = RealtimeServiceServer::new(Rpc::new(app));
        context.serve_grpc(Routes::new(server)).await
    }
}
