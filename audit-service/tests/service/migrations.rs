use audit_service::AuditService;
use diesel::{QueryableByName, migration::MigrationSource, pg::Pg, sql_types::Text};
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
};
use diesel_migrations::MigrationHarness;
use service_runtime::{Service, postgres::Schema, testing::TestDatabase};

#[derive(QueryableByName, PartialEq, Debug)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

const SAMPLE: &str = "
    SELECT add_month('2026-12-01');
    INSERT INTO records VALUES
        ('alice', 1, '2026-12-01', '01939d2c-0000-7000-8000-000000000001', 'task.created', '', now(), NULL, NULL, 1,
         'alice', '', '', '', '', '', '[]', '', '', decode(repeat('00', 32), 'hex'), decode(repeat('01', 32), 'hex'));
    INSERT INTO chain_heads (user_id, sequence) VALUES ('alice', 1);
    INSERT INTO checkpoints VALUES (1, '01939d2c-0000-7000-8000-000000000002', now(), '', '', 1, 1, NULL, '', '');
    INSERT INTO checkpoint_leaves VALUES ('alice', 1, '2026-12-01', '', 1);";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_migration_can_be_undone_and_done_again_over_rows() {
    let database = TestDatabase::create(schema()).await;
    let first = columns(&database).await;
    assert!(first.len() > 30, "{first:?}");

    let mut connection = database.connect(schema().name).await;
    connection.batch_execute(SAMPLE).await.unwrap();
    let source = || schema().migrations.unwrap();
    let mut own = MigrationSource::<Pg>::migrations(&source()).unwrap();
    own.sort_by_key(|migration| migration.name().version().as_owned());
    let mut harness = AsyncMigrationHarness::new(connection);
    for migration in own.iter().rev() {
        harness.revert_migration(migration).unwrap();
    }
    drop(harness);
    assert_eq!(columns(&database).await, []);

    let mut harness = AsyncMigrationHarness::new(database.connect(schema().name).await);
    for migration in &own {
        harness.run_migration(migration).unwrap();
    }
    drop(harness);
    assert_eq!(columns(&database).await, first);
}

fn schema() -> Schema {
    AuditService::SCHEMA.unwrap()
}

/// Returns the columns of this service's own tables.
async fn columns(database: &TestDatabase) -> Vec<Column> {
    let mut connection = AsyncPgConnection::establish(database.url()).await.unwrap();
    diesel::sql_query(
        "SELECT table_name || '.' || column_name || ' ' || data_type AS name
         FROM information_schema.columns
         WHERE table_schema = 'audit'
           AND table_name IN ('records', 'chain_heads', 'checkpoints', 'checkpoint_leaves')
         ORDER BY 1",
    )
    .load(&mut connection)
    .await
    .unwrap()
}
