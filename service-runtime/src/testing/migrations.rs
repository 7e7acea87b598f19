use diesel::{QueryableByName, migration::MigrationSource, pg::Pg, sql_types::Text};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use super::TestDatabase;
use crate::{Service, postgres::Schema};

/// Applies the migrations of a service, inserts rows, reverts them, newest first, and applies them again.
///
/// The revert must leave exactly the tables of the runtime, and the second run the same columns and functions as the first. Needs a
/// runtime with more than one thread.
pub async fn revert_and_reapply_migrations<S: Service>(rows: &str) {
    let schema = || S::SCHEMA.expect("the service has a schema");
    let database = TestDatabase::create(Schema {
        migrations: None,
        ..schema()
    });
    let migrations = || schema().migrations.expect("the service has migrations");
    revert_and_reapply(database.await, schema().name, migrations, rows).await;
}

async fn revert_and_reapply(
    database: TestDatabase,
    schema: &str,
    migrations: impl Fn() -> EmbeddedMigrations,
    rows: &str,
) {
    let mut own = MigrationSource::<Pg>::migrations(&migrations()).expect("they are valid");
    own.sort_by_key(|migration| migration.name().version().as_owned());
    let mut connection = database.connect(schema).await;
    let without = objects(&mut connection).await;
    connection = apply(connection, migrations());
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
    connection = apply(connection, migrations());
    assert_eq!(objects(&mut connection).await, with);
}

fn apply(connection: AsyncPgConnection, migrations: EmbeddedMigrations) -> AsyncPgConnection {
    let mut harness = AsyncMigrationHarness::new(connection);
    let applied = harness.run_pending_migrations(migrations);
    applied.expect("they apply");
    harness.into_inner()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::RUNTIME;

    const ROWS: &str = "
        INSERT INTO inbox (topic, event_id, digest) VALUES ('task-events', gen_random_uuid(), 1);
        INSERT INTO partition_owners VALUES ('task-events', 0, gen_random_uuid());
        INSERT INTO idempotency_keys (user_id, request_id, fingerprint, answer) VALUES ('alice', gen_random_uuid(), 'x', 'y');";

    #[tokio::test(flavor = "multi_thread")]
    async fn migrations_of_the_runtime_revert_and_reapply_over_rows() {
        let database = TestDatabase::create_empty().await;
        let mut connection = database.connect("runtime").await;
        connection
            .batch_execute("CREATE SCHEMA runtime")
            .await
            .unwrap();
        // Creates the table of applied migrations.
        let mut harness = AsyncMigrationHarness::new(connection);
        assert!(harness.applied_migrations().unwrap().is_empty());
        revert_and_reapply(database, "runtime", || RUNTIME, ROWS).await;
    }
}
