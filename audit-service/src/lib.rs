//! The audit-service.
//!
//! - Owns the append-only record of who did what, and the checkpoints that seal it.
//! - Answers `AuditService`.
//! - Emits `audit-checkpoints`.
//! - Listens to `task-events` and `task-reminders`.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod app;
pub mod config;
pub mod domain;
pub mod error;
pub mod events;
pub mod files;
pub mod metrics;
pub mod operations;
pub mod rpc;
pub mod sealing;
pub mod store;

use std::{fs, sync::Arc};

use diesel_migrations::embed_migrations;
use service_runtime::{Context, Service, StartError, postgres::Schema};
use taskmesh_proto::{audit::v1::audit_service_server::AuditServiceServer, topics};
use tonic::service::Routes;

use crate::{
    app::App,
    config::{CheckpointsConfig, Config},
    domain::signing::SealingKey,
    events::{OnReminderEvent, OnTaskEvent},
    rpc::Rpc,
    sealing::{CheckpointFile, Sealer},
};

/// The audit-service, for the runtime to start.
pub struct AuditService;

impl Service for AuditService {
    const NAME: &'static str = "audit-service";
    const ENV_PREFIX: &'static str = "AUDIT_SERVICE";
    const SCHEMA: Option<Schema> = Some(Schema {
        name: "audit",
        migrations: Some(embed_migrations!("../migrations/audit")),
    });
    type Config = Config;

    async fn start(context: Context<Config>) -> Result<(), StartError> {
        metrics::describe();
        let config = context.config();
        config.check().map_err(StartError::Config)?;
        let app = App {
            database: context.database(),
            clock: context.clock(),
            ids: context.ids(),
            key: Arc::new(sealing_key(&config.checkpoints)?),
        };
        // Before the first record comes.
        operations::make_room(&app, app.clock.now())
            .await
            .map_err(|error| StartError::Other(error.into()))?;

        // What we tell the world.
        context.relay_outbox();
        // What we listen to.
        context.consume(&topics::TASK_EVENTS, OnTaskEvent::new(app.clone()));
        context.consume(&topics::TASK_REMINDERS, OnReminderEvent::new(app.clone()));
        // What we do when its time comes.
        let sealer = Sealer::new(
            app.clone(),
            config.checkpoints.interval(),
            config.retention.months,
        );
        context.spawn("sealer", |stopping| sealer.run(stopping));
        if let Some(path) = &config.checkpoints.file {
            let file = CheckpointFile::open(path).map_err(|cause| {
                StartError::Config(format!("checkpoints.file: {}: {cause}", path.display()))
            })?;
            let app = app.clone();
            context.spawn("checkpoint-file", |stopping| file.follow(app, stopping));
        }
        // What we answer.
        let server = AuditServiceServer::new(Rpc::new(app));
        context.serve_grpc(Routes::new(server)).await
    }
}

fn sealing_key(config: &CheckpointsConfig) -> Result<SealingKey, StartError> {
    let path = &config.signing_key_file;
    let wrong = |cause: String| {
        StartError::Config(format!(
            "checkpoints.signing_key_file: {}: {cause}",
            path.display()
        ))
    };
    let pem = fs::read(path).map_err(|cause| wrong(cause.to_string()))?;
    SealingKey::from_pem(&pem).map_err(|cause| wrong(cause.to_string()))
}
