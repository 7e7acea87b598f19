//! Service with a table of effects, and an operation that emits events.

use async_trait::async_trait;
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use serde::Deserialize;
use service_runtime::{
    Context, Service, StartError,
    admin::AdminConfig,
    clock::Clock,
    config::ServiceConfig,
    grpc::{AuthConfig, GrpcConfig},
    ids::Ids,
    kafka::{EventHandler, HandleError, KafkaConfig, Received},
    outbox::{self, OutboxEvent},
    postgres::{AsyncPgConnection, Database, DatabaseConfig, DatabaseError, Schema},
    telemetry::LogConfig,
};
use taskmesh_proto::{
    notification::v1::ReminderEvent,
    topics::{self, TASK_EVENTS},
};
use uuid::Uuid;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("tests/probe_migrations");

/// Consumer of `task-reminders`.
pub struct Probe;

impl Service for Probe {
    const NAME: &'static str = "task-service";
    const ENV_PREFIX: &'static str = "PROBE";
    const SCHEMA: Option<Schema> = Some(Schema {
        name: "probe",
        migrations: Some(MIGRATIONS),
    });
    type Config = ProbeConfig;

    async fn start(context: Context<ProbeConfig>) -> Result<(), StartError> {
        context.relay_outbox();
        context.consume(&topics::TASK_REMINDERS, OnReminder);
        context.serve_grpc(tonic::service::Routes::default()).await
    }
}

pub fn schema() -> Schema {
    Probe::SCHEMA.expect("the probe has a schema")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeConfig {
    admin: AdminConfig,
    #[serde(default)]
    log: LogConfig,
    grpc: GrpcConfig,
    auth: AuthConfig,
    database: DatabaseConfig,
    kafka: KafkaConfig,
}

impl ServiceConfig for ProbeConfig {
    fn admin(&self) -> &AdminConfig {
        &self.admin
    }
    fn log(&self) -> &LogConfig {
        &self.log
    }
    fn grpc(&self) -> Option<&GrpcConfig> {
        Some(&self.grpc)
    }
    fn auth(&self) -> Option<&AuthConfig> {
        Some(&self.auth)
    }
    fn database(&self) -> Option<&DatabaseConfig> {
        Some(&self.database)
    }
    fn kafka(&self) -> Option<&KafkaConfig> {
        Some(&self.kafka)
    }
}

struct OnReminder;

#[async_trait]
impl EventHandler for OnReminder {
    type Event = ReminderEvent;

    async fn handle(
        &self,
        tx: &mut AsyncPgConnection,
        event: &Received<ReminderEvent>,
    ) -> Result<(), HandleError> {
        diesel::sql_query(
            "INSERT INTO effects (record_key, event_id, version) VALUES ($1, $2, $3)",
        )
        .bind::<Text, _>(&event.message.event_id)
        .bind::<SqlUuid, _>(event.id)
        .bind::<BigInt, _>(event.message.reminder_version)
        .execute(tx)
        .await
        .map_err(DatabaseError::from)?;
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Effect {
    #[diesel(sql_type = Text)]
    pub record_key: String,
    #[diesel(sql_type = SqlUuid)]
    pub event_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
}

/// Returns the effects in order.
pub async fn effects(database: &Database) -> Vec<Effect> {
    database
        .transaction("effects", async |tx| {
            let rows =
                diesel::sql_query("SELECT record_key, event_id, version FROM effects ORDER BY id")
                    .load(tx)
                    .await?;
            Ok::<Vec<Effect>, DatabaseError>(rows)
        })
        .await
        .unwrap()
}

/// Event of a version of an aggregate.
pub fn event(key: &str, version: i64) -> ReminderEvent {
    ReminderEvent {
        event_id: key.to_owned(),
        reminder_version: version,
        ..ReminderEvent::default()
    }
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Increments the version of an aggregate and emits its event, as every operation does.
pub async fn change(tx: &mut AsyncPgConnection, key: &str) -> Result<i64, DatabaseError> {
    let Version { version } = diesel::sql_query(
        "INSERT INTO counters VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET version = counters.version + 1 \
         RETURNING version",
    )
    .bind::<Text, _>(key)
    .get_result(tx)
    .await?;
    let message = event(key, version);
    outbox::append(
        tx,
        OutboxEvent {
            topic: &TASK_EVENTS,
            key: key.to_owned(),
            id: Ids.uuid_v7(),
            kind: "taskmesh.notification.v1.ReminderScheduled",
            subject: key.to_owned(),
            time: Clock::system().now(),
            aggregate_version: version,
            message: &message,
        },
    )
    .await?;
    Ok(version)
}

/// Changes an aggregate in its own transaction.
pub async fn commit(database: &Database, key: &str) -> i64 {
    database
        .transaction("change", async |tx| change(tx, key).await)
        .await
        .unwrap()
}
