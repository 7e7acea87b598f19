//! The notification-service.
//!
//! - Owns reminders, the users' preferences, and the ledger of deliveries.
//! - Answers `NotificationService`.
//! - Emits `task-reminders`, and `task-updates` (what live clients need to show in-app notifications).
//! - Listens to `task-events`.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod app;
mod config;
mod delivery;
mod domain;
mod error;
mod events;
mod metrics;
mod operations;
mod poll_backoff;
mod rpc;
mod scheduler;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use diesel_migrations::embed_migrations;
use service_runtime::{Context, Running, Service, StartError, postgres::Schema};
use taskmesh_proto::{
    notification::v1::notification_service_server::NotificationServiceServer, topics,
};
use tonic::service::Routes;

pub use config::Config;

use crate::{
    app::App,
    delivery::{Channel, Dispatcher, email::EmailChannel},
    events::OnTaskEvent,
    rpc::Rpc,
    scheduler::Scheduler,
};

/// The notification-service, for the runtime to start.
pub struct NotificationService;

impl Service for NotificationService {
    const NAME: &'static str = "notification-service";
    const ENV_PREFIX: &'static str = "NOTIFICATION_SERVICE";
    const SCHEMA: Option<Schema> = Some(Schema {
        name: "notification",
        migrations: Some(embed_migrations!("../migrations/notification")),
    });
    type Config = Config;

    async fn start(context: Context<Config>) -> Result<Running, StartError> {
        metrics::describe();
        let channels = channels(context.config())?;
        let app = App::new(context.database(), context.clock(), context.ids(), channels);

        // Emits.
        context.relay_outbox();
        // Listens to.
        context.consume(&topics::TASK_EVENTS, OnTaskEvent::new(app.clone()));
        // Background tasks.
        context.forget_old_answers();
        context.spawn("scheduler", |stopping| {
            Scheduler::new(app.clone()).run(stopping)
        });
        context.spawn("dispatcher", |stopping| {
            Dispatcher::new(app.clone()).run(stopping)
        });
        context.spawn("channels", |stopping| {
            delivery::warm_up_channels(app.clone(), stopping)
        });
        // Answers.
        let server = NotificationServiceServer::new(Rpc::new(app));
        context.serve_grpc(Routes::new(server)).await
    }
}

fn channels(config: &Config) -> Result<Vec<Arc<dyn Channel>>, StartError> {
    let Some(smtp) = &config.smtp else {
        return Ok(Vec::new());
    };
    let email = EmailChannel::new(smtp, &config.email).map_err(StartError::Config)?;
    Ok(vec![Arc::new(email)])
}
