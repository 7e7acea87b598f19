use diesel::{QueryableByName, migration::MigrationSource, pg::Pg, sql_types::Text};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::MigrationHarness;

use super::TestDatabase;
use crate::Service;

#[derive(QueryableByName, PartialEq, Debug)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Undoes all migrations of a service's own over these rows, the newest first, and does them again. Then its tables must have the columns
/// that they had, and in between must have been gone. Needs a runtime with more than one thread.
pub async fn undo_and_redo_migrations<S: Service>(rows: &str, tables: &[&str]) {
    let schema = S::SCHEMA.expect("the service has a schema");
    let source = schema.migrations.expect("it has migrations");
    let database = TestDatabase::create(S::SCHEMA.expect("as before")).await;
    let mut connection = database.connect(schema.name).await;
    let first = columns(&mut connection, tables).await;
    assert!(first.len() > tables.len(), "{first:?}");

    connection
        .batch_execute(rows)
        .await
        .expect("the rows fit the tables");
    let mut own = MigrationSource::<Pg>::migrations(&source).expect("the migrations can be read");
    own.sort_by_key(|migration| migration.name().version().as_owned());
    let mut harness = AsyncMigrationHarness::new(connection);
    for migration in own.iter().rev() {
        harness
            .revert_migration(migration)
            .expect("it can be undone");
    }
    drop(harness);
    let mut connection = database.connect(schema.name).await;
    assert_eq!(columns(&mut connection, tables).await, []);

    let mut harness = AsyncMigrationHarness::new(connection);
    for migration in &own {
        harness
            .run_migration(migration)
            .expect("it can be done again");
    }
    drop(harness);
    let mut connection = database.connect(schema.name).await;
    assert_eq!(columns(&mut connection, tables).await, first);
}

async fn columns(connection: &mut AsyncPgConnection, tables: &[&str]) -> Vec<Column> {
    diesel::sql_query(
        "SELECT table_name || '.' || column_name || ' ' || data_type AS name \
         FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name = ANY ($1) ORDER BY 1",
    )
    .bind::<diesel::sql_types::Array<Text>, _>(tables)
    .load(connection)
    .await
    .expect("the catalogue can be read")
}
