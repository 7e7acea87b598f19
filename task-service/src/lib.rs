//! The task-service.
//!
//! - Owns tasks, the series of recurring tasks, categories, tags, saved filters and settings (schema `task`).
//! - Answers `TaskService`, `CategoryService`, `TagService`, `SavedFilterService` and `SettingsService` of `taskmesh.task.v1`.
//! - Emits `task-events` (every change of a task), `task-recurrence` (completed occurrences of series) and `task-updates` (every change
//!   of a resource, for live clients).
//! - Listens to `task-reminders`, to store when a reminder was sent.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod app;
mod config;
mod domain;
mod error;
mod events;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod metrics;
mod operations;
mod rpc;
mod store;

use diesel_migrations::embed_migrations;
use service_runtime::{Context, Running, Service, StartError, postgres::Schema};
use taskmesh_proto::{
    task::v1::{
        category_service_server::CategoryServiceServer,
        saved_filter_service_server::SavedFilterServiceServer,
        settings_service_server::SettingsServiceServer, tag_service_server::TagServiceServer,
        task_service_server::TaskServiceServer,
    },
    topics,
};
use tonic::service::Routes;

pub use config::Config;

use app::App;
use events::OnReminderSent;
use operations::TaskCreator;
use rpc::{Rpc, recurrence_client::RecurrenceClient};
use store::{
    TaskReader,
    operation_change::{KEEP, delete_older},
    search::PendingWords,
};

/// The task-service.
pub struct TaskService;

impl Service for TaskService {
    const NAME: &'static str = "task-service";
    const ENV_PREFIX: &'static str = "TASK_SERVICE";
    const SCHEMA: Option<Schema> = Some(Schema {
        name: "task",
        migrations: Some(embed_migrations!("../migrations/task")),
    });
    type Config = Config;

    async fn start(ctx: Context<Config>) -> Result<Running, StartError> {
        metrics::describe();
        let app = App {
            database: ctx.database(),
            tasks: TaskReader::new(ctx.database()),
            creator: TaskCreator::new(),
            pending_words: PendingWords::default(),
            clock: ctx.clock(),
            ids: ctx.ids(),
            recurrence: RecurrenceClient::new(&ctx.config().recurrence_url, ctx.identity()),
        };
        // Emits.
        ctx.relay_outbox();
        // Listens to.
        ctx.consume(&topics::TASK_REMINDERS, OnReminderSent);
        // Runs in the background.
        ctx.forget_old_answers();
        ctx.delete_old_rows("forget_old_operations", KEEP, |tx, before| {
            Box::pin(delete_older(tx, before))
        });
        ctx.spawn("clean-search-index", |stopping| {
            operations::clean_search_index(app.clone(), stopping)
        });
        // Answers.
        let rpc = Rpc(app);
        let services = Routes::new(TaskServiceServer::new(rpc.clone()))
            .add_service(CategoryServiceServer::new(rpc.clone()))
            .add_service(TagServiceServer::new(rpc.clone()))
            .add_service(SavedFilterServiceServer::new(rpc.clone()))
            .add_service(SettingsServiceServer::new(rpc));
        ctx.serve_grpc(services).await
    }
}
