//! A service with nothing of its own but a table of effects, to watch the runtime at work.
#![expect(dead_code, reason = "each test program uses its part")]

pub mod changes;
pub mod letters;

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use async_trait::async_trait;
use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use rdkafka::message::OwnedMessage;
use service_runtime::{
    Context, Running, Service, StartError,
    ids::Ids,
    kafka::{EventHandler, HandleError, Received},
    postgres::{AsyncPgConnection, Database, DatabaseError, Schema},
    testing::{TestService, eventually},
};
use taskmesh_proto::{notification::v1::ReminderEvent, topics};
use uuid::Uuid;

const MIGRATIONS: EmbeddedMigrations =
    embed_migrations!("../service-runtime/tests/probe_migrations");

/// Reads `task-reminders` in the group that has a dead-letter topic there.
pub struct Probe;

impl Service for Probe {
    const NAME: &'static str = "task-service";
    const ENV_PREFIX: &'static str = "PROBE";
    const SCHEMA: Option<Schema> = Some(Schema {
        name: "probe",
        migrations: Some(MIGRATIONS),
    });
    type Config = ProbeConfig;

    async fn start(context: Context<ProbeConfig>) -> Result<Running, StartError> {
        start(context, OnReminder).await
    }
}

/// The same with a handler of batches.
pub struct BatchProbe;

impl Service for BatchProbe {
    const NAME: &'static str = Probe::NAME;
    const ENV_PREFIX: &'static str = Probe::ENV_PREFIX;
    const SCHEMA: Option<Schema> = Probe::SCHEMA;
    type Config = ProbeConfig;

    async fn start(context: Context<ProbeConfig>) -> Result<Running, StartError> {
        start(context, OnReminders).await
    }
}

async fn start(
    context: Context<ProbeConfig>,
    handler: impl EventHandler,
) -> Result<Running, StartError> {
    context.relay_outbox();
    context.consume(&topics::TASK_REMINDERS, handler);
    context.serve_grpc(tonic::service::Routes::default()).await
}

pub fn schema() -> Schema {
    Probe::SCHEMA.expect("the probe has a schema")
}

service_runtime::service_config! {
    /// Configuration of the probe.
    pub struct ProbeConfig: grpc, auth, database, kafka {}
}

/// Does what the event's user id says: `ok`, `reject`, `die` (with the whole process), `hold` or `refuse` until there is an effect of
/// the key [`RELEASE`], `retry`, `panic` and `unavailable` the first two times, or `stall` the first time.
struct OnReminder;

/// What lets events go on that are held or refused.
pub const RELEASE: &str = "release";

static ATTEMPTS: LazyLock<Mutex<HashMap<Uuid, u32>>> = LazyLock::new(Mutex::default);

#[async_trait]
impl EventHandler for OnReminder {
    type Event = ReminderEvent;

    async fn handle(
        &self,
        tx: &mut AsyncPgConnection,
        event: &Received<ReminderEvent>,
    ) -> Result<(), HandleError> {
        // Written first, to see that a failure takes it back.
        diesel::sql_query(
            "INSERT INTO effects (record_key, event_id, version) VALUES ($1, $2, $3)",
        )
        .bind::<Text, _>(&event.message.event_id)
        .bind::<SqlUuid, _>(event.id)
        .bind::<BigInt, _>(event.message.reminder_version)
        .execute(tx)
        .await
        .map_err(DatabaseError::from)?;
        behave(tx, event).await
    }
}

/// Does the same for a batch by one statement.
struct OnReminders;

/// What was handed to the handler of batches, at each call.
pub static BATCHES: Mutex<Vec<Vec<Uuid>>> = Mutex::new(Vec::new());

#[async_trait]
impl EventHandler for OnReminders {
    type Event = ReminderEvent;

    async fn handle_batch(
        &self,
        tx: &mut AsyncPgConnection,
        events: &[&Received<ReminderEvent>],
    ) -> Result<(), HandleError> {
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        BATCHES.lock().unwrap().push(ids.clone());
        let messages = events.iter().map(|event| &event.message);
        let (keys, versions): (Vec<&str>, Vec<i64>) = messages
            .map(|message| (message.event_id.as_str(), message.reminder_version))
            .unzip();
        diesel::sql_query(
            "INSERT INTO effects (record_key, event_id, version) SELECT * FROM unnest($1, $2, $3)",
        )
        .bind::<Array<Text>, _>(keys)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(versions)
        .execute(tx)
        .await
        .map_err(DatabaseError::from)?;
        for event in events {
            behave(tx, event).await?;
        }
        Ok(())
    }
}

