use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use service_runtime::{
    BoxError, Context, Running, Service, StartError,
    admin::AdminConfig,
    clock::Clock,
    config::{self, ServiceConfig},
    ids::Ids,
    kafka::{EventHandler, HandleError, KafkaConfig, Received},
    outbox::{self, OutboxEvent},
    postgres::{AsFixed, AsyncPgConnection, Database, DatabaseConfig, DatabaseError, Schema},
    telemetry::LogConfig,
};
use taskmesh::up::mesh::migrate_schema;
use taskmesh_proto::{notification::v1::ReminderEvent, topics::TASK_REMINDERS};
use uuid::Uuid;

use crate::bench::{
    load::{Bounds, Outcome, open_loop},
    servers::Servers,
};

pub const SCHEMA: &str = "events_bench";
/// Type of all events.
pub const EVENT_TYPE: &str = "taskmesh.notification.v1.ReminderSent";
const AGGREGATES: usize = 200;
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS events_bench.aggregates (name text PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS events_bench.effects (event_id uuid NOT NULL);
    CREATE INDEX IF NOT EXISTS effects_by_event ON events_bench.effects (event_id);
    TRUNCATE events_bench.aggregates, events_bench.effects, events_bench.inbox, events_bench.outbox";
const VACUUM: &str = "VACUUM (ANALYZE) events_bench.effects, events_bench.inbox, events_bench.outbox, events_bench.aggregates";

/// Pool of the running service: a commit through it wakes the relay.
static POOL: Mutex<Option<Database>> = Mutex::new(None);

/// Service whose changes are events and whose consumer inserts a row for each.
struct EventsBench;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventsBenchConfig {
    admin: AdminConfig,
    #[serde(default)]
    log: LogConfig,
    database: DatabaseConfig,
    kafka: KafkaConfig,
    consumes: bool,
}

impl fmt::Debug for EventsBenchConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EventsBench::NAME)
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

    async fn start(context: Context<EventsBenchConfig>) -> Result<Running, StartError> {
        *POOL.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.database());
        context.relay_outbox();
        if context.config().consumes {
            context.consume(&TASK_REMINDERS, InsertEffect);
        }
        Ok(context.without_server())
    }
}

struct InsertEffect;

#[async_trait]
impl EventHandler for InsertEffect {
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

/// Creates the tables without the rows of earlier parts. The service must not run.
pub async fn prepare(servers: &Servers) -> Result<(), BoxError> {
    migrate_schema::<EventsBench>(&config(servers, false)?).await?;
    servers.client.batch_execute(TABLES).await?;
    Ok(servers.client.batch_execute(VACUUM).await?)
}

/// Starts the service, with its relay and, if wanted, its consumer.
pub async fn start(servers: &Servers, consumes: bool) -> Result<(Running, Database), BoxError> {
    let running = service_runtime::start::<EventsBench>(config(servers, consumes)?).await?;
    let pool = POOL.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((running, pool.ok_or("the service has not started")?))
}

fn config(servers: &Servers, consumes: bool) -> Result<EventsBenchConfig, BoxError> {
    let own = [
        ("ADMIN__ADDRESS", "127.0.0.1:0".to_owned()),
        ("DATABASE__URL", servers.database_url.to_string()),
        ("DATABASE__POOL_SIZE", "16".to_owned()),
        ("DATABASE__STATEMENT_TIMEOUT_MS", "600000".to_owned()),
        ("CONSUMES", consumes.to_string()),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    let prefix = EventsBench::ENV_PREFIX;
    let variables = own.into_iter().chain(servers.variables.iter().cloned());
    let variables = variables.map(|(name, value)| (format!("{prefix}_{name}"), value));
    Ok(config::load(prefix, variables)?)
}

/// Changes aggregates in turn at a steady rate; reports the id of each committed event.
pub async fn write(
    database: &Database,
    rate: u32,
    bounds: Bounds,
    committed: impl Fn(Uuid) + Clone + Send + Sync + 'static,
) -> Result<Outcome, BoxError> {
    let database = database.clone();
    let call = move |number: usize| {
        let (database, committed) = (database.clone(), committed.clone());
        async move {
            let aggregate = format!("aggregate {}", number % AGGREGATES);
            committed(change(&database, &aggregate).await?);
            Ok(())
        }
    };
    open_loop(rate.into(), bounds, call).await
}

/// Increments the version of an aggregate and appends an event; returns the event's id.
pub async fn change(database: &Database, aggregate: &str) -> Result<Uuid, DatabaseError> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = BigInt)]
        version: i64,
    }

    let id = Ids.uuid_v7();
    let append = async |tx: &mut AsyncPgConnection| {
        let Version { version } = diesel::sql_query(
            "INSERT INTO aggregates VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET version = aggregates.version + 1 RETURNING version",
        )
        .bind::<Text, _>(aggregate)
        .fixed()
        .get_result(tx)
        .await?;
        let event = OutboxEvent {
            topic: &TASK_REMINDERS,
            key: aggregate.to_owned(),
            id,
            kind: EVENT_TYPE,
            subject: aggregate.to_owned(),
            time: Clock::system().now(),
            aggregate_version: version,
            message: &event(),
        };
        outbox::append(tx, event).await
    };
    database.transaction("change", append).await?;
    Ok(id)
}

/// Returns an event of the size of a usual task.
pub fn event() -> ReminderEvent {
    ReminderEvent {
        user_id: "x".repeat(230),
        ..ReminderEvent::default()
    }
}
