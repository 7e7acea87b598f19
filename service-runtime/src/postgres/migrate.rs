use diesel::{migration::MigrationSource, pg::Pg, sql_types::Text};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{DatabaseConfig, DatabaseError, pool::connect};
use crate::BoxError;

/// The tables of the runtime, which every schema has: outbox, inbox.
pub(crate) const RUNTIME: EmbeddedMigrations = embed_migrations!("../migrations/runtime");

/// A service's own schema: its name, and what builds its tables.
pub struct Schema {
    /// The schema's name, a plain lower-case word.
    pub name: &'static str,
    /// The service's own migrations, or none if it keeps no tables of its own.
    pub migrations: Option<EmbeddedMigrations>,
}

/// Migrations that could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database is unavailable, or refused a statement.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A migration failed; those before it stay applied.
    #[error("a migration of schema {schema} failed")]
    Migration {
        schema: &'static str,
        #[source]
        cause: BoxError,
    },
}

/// Creates the schema if it is absent and applies what is pending, while holding a lock that keeps other processes out.
///
/// Returns the names of the migrations that were applied.
pub async fn migrate(config: &DatabaseConfig, schema: Schema) -> Result<Vec<String>, MigrateError> {
    let mut connection = connect(config, schema.name).await?;
    lock(&mut connection, schema.name).await?;
    create_schema(&mut connection, schema.name).await?;

    let failed = |cause: BoxError| MigrateError::Migration {
        schema: schema.name,
        cause,
    };
    // The lock belongs to the connection and goes with it.
    let mut harness = AsyncMigrationHarness::new(connection);
    let mut applied = run(&mut harness, RUNTIME).map_err(failed)?;
    if let Some(own) = schema.migrations {
        applied.extend(run(&mut harness, own).map_err(failed)?);
    }
    Ok(applied)
}

fn run(
    harness: &mut AsyncMigrationHarness<AsyncPgConnection>,
    source: impl MigrationSource<Pg>,
) -> Result<Vec<String>, BoxError> {
    let versions = harness.run_pending_migrations(source)?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

async fn lock(connection: &mut AsyncPgConnection, schema: &str) -> Result<(), DatabaseError> {
    diesel::sql_query(
        "SELECT pg_advisory_lock(hashtextextended('taskmesh migrations of ' || $1, 0))",
    )
    .bind::<Text, _>(schema)
    .execute(connection)
    .await?;
    Ok(())
}

async fn create_schema(
    connection: &mut AsyncPgConnection,
    schema: &str,
) -> Result<(), DatabaseError> {
    // Asked first, because IF NOT EXISTS wants the right to create schemas even where there is nothing to create.
    let exists: bool = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(
        "EXISTS (SELECT FROM pg_namespace WHERE nspname = current_setting('search_path'))",
    ))
    .get_result(connection)
    .await?;
    if !exists {
        connection
            .batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))
            .await?;
    }
    Ok(())
}
