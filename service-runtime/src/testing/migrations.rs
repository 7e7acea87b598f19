use diesel::{QueryableByName, migration::MigrationSource, pg::Pg, sql_types::Text};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::MigrationHarness;

use super::TestDatabase;
use crate::{Service, postgres::Schema};

/// Applies the migrations of a service, inserts rows, reverts them, newest first, and applies them again.
///
/// The revert must leave exactly the tables of the runtime, and the second run the same columns and functions as the first. Needs a
/// runtime with more than one thread.
pub async fn revert_and_reapply_migrations<S: Service>(rows: &str) {
    let name = S::SCHEMA.expect("the service has a schema").name;
    let source = || {
        let schema = S::SCHEMA.expect("the service has a schema");
        schema.migrations.expect("the service has migrations")
    };
    let mut own = MigrationSource::<Pg>::migrations(&source()).expect("the migrations are valid");
    own.sort_by_key(|migration| migration.name().version().as_owned());
    let runtime_only = Schema {
        name,
        migrations: None,
    };
    let database = TestDatabase::create(runtime_only).await;
    let mut connection = database.connect(name).await;
    let without = objects(&mut connection).await;

    let mut harness = AsyncMigrationHarness::new(connection);
    harness
        .run_pending_migrations(source())
        .expect("they apply");
    connection = harness.into_inner();
    let with = objects(&mut connection).await;
    assert_ne!(with, without);
    let inserted = connection.batch_execute(rows).await;
    inserted.expect("the rows fit the tables");

    let mut harness = AsyncMigrationHarness::new(connection);
    for migration in own.iter().rev() {
        harness.revert_migration(migration).expect("it reverts");
    }
    connection = harness.into_inner();
    assert_eq!(objects(&mut connection).await, without);

    let mut harness = AsyncMigrationHarness::new(connection);
    harness
        .run_pending_migrations(source())
        .expect("they apply");
    assert_eq!(objects(&mut harness.into_inner()).await, with);
}

/// Returns the columns of all tables, views and indexes of the current schema, and its functions.
async fn objects(connection: &mut AsyncPgConnection) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Object {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let objects: Vec<Object> = diesel::sql_query(
        "SELECT format('%s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) AS name
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
         UNION ALL
         SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
         ORDER BY 1",
    )
    .load(connection)
    .await
    .expect("the catalog is readable");
    objects.into_iter().map(|object| object.name).collect()
}
