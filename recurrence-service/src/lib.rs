//! Owns the meaning of recurrence rules; its schema `recurrence` has nothing but the inbox of its consumer.
//! Answers `taskmesh.recurrence.v1.RecurrenceService`.
//! Emits nothing: it asks `TaskService.CreateOccurrence` for the next occurrence of a series.
//! Listens to `task-recurrence` (completed occurrences of series).

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod config;
mod domain;
mod error;
mod events;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod metrics;
mod operations;
mod rpc;

use service_runtime::{Context, Running, Service, StartError, postgres::Schema};
use taskmesh_proto::{recurrence::v1::recurrence_service_server::RecurrenceServiceServer, topics};

pub use config::Config;
use events::OnOccurrenceCompleted;
use rpc::{Rpc, TaskClient};

/// The recurrence-service.
pub struct RecurrenceService;

impl Service for RecurrenceService {
    const NAME: &'static str = "recurrence-service";
    const ENV_PREFIX: &'static str = "RECURRENCE_SERVICE";
    const SCHEMA: Option<Schema> = Some(Schema {
        name: "recurrence",
        migrations: None,
    });
    type Config = Config;

    async fn start(ctx: Context<Config>) -> Result<Running, StartError> {
        metrics::describe();
        let tasks = TaskClient::new(&ctx.config().task_url, ctx.identity());
        ctx.consume(&topics::TASK_RECURRENCE, OnOccurrenceCompleted::new(tasks));
        let service = RecurrenceServiceServer::new(Rpc);
        ctx.serve_grpc(tonic::service::Routes::new(service)).await
    }
}
