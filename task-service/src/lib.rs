//! Owns tasks and the series of recurring tasks (schema `task`).
//! Answers `taskmesh.task.v1.TaskService`.
//! Emits `task-events` (every change), `task-recurrence` (completed occurrences of series) and `task-updates` (every change,
//! for live clients).
//! Listens to `task-reminders`, to show when a reminder went out.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod config;
mod domain;
mod error;
mod events;
mod metrics;
mod operations;
mod rpc;
mod store;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use service_runtime::{
    Context, Service, StartError,
    clock::Clock,
    ids::Ids,
    postgres::{Database, Schema},
};
use taskmesh_proto::{task::v1::task_service_server::TaskServiceServer, topics};

pub use config::Config;
use events::OnReminderSent;
use rpc::{RecurrenceClient, Rpc};

/// The migrations of schema `task`.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/task");

/// The task-service.
pub struct TaskService;

/// What the operations work with.
#[derive(Clone)]
struct App {
    database: Database,
    clock: Clock,
    ids: Ids,
    recurrence: RecurrenceClient,
}

impl Service for TaskService {
    const NAME: &'static str = "task-service";
    const ENV_PREFIX: &'static str = "TASK_SERVICE";
    const SCHEMA: Option<Schema> = Some(Schema {
        name: "task",
        migrations: Some(MIGRATIONS),
    });
    type Config = Config;

    async fn start(ctx: Context<Config>) -> Result<(), StartError> {
        metrics::describe();
        let app = App {
            database: ctx.database(),
            clock: ctx.clock(),
            ids: ctx.ids(),
            recurrence: RecurrenceClient::new(&ctx.config().recurrence_url, ctx.identity()),
        };
        ctx.relay_outbox();
        ctx.consume(&topics::TASK_REMINDERS, OnReminderSent);
        let service = TaskServiceServer::new(Rpc(app));
        ctx.serve_grpc(tonic::service::Routes::new(service)).await
    }
}
