use diesel::{QueryableByName, migration::MigrationSource, pg::Pg, sql_types::Text};
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
};
use diesel_migrations::MigrationHarness;
use notification_service::NotificationService;
use service_runtime::{Service, postgres::Schema, testing::TestDatabase};

#[derive(QueryableByName, PartialEq, Debug)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

const SAMPLE: &str = "
    INSERT INTO preferences (user_id) VALUES ('alice');
    INSERT INTO watched_tasks VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000001', 1, 'Water the plants', now(), '', true, false, false, '[]', now());
    UPDATE watched_tasks SET due_time = now(), due_date = current_date;
    INSERT INTO reminders (user_id, id, task_id, setting, fire_time, state, version, title, time_zone) VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000002', '01939d2c-0000-7000-8000-000000000001', 'default', now(),
         'sent', 2, 'Water the plants', '');
    INSERT INTO deliveries (user_id, reminder_id, channel, state, attempt_count, message_id) VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000002', 'in_app', 'sent', 1, '');";

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
    NotificationService::SCHEMA.unwrap()
}

/// Returns the columns of this service's own tables.
async fn columns(database: &TestDatabase) -> Vec<Column> {
    let mut connection = AsyncPgConnection::establish(database.url()).await.unwrap();
    diesel::sql_query(
        "SELECT table_name || '.' || column_name || ' ' || data_type AS name
         FROM information_schema.columns
         WHERE table_schema = 'notification'
           AND table_name IN ('preferences', 'watched_tasks', 'reminders', 'deliveries')
         ORDER BY 1",
    )
    .load(&mut connection)
    .await
    .unwrap()
}
