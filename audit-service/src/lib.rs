//! The audit-service.
//!
//! - Owns the append-only record of who did what, and the checkpoints that seal it.
//! - Answers `AuditService`.
//! - Emits `audit-checkpoints`.
//! - Listens to `task-events` and `task-reminders`.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod app;
mod chain_writer;
mod config;
mod domain;
mod error;
mod events;
mod files;
mod metrics;
mod operations;
mod rpc;
mod sealing;
mod store;

use std::{fs, iter, path::Path, sync::Arc};

use diesel_migrations::embed_migrations;
use service_runtime::{Context, Running, Service, StartError, postgres::Schema};
use taskmesh_proto::{
    audit::v1::audit_service_server::AuditServiceServer, notification::v1::ReminderEvent,
    task::v1::TaskEvent, topics,
};
use tonic::service::Routes;

pub use config::Config;
// For `taskmesh audit`, which checks exported records.
pub use domain::{
    record::Hashed,
    sealed_line::{MalformedLine, SealedLine},
    signing::{SigningKey, VerifyingKey},
    verification::{Checked, CheckpointCheck, Examined, ExcerptCheck, Extent, Finding, Seals},
};
pub use files::{MalformedRecord, from_json, ndjson};

use crate::{
    app::App,
    chain_writer::ChainWriter,
    config::CheckpointsConfig,
    domain::signing::KeyError,
    events::Recorder,
    rpc::Rpc,
    sealing::{CheckpointFile, run_sealer},
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

    async fn start(context: Context<Config>) -> Result<Running, StartError> {
        metrics::describe();
        let config = context.config();
        config.check().map_err(StartError::Config)?;
        let key = signing_key(&config.checkpoints)?;
        let (writer, writing) = ChainWriter::new(context.database(), context.clock());
        let app = App {
            writer,
            database: context.database(),
            clock: context.clock(),
            ids: context.ids(),
            verifying_keys: verifying_keys(&key, &config.checkpoints)?.into(),
            key: Arc::new(key),
            sealed: Arc::default(),
        };

        // Ends after everything that writes records.
        context.spawn("chain-writer", async move |_stopping| {
            writing.run().await;
            Ok(())
        });
        // Emits.
        context.relay_outbox();
        // Listens to.
        let tasks = Recorder::<TaskEvent>::new(app.writer.clone());
        context.consume(&topics::TASK_EVENTS, tasks);
        let reminders = Recorder::<ReminderEvent>::new(app.writer.clone());
        context.consume(&topics::TASK_REMINDERS, reminders);
        // Background tasks.
        let (interval, months) = (config.checkpoints.interval(), config.retention.months);
        context.spawn("sealer", |stopping| {
            run_sealer(app.clone(), interval, months, stopping)
        });
        if let Some(path) = &config.checkpoints.file {
            let file = CheckpointFile::open(path).map_err(|cause| {
                StartError::Config(format!("checkpoints.file: {}: {cause}", path.display()))
            })?;
            let app = app.clone();
            context.spawn("checkpoint-file", |stopping| file.follow(app, stopping));
        }
        // Answers.
        let server = AuditServiceServer::new(Rpc::new(app));
        context.serve_grpc(Routes::new(server)).await
    }
}

fn signing_key(config: &CheckpointsConfig) -> Result<SigningKey, StartError> {
    read_key(
        "checkpoints.signing_key_file",
        &config.signing_key_file,
        SigningKey::from_pem,
    )
}

fn verifying_keys(
    own: &SigningKey,
    config: &CheckpointsConfig,
) -> Result<Vec<VerifyingKey>, StartError> {
    let own = own
        .public()
        .map_err(|cause| StartError::Other(cause.into()))?;
    let former = config.former_keys.iter();
    let former = former.map(|path| {
        read_key(
            "checkpoints.former_keys",
            path.as_ref(),
            VerifyingKey::from_pem,
        )
    });
    iter::once(Ok(own)).chain(former).collect()
}

fn read_key<K>(
    setting: &str,
    path: &Path,
    from_pem: fn(&[u8]) -> Result<K, KeyError>,
) -> Result<K, StartError> {
    let wrong =
        |cause: String| StartError::Config(format!("{setting}: {}: {cause}", path.display()));
    let pem = fs::read(path).map_err(|cause| wrong(cause.to_string()))?;
    from_pem(&pem).map_err(|cause| wrong(cause.to_string()))
}
