//! The migrations that every schema has: each can be undone and redone, and loses nothing that is unsent.

use diesel::{
    QueryableByName,
    migration::{Migration, MigrationSource},
    pg::Pg,
    sql_types::{SmallInt, Text},
};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use service_runtime::testing::TestDatabase;

const RUNTIME: EmbeddedMigrations = embed_migrations!("../migrations/runtime");

/// Keys with the lanes that `outbox::lane` gives them on `task-events`.
const LANES: [(&str, i16); 5] = [
    ("a", 11),
    ("b", 15),
    ("c", 12),
    ("", 11),
    ("0196f0a2-7b1c-7d3e-8f00-000000000001", 1),
];

type Step = Box<dyn Migration<Pg>>;

/// A schema of which a test applies migrations one by one.
struct Stage {
    _database: TestDatabase,
    connection: Option<AsyncPgConnection>,
    steps: Vec<Step>,
}

impl Stage {
    async fn new() -> Self {
        let database = TestDatabase::create_empty().await;
        let mut connection = database.connect("runtime").await;
        let create = "CREATE SCHEMA runtime";
        connection.batch_execute(create).await.unwrap();
        let mut steps = MigrationSource::<Pg>::migrations(&RUNTIME).unwrap();
        steps.sort_by_key(|step| step.name().version().as_owned());
        // Asking what is applied creates the table that remembers it.
        let mut harness = AsyncMigrationHarness::new(connection);
        assert!(harness.applied_migrations().unwrap().is_empty());
        Self {
            _database: database,
            connection: Some(harness.into_inner()),
            steps,
        }
    }

    /// Lets diesel's harness, which takes the connection, apply or undo a step.
    fn step(
        &mut self,
        place: usize,
        work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>, &Step),
    ) {
        let mut harness = AsyncMigrationHarness::new(self.connection.take().unwrap());
        work(&mut harness, &self.steps[place]);
        self.connection = Some(harness.into_inner());
    }

    fn apply(&mut self, place: usize) {
        self.step(place, |harness, step| {
            harness.run_migration(&**step).unwrap();
        });
    }

    fn undo(&mut self, place: usize) {
        self.step(place, |harness, step| {
            harness.revert_migration(&**step).unwrap();
        });
    }

    fn place_of(&self, name: &str) -> usize {
        let is_it = |step: &Step| step.name().to_string().ends_with(name);
        self.steps.iter().position(is_it).unwrap()
    }

    async fn batch(&mut self, statements: &str) {
        let connection = self.connection.as_mut().unwrap();
        connection.batch_execute(statements).await.unwrap();
    }

    async fn unsent(&mut self) -> Vec<(String, i16)> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            record_key: String,
            #[diesel(sql_type = SmallInt)]
            lane: i16,
        }
        let rows: Vec<Row> =
            diesel::sql_query("SELECT record_key, lane FROM outbox_unsent ORDER BY id")
                .load(self.connection.as_mut().unwrap())
                .await
                .unwrap();
        rows.into_iter()
            .map(|row| (row.record_key, row.lane))
            .collect()
    }
}

fn insert(keys: &[&str]) -> String {
    let rows: Vec<String> = keys
        .iter()
        .map(|key| {
            format!("('task-events', '{key}', gen_random_uuid(), 't', 's', 'd', 1, now(), 'x')")
        })
        .collect();
    format!(
        "INSERT INTO outbox (topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, payload)
         VALUES {}",
        rows.join(", ")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unsent_moves_to_its_lane_in_its_order_and_back() {
    let mut stage = Stage::new().await;
    let shared = stage.place_of("share_outbox");
    for place in 0..shared {
        stage.apply(place);
    }
    stage.batch(&insert(&["sent"])).await;
    stage
        .batch("UPDATE outbox_relay SET low_tx = pg_current_xact_id()")
        .await;
    stage.batch(&insert(&LANES.map(|(key, _)| key))).await;

    let expected = LANES.map(|(key, lane)| (key.to_owned(), lane));
    for _ in 0..2 {
        stage.apply(shared);
        assert_eq!(stage.unsent().await, expected);
        stage.undo(shared);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_can_be_undone_and_redone() {
    let mut stage = Stage::new().await;
    let count = stage.steps.len();
    for place in 0..count {
        stage.apply(place);
        stage.undo(place);
        stage.apply(place);
    }
    stage
        .batch(
            "INSERT INTO inbox (topic, event_id, digest) VALUES ('task-events', gen_random_uuid(), 1);
             INSERT INTO record_attempts VALUES ('task-events', 0, 1, 1);
             INSERT INTO idempotency_keys (user_id, request_id, fingerprint, answer)
             VALUES ('alice', gen_random_uuid(), 'x', 'y')",
        )
        .await;
    for place in (0..count).rev() {
        stage.undo(place);
    }
    for place in 0..count {
        stage.apply(place);
    }
}
