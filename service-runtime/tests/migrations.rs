//! Migrations of the runtime, which every schema has: each can be undone and redone.

use diesel::{
    migration::{Migration, MigrationSource},
    pg::Pg,
};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use service_runtime::testing::TestDatabase;

const RUNTIME: EmbeddedMigrations = embed_migrations!("../migrations/runtime");

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

    async fn batch(&mut self, statements: &str) {
        let connection = self.connection.as_mut().unwrap();
        connection.batch_execute(statements).await.unwrap();
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
             INSERT INTO partition_owners VALUES ('task-events', 0, gen_random_uuid());
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
