use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use url::Url;

use super::{Plans, block_on, required};
use crate::{
    config::Redacted,
    ids::Ids,
    postgres::{self, Database, DatabaseConfig, Schema},
};

/// A database of its own for one test, migrated; dropped with the value.
pub struct TestDatabase {
    name: String,
    url: Url,
}

impl TestDatabase {
    /// Creates a database and applies the schema's migrations.
    pub async fn create(schema: Schema) -> Self {
        let database = Self::create_empty().await;
        let config = database.config();
        // On its own thread, because diesel's migrations block the one they run on.
        let migrated =
            tokio::task::spawn_blocking(move || block_on(|| postgres::migrate(&config, schema)));
        migrated
            .await
            .expect("migrating does not panic")
            .expect("the migrations apply");
        database
    }

    /// Creates a database without any schema of ours.
    pub async fn create_empty() -> Self {
        let admin: Url = required("TEST_DATABASE_URL")
            .parse()
            .expect("TEST_DATABASE_URL is a URL");
        let name = format!("test_{}", Ids.uuid_v7().simple());
        execute(&admin, &format!("CREATE DATABASE {name}")).await;
        let mut url = admin;
        url.set_path(&name);
        Self { name, url }
    }

    /// Returns the settings that reach it.
    pub fn config(&self) -> DatabaseConfig {
        DatabaseConfig {
            url: Redacted::new(self.url.to_string()),
            ssl_root_certificate: None,
            pool_size: 10,
            statement_timeout_ms: 10_000,
        }
    }

    /// Returns the URL that reaches it.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Opens a pool whose unqualified names mean this schema.
    pub fn open(&self, schema: Schema) -> Database {
        Database::new(&self.config(), schema.name).expect("the harness knows its database")
    }

    /// Opens a pool as [`open`](Self::open) does, which records how the server executes its statements.
    pub fn open_with_plans(&self, schema: Schema) -> (Database, Plans) {
        let plans = Plans::default();
        let database = Database::recording(&self.config(), schema.name, plans.clone())
            .expect("the harness knows its database");
        (database, plans)
    }

    /// Opens one connection as [`open_with_plans`](Self::open_with_plans) does.
    pub async fn connect_with_plans(&self, schema: Schema) -> (AsyncPgConnection, Plans) {
        let (database, plans) = self.open_with_plans(schema);
        let connection = database.connect().await.expect("the database answers");
        (connection, plans)
    }

    /// Opens one connection whose unqualified names mean this schema.
    pub async fn connect(&self, schema: &str) -> AsyncPgConnection {
        postgres::connect(&self.config(), schema)
            .await
            .expect("the database answers")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let mut admin = self.url.clone();
        admin.set_path("postgres");
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        block_on(|| execute(&admin, &statement));
    }
}

async fn execute(url: &Url, statement: &str) {
    let mut connection = AsyncPgConnection::establish(url.as_str())
        .await
        .expect("the PostgreSQL of TEST_DATABASE_URL answers");
    connection
        .batch_execute(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}