/// Does what the event's user id says.
async fn behave(
    tx: &mut AsyncPgConnection,
    event: &Received<ReminderEvent>,
) -> Result<(), HandleError> {
    let attempt = {
        let mut attempts = ATTEMPTS.lock().unwrap();
        let attempt = attempts.entry(event.id).or_default();
        *attempt += 1;
        *attempt
    };
    match event.message.user_id.as_str() {
        "reject" => Err(HandleError::Reject("the probe says no".to_owned())),
        "retry" if attempt < 3 => Err(HandleError::Retry("not yet".into())),
        "unavailable" if attempt < 3 => Err(HandleError::Unavailable("away".into())),
        "panic" if attempt < 3 => panic!("the probe panics, as it was told to"),
        "die" => std::process::abort(),
        "stall" if attempt == 1 => std::future::pending().await,
        "refuse" if !is_released(tx).await? => {
            Err(HandleError::Reject("refused until the release".to_owned()))
        }
        "hold" if !is_released(tx).await? => Err(HandleError::Retry("held".into())),
        _ => Ok(()),
    }
}

async fn is_released(tx: &mut AsyncPgConnection) -> Result<bool, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        is_released: bool,
    }
    let row: Row = diesel::sql_query(
        "SELECT EXISTS (SELECT FROM effects WHERE record_key = $1) AS is_released",
    )
    .bind::<Text, _>(RELEASE)
    .get_result(tx)
    .await?;
    Ok(row.is_released)
}

/// An event for the probe.
pub fn event(behaviour: &str, key: &str, version: i64) -> ReminderEvent {
    ReminderEvent {
        event_id: key.to_owned(),
        user_id: behaviour.to_owned(),
        reminder_version: version,
        ..ReminderEvent::default()
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

/// Type of the events for the probe.
pub const KIND: &str = "taskmesh.notification.v1.ReminderSent";

/// Publishes an event for the probe; returns its id.
pub async fn publish<S: Service>(
    service: &TestService<S>,
    behaviour: &str,
    key: &str,
    version: i64,
) -> Uuid {
    let id = Ids.uuid_v7();
    publish_as(service, id, behaviour, key, version).await;
    id
}

/// Publishes an event with this id for the probe.
pub async fn publish_as<S: Service>(
    service: &TestService<S>,
    id: Uuid,
    behaviour: &str,
    key: &str,
    version: i64,
) {
    let event = event(behaviour, key, version);
    service
        .publish(&topics::TASK_REMINDERS, key, id, KIND, &event)
        .await;
}

/// Waits for this number of effects.
pub async fn wait_for<S: Service>(service: &TestService<S>, count: usize) -> Vec<Effect> {
    let database = service.database();
    eventually(&format!("{count} effects"), async || {
        Some(effects(&database).await).filter(|effects| effects.len() >= count)
    })
    .await
}

/// Returns the dead letters of the probe, once there is one.
pub async fn wait_for_dead_letters<S: Service>(service: &TestService<S>) -> Vec<OwnedMessage> {
    eventually("a dead letter", async || {
        let letters = service
            .topics()
            .dead_letters(&topics::TASK_REMINDERS, S::NAME)
            .await;
        (!letters.is_empty()).then_some(letters)
    })
    .await
}

/// Returns the versions of a key's effects in their order.
pub fn versions_of(key: &str, effects: &[Effect]) -> Vec<i64> {
    let own = effects.iter().filter(|effect| effect.record_key == key);
    own.map(|effect| effect.version).collect()
}

/// Executes a statement in a transaction.
pub async fn execute(database: &Database, statement: &str) {
    let executed: Result<usize, DatabaseError> = database
        .transaction("execute", async |tx| {
            Ok(diesel::sql_query(statement).execute(tx).await?)
        })
        .await;
    executed.unwrap();
}

/// Returns how many records wait for another try.
pub async fn parked(database: &Database) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    database
        .transaction("parked", async |tx| {
            let row: Row = diesel::sql_query("SELECT count(*) AS count FROM parked_records")
                .get_result(tx)
                .await?;
            Ok::<i64, DatabaseError>(row.count)
        })
        .await
        .unwrap()
}

/// Returns the effects so far, in their order.
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
