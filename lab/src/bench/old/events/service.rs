use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use service_runtime::{
    Context, Service, StartError,
    admin::AdminConfig,
    config::ServiceConfig,
    kafka::{EventHandler, HandleError, KafkaConfig, Received},
    postgres::{AsFixed, AsyncPgConnection, Database, DatabaseConfig, DatabaseError, Schema},
    telemetry::LogConfig,
};
use taskmesh_proto::{notification::v1::ReminderEvent, topics};

/// The name of the service's schema.
pub const SCHEMA: &str = "events_bench";

/// The pool of the service that runs. Who writes with it wakes the relay, as every operation of a service does.
static POOL: Mutex<Option<Database>> = Mutex::new(None);

/// Returns the pool of the service that runs.
pub fn pool() -> Option<Database> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A service whose changes are events, and whose consumer notes that they came.
pub struct EventsBench;

/// Which of its parts run, beside what every service configures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsBenchConfig {
    admin: AdminConfig,
    #[serde(default)]
    log: LogConfig,
    database: DatabaseConfig,
    kafka: KafkaConfig,
    relays: bool,
    consumes: bool,
}

impl fmt::Debug for EventsBenchConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EventsBenchConfig")
            .field("relays", &self.relays)
            .field("consumes", &self.consumes)
            .finish_non_exhaustive()
    }
}

impl ServiceConfig for EventsBenchConfig {
    fn admin(&self) -> &AdminConfig {
        &self.admin
    }
    fn log(&self) -> &LogConfig {
        &self.log
    }
    fn database(&self) -> Option<&DatabaseConfig> {
        Some(&self.database)
    }
    fn kafka(&self) -> Option<&KafkaConfig> {
        Some(&self.kafka)
    }
}

impl Service for EventsBench {
    const NAME: &'static str = "events-bench";
    const ENV_PREFIX: &'static str = "EVENTS_BENCH";
    const SCHEMA: Option<Schema> = Some(Schema {
        name: SCHEMA,
        migrations: None,
    });
    type Config = EventsBenchConfig;

    async fn start(context: Context<EventsBenchConfig>) -> Result<(), StartError> {
        *POOL.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.database());
        if context.config().relays {
            context.relay_outbox();
        }
        if context.config().consumes {
            context.consume(&topics::TASK_REMINDERS, NoteEffect);
        }
        Ok(())
    }
}

struct NoteEffect;

#[async_trait]
impl EventHandler for NoteEffect {
    type Event = ReminderEvent;

    async fn handle(
        &self,
        tx: &mut AsyncPgConnection,
        event: &Received<ReminderEvent>,
    ) -> Result<(), HandleError> {
        diesel::sql_query("INSERT INTO effects (event_id) VALUES ($1)")
            .bind::<SqlUuid, _>(event.id)
            .fixed()
            .execute(tx)
            .await
            .map_err(DatabaseError::from)?;
        Ok(())
    }
}
